# The front door; CMake does the work, in build/PRESET.
#
#     make                 build (first installing Debian packages that are missing)
#     make demo            the whole path on drawn pictures: train, evaluate, classify
#     make test            the tests, without real data
#     make test-sanitize   the same under ASan and UBSan by gcc and clang, the threads under TSan
#     make test-long DATA=FOLDER [SECONDS=60]   fuzzing and real data; a skipped test fails
#     make install [PREFIX=/usr/local] [DESTDIR=]
#     make uninstall [DESTDIR=]   remove the files of the latest 'make install'
#     make format | tidy | clean
#
# PRESET=debug builds another preset, CMAKE_FLAGS="-D..." adds options, DNNL_ROOT=FOLDER uses
# the oneDNN in that folder instead of the system's.

PRESET = release
BUILD = build/$(PRESET)
PREFIX = /usr/local
JOBS = $(shell nproc 2>/dev/null || echo 2)
DATA =
SECONDS = 60

blank := $(subst ,, )
sources = $(shell git ls-files '*.[ch]')
laid_out = $(sources) $(shell git ls-files '*.cu' '*.cuh' '*.def')
export DNNL_ROOT

all: $(BUILD)/build.ninja
	cmake --build $(BUILD)

# After this, the build itself runs cmake again when one of cmake's files has changed.
$(BUILD)/build.ninja: | setup
	cmake --preset $(PRESET) $(if $(DNNL_ROOT),-DALEXNET_DNNL_ROOT=$(DNNL_ROOT)) $(CMAKE_FLAGS)

setup:
	@sh tools/setup.sh

demo: all
	$(BUILD)/cli/alexnet demo

test: all
	ctest --preset $(PRESET) -j $(JOBS)

test-sanitize:
	$(MAKE) PRESET=sanitize test
	$(MAKE) PRESET=sanitize-clang test
	$(MAKE) PRESET=tsan test

test-long: all
	sh tools/test_long.sh $(BUILD) "$(DATA)" $(SECONDS)

install: all
	cmake --install $(BUILD) --prefix $(subst $(blank),\$(blank),$(PREFIX))

uninstall:
	xargs -d '\n' -I {} rm -f "$$DESTDIR{}" < $(BUILD)/install_manifest.txt

format:
	clang-format -i $(laid_out)

# With assertions, which the analyser believes. A file at a time: several confuse it.
tidy:
	$(MAKE) PRESET=debug build/debug/build.ninja
	printf '%s\n' $(filter src/%.c cli/%.c,$(sources)) | \
	    xargs -P $(JOBS) -n 1 clang-tidy -p build/debug --quiet

clean:
	rm -rf build

.PHONY: all setup demo test test-sanitize test-long install uninstall format tidy clean
