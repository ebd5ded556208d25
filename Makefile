# SPDX-License-Identifier: GPL-2.0-or-later
#
# `make help` lists the targets. Everything built is below build/.
# SAN=1 builds with AddressSanitizer and UBSan, below build/san/.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.SECONDARY:

PREFIX ?= /usr/local
PKG_CONFIG ?= pkg-config
WERROR ?= -Werror
FLEX ?= flex
BISON ?= bison
JOBS ?= $(shell nproc)

O := build
B := $(O)
CFLAGS ?= -O2 -g
ifeq ($(SAN),1)
B := $(O)/san
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined
CFLAGS += -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif

# FUZZ=1 builds the fuzz targets, below build/fuzz/; `make fuzz` runs them.
ifeq ($(FUZZ),1)
B := $(O)/fuzz
CC := clang
CFLAGS := -O1 -g -DPERIPH_FUZZ \
    -fsanitize=fuzzer-no-link,address,undefined \
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=fuzzer,address,undefined
endif

WARN := -Wall -Wextra $(WERROR) -Wstrict-prototypes -Wmissing-prototypes \
    -Wdeclaration-after-statement -Wvla
LIB_NAMES := libcjson libcurl capstone unicorn
CPPFLAGS += -I. -I$(B)/gen -I$(B)/gen/dsl -D_GNU_SOURCE
LIB_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIB_NAMES) libxml-2.0 2>/dev/null)
LIB_LIBS = $(shell $(PKG_CONFIG) --libs $(LIB_NAMES)) -lfdt -lm
COMPILE = $(CC) -std=gnu11 $(CPPFLAGS) $(LIB_CFLAGS) $(CFLAGS) -pthread \
    -MMD -MP

# --- what there is to build ----------------------------------------------

# One static library a folder; programs' own files stay out of them.
sources = $(filter-out $(2) %-test.c,$(wildcard $(1)/*.c))
SRC_dsl := $(call sources,dsl) $(patsubst %,$(B)/gen/dsl/periph.%.c,\
    $(if $(wildcard dsl/periph.y),tab) $(if $(wildcard dsl/periph.l),lex))
SRC_compiler := $(call sources,compiler,compiler/main.c compiler/main_%.c)
SRC_engine := $(call sources,runtime/engine)
SRC_bridge := $(call sources,runtime/bridge)
SRC_infer := $(call sources,runtime/infer)
SRC_profile := $(call sources,runtime/profile)
SRC_daemon := $(call sources,runtime/daemon,runtime/daemon/main.c)
SRC_tools := $(call sources,runtime/tools,%/periph.c %/monitor.c)

LIB_dsl := $(B)/lib/libpdl.a
LIB_compiler := $(B)/lib/libpcc.a
LIB_engine := $(B)/lib/libprt.a
LIB_bridge := $(B)/lib/libpbr.a
LIB_infer := $(B)/lib/libinf.a
LIB_profile := $(B)/lib/libpfl.a
LIB_daemon := $(B)/lib/libpdm.a
LIB_tools := $(B)/lib/libtools.a
PARTS := dsl compiler engine bridge infer profile daemon tools
LIBS := $(foreach p,$(PARTS),$(if $(SRC_$(p)),$(LIB_$(p))))

BIN_periphc := compiler/main.c $(wildcard compiler/main_*.c)
BIN_periphd := runtime/daemon/main.c
BIN_periph := runtime/tools/periph.c
BIN_shared_mem_reader := runtime/tools/monitor.c
PROGRAMS := $(foreach p,periphc periphd periph shared_mem_reader,\
    $(if $(wildcard $(BIN_$(p))),$(p)))
BINS := $(PROGRAMS:%=$(B)/bin/%)
# runtime/engine/link-test.c -> engine-link-test
link_test_name = $(B)/tests/unit/$(subst /,-,$(patsubst runtime/%.c,%,$(1)))

# What unit tests share: C files with a header beside the tests' data.
SRC_test := $(foreach c,$(wildcard tests/*/*.c),\
    $(if $(wildcard $(c:.c=.h)),$(c)))
LIB_test := $(B)/lib/libtest.a
# Programs that tests call: build/tests/daemon/x from tests/daemon/x.c.
HELPERS := $(patsubst %.c,$(B)/%,$(filter-out tests/unit/% $(SRC_test),\
    $(shell grep -lsw '^int main' tests/*/*.c)))
UNITS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/unit/*.c)) \
    $(foreach t,$(wildcard runtime/*/*-test.c),$(call link_test_name,$(t)))

object = $(patsubst %.c,$(B)/obj/%.o,$(patsubst $(B)/gen/%,%,$(1)))
GENERATED := $(filter $(B)/gen/%,$(SRC_dsl))

LIBEXEC := $(patsubst runtime/tools/%,$(B)/libexec/periph/%,\
    $(wildcard $(addprefix runtime/tools/,\
        package-fetch private-apt.sh demo.sh)))
SHARE := $(B)/share/periph

.PHONY: all help deps qemu qemu-asan demo test check check-asan bench fuzz soak \
    rehost-table reuse truth lint \
    headercheck format install clean programs units helpers guests fuzzers

all: programs guests

programs: $(BINS) $(LIBS) $(LIBEXEC) $(SHARE)/dsl $(SHARE)/boards

units: $(UNITS) helpers

helpers: $(HELPERS)

help:
	@echo 'demo         everything, then firmware on a board nobody modelled'
	@echo 'test         everything, then all tests'
	@echo 'all          the programs, into build/bin (default)'
	@echo 'deps         installs the Debian packages that are missing'
	@echo 'qemu         QEMU with the devices of qemu-hw/, in the cache'
	@echo 'check-asan   the tests without QEMU, under ASan and UBSan'
	@echo 'qemu-asan    QEMU itself under ASan and UBSan, and its tests (an hour)'
	@echo 'bench        everything, then what it costs, against the limits'
	@echo 'rehost-table boots each board twice and writes the table of the README'
	@echo 'reuse        what a profile saves the next image of a board or chip'
	@echo 'truth        what is inferred, against the vendors'"'"' SVD files (SVD=DIR)'
	@echo 'fuzz         the fuzz targets by libFuzzer (clang), FUZZ_TIME=$(FUZZ_TIME) seconds each'
	@echo 'soak         the tests that go on for a while, SOAK=$(SOAK) seconds each'
	@echo 'lint         the rules of CONTRIBUTING.md that can be checked'
	@echo 'headercheck  each header compiles alone'
	@echo 'format       clang-format over the C files'
	@echo 'install      after all and qemu: into PREFIX ($(PREFIX)), DESTDIR'
	@echo 'clean        removes build/; the cache of QEMU stays'

# --- libraries and programs ----------------------------------------------

define library
ifneq ($(SRC_$(1)),)
$(LIB_$(1)): $(call object,$(SRC_$(1)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call show,AR)
	$$(Q)$(AR) rcs $$@ $$^
endif
endef

# V=1 shows whole commands, V=0 nothing.
V ?=
show = $(if $(V),,@echo '  $(1)  $@')
Q := $(if $(filter 1,$(V)),,@)

$(foreach p,$(PARTS) test,$(eval $(call library,$(p))))

define program
$(B)/bin/$(1): $(call object,$(BIN_$(1))) $(LIBS)
	@mkdir -p $$(@D)
	$$(call show,LD)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -pthread -o $$@ $$(filter %.o,$$^) \
	    -Wl,--start-group $$(LIBS) -Wl,--end-group $$(LIB_LIBS)
endef

$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

$(call object,$(wildcard dsl/*.c)): | $(GENERATED)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(COMPILE) $(WARN) -c -o $@ $<

# What flex and bison write does not keep to our warnings.
$(B)/obj/dsl/periph.%.o: $(B)/gen/dsl/periph.%.c
	@mkdir -p $(@D)
	$(call show,CC)
	$(Q)$(COMPILE) -Wall $(WERROR) -Wno-unused-function \
	    -Wno-unused-but-set-variable -c -o $@ $<

$(B)/gen/dsl/periph.tab.c: dsl/periph.y
	@mkdir -p $(@D)
	$(call show,YACC)
	$(Q)$(BISON) $(WERROR) -Wall -o $@ -d $<

$(B)/gen/dsl/periph.lex.c: dsl/periph.l $(B)/gen/dsl/periph.tab.c
	@mkdir -p $(@D)
	$(call show,LEX)
	$(Q)$(FLEX) -o $@ --header-file=$(@:.c=.h) $<

# build/ has the shape of an installation: programs look for what they need
# relative to themselves.
$(B)/libexec/periph/%: runtime/tools/%
	@mkdir -p $(@D)
	$(Q)cp -p $< $@

$(SHARE)/dsl $(SHARE)/boards:
	@mkdir -p $(@D)
	$(Q)ln -sfn $(CURDIR)/$(@F) $@

# --- guests --------------------------------------------------------------

# $(call guest,FOLDER,CROSS-PREFIX,FLAGS): a bare-metal guest of all .S and
# .c files of FOLDER, with its .ld file, to build/FOLDER/NAME.elf and .bin.
# The guest.mk files of the folders call it.
define guest_rules
$(O)/$(1)/$(notdir $(1)).elf: $(wildcard $(1)/*.[cSh] $(1)/*.ld) $(1)/guest.mk \
    $(wildcard examples/common/* $(dir $(1))*.h)
	@mkdir -p $$(@D)
	$$(call show,GUEST)
	$$(Q)$(2)gcc $(3) -O2 -g -Wall -Wextra $$(WERROR) -ffreestanding \
	    -nostdlib -static -Wl,--build-id=none -I. \
	    $(addprefix -T,$(wildcard $(1)/*.ld)) -o $$@ $(wildcard $(1)/*.[cS]) \
	    -lgcc
	$$(Q)$(2)objcopy -O binary $$@ $$(@:.elf=.bin)

GUESTS += $(O)/$(1)/$(notdir $(1)).elf
endef
guest = $(eval $(call guest_rules,$(strip $(1)),$(strip $(2)),$(3)))

GUESTS :=
include $(wildcard examples/*/guest.mk tests/qemu/*/guest.mk \
    tests/bench/*/guest.mk)

guests: $(GUESTS)

# --- tests ---------------------------------------------------------------

UNIT_LIBS := $(if $(SRC_test),$(LIB_test)) $(LIBS)

$(B)/tests/%: $(B)/obj/tests/%.o $(UNIT_LIBS)
	@mkdir -p $(@D)
	$(call show,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $< \
	    -Wl,--start-group $(UNIT_LIBS) -Wl,--end-group -lcmocka $(LIB_LIBS)

# Tests that make an allocation fail.
$(filter %/oom,$(HELPERS)): LDFLAGS += \
    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup

# A link test is linked with the library of its own folder and libc only.
define link_test
$(call link_test_name,$(1)): $(call object,$(1)) \
    $(LIB_$(notdir $(patsubst %/,%,$(dir $(1)))))
	@mkdir -p $$(@D)
	$$(call show,LD)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^
endef

$(foreach t,$(wildcard runtime/*/*-test.c),$(eval $(call link_test,$(t))))

# Tools and QEMU come first, then make starts again with all libraries there.
test:
	$(MAKE) deps
	$(MAKE) -j$(JOBS) all helpers
	$(MAKE) -j$(JOBS) SAN=1 programs units
	$(MAKE) qemu
	tests/run -j $(JOBS)

check: test

check-asan:
	$(MAKE) -j$(JOBS) all helpers
	$(MAKE) -j$(JOBS) SAN=1 programs units
	tests/run -j $(JOBS) --no-qemu

bench:
	$(MAKE) deps
	$(MAKE) -j$(JOBS) all helpers
	$(MAKE) qemu
	tests/bench/run

FUZZ_TIME ?= 600
SOAK ?= 60
FUZZERS := $(patsubst tests/%_fuzz.c,$(B)/tests/%_fuzz,\
    $(wildcard tests/fuzz/*_fuzz.c))

fuzzers: $(FUZZERS)

# New inputs go to build/fuzz/corpus/NAME; crashes to build/fuzz/NAME-*. What
# else there is of a target's inputs is read too: $(FUZZ_SEEDS_NAME).
FUZZ_SEEDS_periph := dsl/lib tests/lang tests/golden/err
FUZZ_SEEDS_svd := tests/import/svd
FUZZ_SEEDS_map := tests/import/map
export FUZZ_SEEDS_periph FUZZ_SEEDS_svd FUZZ_SEEDS_map

fuzz:
	@command -v clang >/dev/null || \
	    { echo 'fuzz: clang is missing (apt-get install clang)'; exit 1; }
	$(MAKE) -j$(JOBS) FUZZ=1 WERROR= fuzzers
	@for program in $(O)/fuzz/tests/fuzz/*_fuzz; do \
	    name=$$(basename $$program _fuzz); \
	    mkdir -p $(O)/fuzz/corpus/$$name tests/fuzz/corpus/$$name; \
	    echo "$$name: $(FUZZ_TIME) s"; \
	    seeds=FUZZ_SEEDS_$$name; \
	    $$program -max_total_time=$(FUZZ_TIME) -max_len=65536 -timeout=60 \
	        -artifact_prefix=$(O)/fuzz/$$name- $(O)/fuzz/corpus/$$name \
	        tests/fuzz/corpus/$$name $${!seeds:-} \
	        >$(O)/fuzz/$$name.log 2>&1 || \
	        { tail -n 40 $(O)/fuzz/$$name.log; exit 1; }; \
	    tail -n 1 $(O)/fuzz/$$name.log; \
	done

soak:
	$(MAKE) -j$(JOBS) all helpers
	$(MAKE) qemu
	PERIPH_SOAK=$(SOAK) tests/run -j 1 qemu/survive

rehost-table:
	$(MAKE) deps
	$(MAKE) -j$(JOBS) all helpers
	$(MAKE) qemu
	tests/rehost/run --write README.md

truth:
	$(MAKE) deps
	$(MAKE) -j$(JOBS) all helpers
	$(MAKE) qemu
	tests/truth/run $(if $(SVD),--svd $(SVD))

reuse:
	$(MAKE) deps
	$(MAKE) -j$(JOBS) all helpers
	$(MAKE) qemu
	tests/rehost/reuse

demo:
	@$(MAKE) deps
	@$(MAKE) qemu
	@echo 'building the programs'
	@$(MAKE) -j$(JOBS) V=0 all
	@runtime/tools/demo.sh

lint:
	tests/lint

HEADERS := $(wildcard dsl/*.h compiler/*.h runtime/*/*.h)

headercheck: $(HEADERS:%=$(B)/check/%)

$(B)/check/%.h: %.h | $(GENERATED)
	@mkdir -p $(@D)
	$(call show,HDR)
	$(Q)echo 'extern int nothing;' | $(COMPILE) $(WARN) -Wpedantic \
	    -fsyntax-only -MF $@.d -MT $@ -include $< -x c -
	@touch $@

# --- the machine ---------------------------------------------------------

deps:
	@runtime/tools/deps.sh

qemu:
	@program=$$(qemu-hw/build.sh build); \
	for dir in $(O)/libexec/periph $(O)/san/libexec/periph; do \
	    mkdir -p $$dir; \
	    ln -sfn $$program $$dir/qemu-system-aarch64; \
	    ln -sfn $${program%/*}/qemu-img $$dir/qemu-img; \
	done; \
	echo "QEMU: $$program"

# Leaks are not looked for: QEMU leaves much to the end of the process.
qemu-asan:
	$(MAKE) deps
	$(MAKE) -j$(JOBS) all helpers
	program=$$(PERIPH_QEMU_SAN=1 qemu-hw/build.sh build); \
	PERIPH_QEMU=$$program ASAN_OPTIONS=detect_leaks=0 \
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	tests/run -j $(JOBS) $(or $(TESTS),qemu/)

format:
	clang-format -i $(wildcard dsl/*.[ch] compiler/*.[ch] \
	    runtime/*/*.[ch] tests/unit/*.[ch] \
	    qemu-hw/hw/periph/*.[ch] qemu-hw/include/hw/periph/*.h)

DATA := $(DESTDIR)$(PREFIX)/share/periph
LIBEXEC_DIR := $(DESTDIR)$(PREFIX)/libexec/periph

install: programs
	install -d $(DESTDIR)$(PREFIX)/bin $(LIBEXEC_DIR) $(DATA)/{boards,dsl}
	install $(BINS) $(DESTDIR)$(PREFIX)/bin
	install $(LIBEXEC) $(LIBEXEC_DIR)
	cp -r boards/. $(DATA)/boards
	[ ! -d dsl/lib ] || cp -r dsl/lib $(DATA)/dsl
	@if [ -e $(O)/libexec/periph/qemu-system-aarch64 ]; then \
	    install -v $(addprefix $(O)/libexec/periph/,qemu-system-aarch64 \
	        qemu-img) $(LIBEXEC_DIR); \
	else \
	    echo "without QEMU, which is not built: the compiler works," \
	        "runs do not; 'make qemu install' adds it"; \
	fi

clean:
	rm -rf $(O)

-include $(shell [ ! -d $(B) ] || find $(B)/obj $(B)/check -name '*.d' \
    2>/dev/null)
