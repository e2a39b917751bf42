# SPDX-License-Identifier: GPL-2.0-only
#
# Makefile - builds ./schedviz, runs it, tests it, installs it; `make help` lists what else.
#
# Objects go under build/, one directory per variant, so that variants never mix. What the compiler is told is kept in
# $(BUILD)/flags: a changed flag rebuilds, a changed header rebuilds what includes it, and nothing else does.

SCHEDVIZ_VERSION = 0.1.0

SHELL = /bin/bash
.SHELLFLAGS = -e -u -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

#: BPF=0        leave out the recording half: needs only a C compiler and zlib
#: SAN=1        with the address and undefined-behaviour sanitizers; SAN=thread: with the thread sanitizer
#: STATIC=1     a program without shared libraries
#: CC=gcc       compiler of the program; CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS are honoured
#: CLANG=clang  compiler of the BPF side
#: WERROR=1     a warning is an error (so it is when CI=true)
#: prefix=/usr/local, DESTDIR=   where `make install` puts things
#: V=1          show whole commands
BPF ?= 1
SAN ?= 0
STATIC ?= 0
WERROR ?= $(if $(filter true,$(CI)),1,0)
V ?= 0
ifeq ($(origin CC),default)
CC = gcc
endif
CLANG ?= clang
BPFTOOL ?= $(firstword $(shell PATH="$$PATH:/usr/sbin:/sbin" command -v bpftool) bpftool)
prefix ?= /usr/local
bindir ?= $(prefix)/bin
mandir ?= $(prefix)/share/man
completiondir ?= $(prefix)/share/bash-completion/completions
includedir ?= $(prefix)/include
libdir ?= $(prefix)/lib

san_name = $(patsubst 1,san,$(patsubst thread,tsan,$(filter 1 thread,$(SAN))))
variant = $(subst $(eval) ,-,$(strip $(if $(filter 0,$(BPF)),nobpf) $(san_name) $(if $(filter 1,$(STATIC)),static)))
BUILD ?= build$(if $(variant),/$(variant))
PROGRAM ?= schedviz

CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wconversion
SANITIZE_1 = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
SANITIZE_thread = -fsanitize=thread -fno-omit-frame-pointer
SANITIZE = $(SANITIZE_$(SAN))
C_FLAGS = -std=gnu11 $(WARNINGS) -DSCHEDVIZ_VERSION='"$(SCHEDVIZ_VERSION)"' -Iuser -I. -I$(BUILD)/user \
	$(if $(filter 0,$(BPF)),,-isystem $(BUILD)/bpf) $(CPPFLAGS) $(CFLAGS) $(SANITIZE)
LD_FLAGS = $(CFLAGS) $(LDFLAGS) $(SANITIZE) $(if $(filter 1,$(STATIC)),-static)
# A libelf.a of 0.189 or later wants zstd; where that is so its library is there.
ZSTD = $(if $(wildcard /usr/lib/*/libzstd.a /usr/lib64/libzstd.a),-lzstd)
LD_LIBS = $(if $(filter 0,$(BPF)),,-lbpf -lelf) -lz $(if $(filter 1,$(STATIC)),$(ZSTD)) -pthread $(LDLIBS)
NOT_A_FLAG = $(if $(filter 1,$(WERROR)),-Werror) # alters no object, so turning it on rebuilds none

MACHINE := $(shell uname -m)
BPF_ARCH_x86_64 = x86
BPF_ARCH_aarch64 = arm64
BPF_ARCH = $(or $(BPF_ARCH_$(MACHINE)),$(MACHINE))
BPF_FLAGS = -O2 -g -target bpf -mcpu=v3 -Wall -D__TARGET_ARCH_$(BPF_ARCH) -I. -Ivmlinux

STUB = user/capture/stub.c
CAPTURE := $(filter-out $(STUB),$(wildcard user/capture/*.c))
SOURCES := user/main.c $(filter-out $(STUB) $(CAPTURE),$(wildcard user/*/*.c)) $(if $(filter 0,$(BPF)),$(STUB),$(CAPTURE))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
ARCHIVE := $(BUILD)/schedviz.a
SVPOOL := $(BUILD)/libsvpool.a
SKELETON := $(BUILD)/bpf/schedviz.skel.h
# In this order they are one script.
HTML_JS := $(addprefix user/export/html/,data.js words.js spans.js lanes.js theme.js raster.js strip.js view.js axis.js \
	paint.js path.js ink.js describe.js panel.js select.js search.js table.js keys.js gutter.js mouse.js page.js main.js)
PAGE := $(BUILD)/user/export/page.h
TEST_SOURCES := $(wildcard tests/unit/*.c tests/fuzz/*.c tests/bpf/progs/*.c tools/*.c)
TEST_PROGRAMS := $(TEST_SOURCES:%.c=$(BUILD)/%)
SVPOOL_TESTS := $(filter $(BUILD)/tests/unit/test_svpool%,$(TEST_PROGRAMS))
# The same objects, linked to run where there are no libraries: in the machines of tests/vm.
VM_PROGRAMS := $(BUILD)/vm/schedviz $(patsubst tests/bpf/progs/%.c,$(BUILD)/vm/%,$(wildcard tests/bpf/progs/*.c))
BENCH_PROGRAMS := $(BUILD)/tools/bench.d/pace $(BUILD)/tools/bench.d/peer
BENCH_PEER := $(BUILD)/tools/bench.d/peer.bpf.o
FLAGS_FILE := $(BUILD)/flags
LINK_FILE := $(BUILD)/link-flags
BPF_FILE := $(BUILD)/bpf-flags
PAGE_FILE := $(BUILD)/user/export/page-scripts

say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$1' '$2')
Q = $(if $(filter 1,$(V)),,@)
jobs = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
SUDO = $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# $(call need,LIST) in a recipe: asked only when something is to be built, once a run; says what is missing and stops.
need = $(if $(need_$1),,$(eval need_$1 := $(or $(shell CC='$(CC)' CLANG='$(CLANG)' BPFTOOL='$(BPFTOOL)' \
	tools/setup --missing $1),ok))$(if $(filter-out ok,$(need_$1)),$(error $(need_$1))))

## Targets:
all: $(PROGRAM)			## build ./schedviz (the default)

# The program of one variant at a time stands at the top; which one is told by its bytes, not by its age.
$(PROGRAM): $(BUILD)/schedviz FORCE
	@cmp -s $< $@ || install $< $@

run:				## install what is missing, build, record and draw the pool
	@tools/setup build
	@$(MAKE) --no-print-directory $(jobs) all
	$(SUDO) ./$(PROGRAM) run pool

OFFLINE = BPF=0
OFFLINE_SAN = BPF=0 SAN=1
OFFLINE_TSAN = BPF=0 SAN=thread

check:				## install what is missing, build, run every test
	@tools/setup build
	@for list in check page vm; do tools/setup $$list || echo 'going on without: what needs these is skipped or fails'; done
	@tools/vm-kernels $$(tests/vm/matrix.py --kernels few) >/dev/null || echo 'going on without: what needs it is skipped'
	@$(MAKE) --no-print-directory $(jobs) check-builds
	@tests/run.sh

check-builds: all tests		# not a test: what tests/run.sh runs
	@$(MAKE) --no-print-directory $(jobs) $(OFFLINE) tests
	@$(MAKE) --no-print-directory $(jobs) $(OFFLINE_SAN) tests
	@$(MAKE) --no-print-directory $(jobs) $(OFFLINE_TSAN) svpool-tests
	@[ -n "$$(tools/setup --missing vm)" ] || $(MAKE) --no-print-directory $(jobs) vm-programs

##   check-NAME      one group of tests; the names are those of `tests/run.sh --list`
check-%: check-builds
	@tests/run.sh $*

check-vm:			## real tests on every kernel of tests/vm, in virtual machines; 'make check' has two of them
	@tools/setup build vm
	@for list in check arm64; do tools/setup $$list || echo 'going on without: what needs these is skipped'; done
	@tools/vm-kernels $$(tests/vm/matrix.py --kernels all) >/dev/null || echo 'going on without: what needs it is skipped'
	@$(MAKE) --no-print-directory $(jobs) all vm-programs
	@[ -n "$$(tools/setup --missing arm64)" ] || $(MAKE) --no-print-directory $(jobs) vm-arm64
	@VM_CELLS=all tests/run.sh vm

vm-programs: $(VM_PROGRAMS)

# For another machine: what it has to be linked with is fetched, like the kernels.
vm-arm64:
	@sysroot=$$(tools/vm-sysroot arm64) && $(MAKE) --no-print-directory $(jobs) vm-programs BUILD=build/arm64 \
		MACHINE=aarch64 CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar LDFLAGS="-L$$sysroot/lib" \
		CPPFLAGS="-isystem $$sysroot/include"

check-perfetto: all tests	## exports against the real one: TRACE_PROCESSOR=/path/to/trace_processor_shell
	@TRACE_PROCESSOR='$(TRACE_PROCESSOR)' tests/run.sh perfetto

tests: $(BUILD)/schedviz $(TEST_PROGRAMS)	## build what the tests run, without running it

svpool-tests: $(SVPOOL_TESTS)

golden: all tests		## rewrite the expected drawings; review the difference like code
	@SCHEDVIZ=$(CURDIR)/$(PROGRAM) tests/golden.sh --update

bench:				## measure against perf and ftrace, as root; BENCH='--quick ROW...'; not part of any test
	@tools/setup build check bench
	@$(MAKE) --no-print-directory $(jobs) all bench-programs
	@$(SUDO) tools/bench $(BENCH)

bench-programs: $(BENCH_PROGRAMS) $(BENCH_PEER) $(BUILD)/tools/gen-trace $(BUILD)/tests/bpf/progs/loadall

FUZZ ?= reader
FUZZ_SECONDS ?= 60
fuzz:				## fuzz the reader for FUZZ_SECONDS with libFuzzer (needs clang)
	@tools/setup fuzz
	@$(MAKE) --no-print-directory $(jobs) BPF=0 BUILD=build/fuzz CC=$(CLANG) \
		CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined' fuzz-program
	@mkdir -p build/fuzz/corpus
	build/fuzz/fuzz_$(FUZZ) -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/ \
		build/fuzz/corpus tests/fuzz/corpus/$(FUZZ)

lint:				## the checks of the text alone, and what five programs think of the source; see tools/lint
	@tools/setup build lint
	@tests/run.sh text
	@$(MAKE) --no-print-directory $(jobs) $(SKELETON) $(PAGE)
	@$(MAKE) --no-print-directory $(jobs) BPF=0 BUILD=build/lint CC=$(CLANG) WERROR=1 tests
	@CC='$(CC)' C_FLAGS='$(subst ','\'',$(C_FLAGS))' BPF_FLAGS='$(BPF_FLAGS)' tools/lint

install: all $(SVPOOL)		## install program, manual, completion, schedviz_mark.h and libsvpool under DESTDIR/prefix
	install -D -m 755 $(PROGRAM) '$(DESTDIR)$(bindir)/schedviz'
	install -D -m 644 user/base/schedviz_mark.h '$(DESTDIR)$(includedir)/schedviz_mark.h'
	install -D -m 644 user/svpool/svpool.h '$(DESTDIR)$(includedir)/svpool.h'
	install -D -m 644 $(SVPOOL) '$(DESTDIR)$(libdir)/libsvpool.a'
	printf '%s\n' 'prefix=$(prefix)' 'Name: svpool' 'Description: pools of processes and threads, and a queue' \
		'Version: $(SCHEDVIZ_VERSION)' 'Cflags: -I$(includedir)' 'Libs: -L$(libdir) -lsvpool -pthread' | \
		install -D -m 644 /dev/stdin '$(DESTDIR)$(libdir)/pkgconfig/svpool.pc'
	./$(PROGRAM) help --manual | install -D -m 644 /dev/stdin '$(DESTDIR)$(mandir)/man1/schedviz.1'
	./$(PROGRAM) help --completion | install -D -m 644 /dev/stdin '$(DESTDIR)$(completiondir)/schedviz'

uninstall:			## remove what install put there
	rm -f '$(DESTDIR)$(bindir)/schedviz' '$(DESTDIR)$(includedir)/schedviz_mark.h' \
		'$(DESTDIR)$(includedir)/svpool.h' '$(DESTDIR)$(libdir)/libsvpool.a' \
		'$(DESTDIR)$(libdir)/pkgconfig/svpool.pc' \
		'$(DESTDIR)$(mandir)/man1/schedviz.1' '$(DESTDIR)$(completiondir)/schedviz'

clean:				## remove everything that was built
	rm -rf build schedviz

help:				## this list
	@sed -n -E 's/^([a-z-]+):.*[^#]## (.*)/  \1\t\2/p; s/^## ?(.*)/\1/p' Makefile | expand -t 18
	@echo
	@echo 'Knobs:'
	@sed -n -E 's/^#: (.*)/  \1/p' Makefile

$(BUILD)/schedviz: $(BUILD)/user/main.o $(ARCHIVE) $(LINK_FILE)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LD_FLAGS) -o $@ $< $(ARCHIVE) $(LD_LIBS)

$(ARCHIVE): $(filter-out %/main.o,$(OBJECTS)) $(LINK_FILE)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# Any C program may link it, so it is made of nothing else.
$(SVPOOL): $(filter $(BUILD)/user/svpool/%,$(OBJECTS)) $(LINK_FILE)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/%.o: %.c $(FLAGS_FILE)
	$(call need,$(if $(filter 0,$(BPF)),program,build))
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(C_FLAGS) $(NOT_A_FLAG) -MMD -MP -c -o $@ $<

# A system header, as its warnings are bpftool's; those are not in the .d files, so all of capture depends on it.
$(CAPTURE:%.c=$(BUILD)/%.o): $(SKELETON)

ifneq ($(BPF),0)
$(filter $(BUILD)/tests/bpf/%,$(TEST_PROGRAMS)) $(VM_PROGRAMS): $(SKELETON)
endif

$(BUILD)/user/export/html.o: $(PAGE)

$(PAGE): tools/page user/export/html/page.html user/export/html/page.css $(HTML_JS) $(PAGE_FILE)
	$(call say,PAGE,$@)
	$(Q)mkdir -p $(@D) && tools/page user/export/html/page.html user/export/html/page.css $(HTML_JS) > $@

$(SKELETON): $(BUILD)/bpf/schedviz.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen object $(@D)/linked.o $<
	$(Q)$(BPFTOOL) gen skeleton $(@D)/linked.o name schedviz_bpf > $@

$(BUILD)/%.bpf.o: %.bpf.c $(BPF_FILE)
	$(call need,recorder)
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_FLAGS) $(NOT_A_FLAG) -MMD -MP -c -o $@ $<

$(SVPOOL_TESTS): $(BUILD)/%: %.c $(SVPOOL) $(FLAGS_FILE) $(LINK_FILE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(C_FLAGS) $(NOT_A_FLAG) -Itests -MMD -MP $(LD_FLAGS) -o $@ $< $(SVPOOL) -pthread

$(filter-out $(SVPOOL_TESTS),$(TEST_PROGRAMS)) $(BENCH_PROGRAMS): $(BUILD)/%: %.c $(ARCHIVE) $(FLAGS_FILE) $(LINK_FILE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(C_FLAGS) $(NOT_A_FLAG) -Itests -MMD -MP $(LD_FLAGS) -o $@ $< $(ARCHIVE) $(LD_LIBS) -lm

# glibc warns of every function that would look up users with libraries that are not there; here nobody is looked up.
STATIC_FLAGS = $(LD_FLAGS) -static -Wl,--no-warnings

$(BUILD)/vm/schedviz: $(BUILD)/user/main.o $(ARCHIVE) $(LINK_FILE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(STATIC_FLAGS) -o $@ $< $(ARCHIVE) $(LD_LIBS) $(ZSTD)

$(filter-out %/schedviz,$(VM_PROGRAMS)): $(BUILD)/vm/%: tests/bpf/progs/%.c $(ARCHIVE) $(FLAGS_FILE) $(LINK_FILE)
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(C_FLAGS) $(NOT_A_FLAG) -Itests -MMD -MP $(STATIC_FLAGS) -o $@ $< $(ARCHIVE) $(LD_LIBS) $(ZSTD)

fuzz-program: $(ARCHIVE)
	$(Q)$(CC) $(C_FLAGS) -DFUZZ -fsanitize=fuzzer -o $(BUILD)/fuzz_$(FUZZ) tests/fuzz/fuzz_$(FUZZ).c $(ARCHIVE) $(LD_LIBS)

# $(call keep,FILE,TEXT): FILE holds TEXT, and is new exactly when TEXT is not what it held.
define keep
ifneq ($$(strip $$(file <$1)),$$(strip $2))
$1: FORCE
endif
$1:
	@mkdir -p $$(@D) && printf '%s\n' '$$(subst ','\'',$$(strip $2))' > $$@
endef
$(eval $(call keep,$(FLAGS_FILE),$$(CC) $$(C_FLAGS)))
$(eval $(call keep,$(LINK_FILE),$$(CC) $$(LD_FLAGS) $$(LD_LIBS) $$(OBJECTS)))
$(eval $(call keep,$(BPF_FILE),$$(CLANG) $$(BPF_FLAGS)))
$(eval $(call keep,$(PAGE_FILE),$$(HTML_JS)))

FORCE:
.PHONY: all run check check-builds check-vm vm-programs vm-arm64 check-perfetto tests svpool-tests golden bench bench-programs fuzz \
	fuzz-program lint install uninstall clean help FORCE

-include $(OBJECTS:.o=.d) $(TEST_PROGRAMS:=.d) $(VM_PROGRAMS:=.d) $(BENCH_PROGRAMS:=.d) $(BENCH_PEER:.o=.d) $(BUILD)/bpf/schedviz.bpf.d
