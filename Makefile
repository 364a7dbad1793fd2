# Thin names over the CMake presets. `make demo` and `make test` install what they need and ask nothing.
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
JOBS ?= $(shell nproc)
# Further -D options for the release build, as in `make test CMAKE_FLAGS=-DRWKV_WERROR=ON`.
CMAKE_FLAGS ?=

tools := $(patsubst tools/rwkv_%.cc,rwkv-%,$(wildcard tools/rwkv_*.cc))
fuzzers := $(patsubst tests/fuzz/%.cc,%,$(wildcard tests/fuzz/fuzz_*.cc))
clang_format := $(firstword $(foreach name,clang-format-14 clang-format,$(shell command -v $(name))))
export CMAKE_CXX_COMPILER_LAUNCHER ?= $(shell command -v ccache)

build: configure  ## build the tools into build/bin/
	cmake --build --preset release -j $(JOBS) --target $(tools)

demo: deps build  ## install what is missing, build, and run the tools on the shipped models
	demo/run.sh

test: deps configure  ## install what is missing, build, and run every test but the slow ones
	cmake --build --preset release -j $(JOBS)
	ctest --preset release -j $(JOBS)

bench: configure  ## build and run the kernel benchmarks
	cmake --build --preset release -j $(JOBS)
	bench/run.sh

lint:  ## check the format and run clang-tidy, warnings as errors
	scripts/lint.sh $(JOBS)

format:  ## rewrite the sources in the project's format
	git ls-files -co --exclude-standard '*.cc' '*.h' | xargs $(clang_format) -i

fuzz:  ## run every fuzzer for FUZZ_SECONDS (60)
	cmake --preset fuzz
	cmake --build --preset fuzz -j $(JOBS) --target $(fuzzers)
	scripts/fuzz.sh $(FUZZ_SECONDS)

coverage:  ## run the tests and print the coverage of lib/ and tools/
	cmake --preset coverage
	cmake --build --preset coverage -j $(JOBS)
	ctest --preset coverage -j $(JOBS)
	gcovr -r . -f lib/ -f tools/ build-coverage

install: build  ## install the tools under PREFIX (/usr/local), below DESTDIR if that is set
	cmake --install build --prefix $(PREFIX)

help:  ## print this list
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

configure:
	cmake --preset release $(CMAKE_FLAGS)

deps:
	scripts/install_deps.sh

.NOTPARALLEL:
.PHONY: build demo test bench lint format fuzz coverage install help configure deps
