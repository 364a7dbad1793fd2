# Thin names over the CMake presets. `make demo` and `make test` install what they need and ask nothing.
PREFIX ?= /usr/local
BUILD ?= build
FUZZ_SECONDS ?= 60
JOBS ?= $(shell nproc)
# Further -D options for the release build, as in `make test CMAKE_FLAGS=-DRWKV_WERROR=ON`.
CMAKE_FLAGS ?=

tools := $(patsubst tools/rwkv_%.cc,rwkv-%,$(wildcard tools/rwkv_*.cc))
fuzzers := $(patsubst tests/fuzz/%.cc,%,$(wildcard tests/fuzz/fuzz_*.cc))
clang_format := $(firstword $(foreach name,clang-format-14 clang-format,$(shell command -v $(name))))
export CMAKE_CXX_COMPILER_LAUNCHER ?= $(shell command -v ccache)

build:  ## build the tools into build/bin/ and the shared libraries into build/lib/
	cmake --preset release -DRWKV_BUILD_TESTS=OFF -DRWKV_BUILD_BENCH=OFF $(CMAKE_FLAGS)
	cmake --build --preset release -j $(JOBS) --target $(tools) rwkv_shared rwkv_compat

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
	git ls-files -co --exclude-standard '*.cc' '*.h' '*.hpp' '*.c' | xargs $(clang_format) -i

fuzz:  ## run every fuzzer for FUZZ_SECONDS (60)
	cmake --preset debug-asan
	cmake --build --preset debug-asan -j $(JOBS) --target $(fuzzers)
	scripts/fuzz.sh $(FUZZ_SECONDS)

coverage:  ## run the tests and print the coverage of lib/ and tools/
	cmake --preset coverage
	cmake --build --preset coverage -j $(JOBS)
	ctest --preset coverage -j $(JOBS)
	gcovr --gcov-ignore-parse-errors -r . -f lib/ -f tools/ build-coverage

install: build  ## install tools, libraries and headers under PREFIX (/usr/local), below DESTDIR if that is set
	cmake --install build --prefix $(PREFIX)

# The same sources give the same packages, in any folder and, by SOURCE_DATE_EPOCH, at any time.
deb: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
deb:  ## make Debian packages in build-deb/
	cmake -S . -B build-deb -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr -DRWKV_BUILD_TESTS=OFF -DRWKV_BUILD_BENCH=OFF \
	  -DCMAKE_CXX_FLAGS=-ffile-prefix-map=$(CURDIR)/= $(CMAKE_FLAGS)
	cmake --build build-deb -j $(JOBS)
	cd build-deb && cpack -G DEB

uninstall:  ## remove what the last install has put there, below DESTDIR if that is set
	while IFS= read -r file || [ -n "$$file" ]; do rm -f -- "$(DESTDIR)$$file"; done < $(BUILD)/install_manifest.txt

help:  ## print this list
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

# The build alone wants neither GoogleTest nor google-benchmark.
configure:
	cmake --preset release -DRWKV_BUILD_TESTS=ON -DRWKV_BUILD_BENCH=ON $(CMAKE_FLAGS)

deps:
	scripts/install_deps.sh

.NOTPARALLEL:
.PHONY: build demo test bench lint format fuzz coverage install deb uninstall help configure deps
