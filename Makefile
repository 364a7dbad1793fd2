# Thin names over the CMake presets. `make` builds; `make demo` and `make test` need nothing installed before.
build:
	cmake -S . -B build -G Ninja && cmake --build build
.PHONY: build
