# SPDX-License-Identifier: Apache-2.0
#
#   make          builds build/warder, without root and without a kernel's BTF
#   make run      as root: installs what is missing, builds, watches this node
#   make test     as root: the same set-up, then every test that this machine can run
#   make demo     as root: an escape from a real container, and the finding
#   make help     the other targets

CC       ?= gcc
CLANG    ?= clang
BPFTOOL  ?= bpftool
PROTOC_C ?= protoc-c
BUILD    ?= build
VERSION  := 0.1.0

ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
GEN  := $(BUILD)/gen

# 'make V=1' shows whole commands.
Q := $(if $(V),,@)
say = @echo "  $(1)	$(patsubst $(BUILD)/%,%,$@)"

WARN     := -Wall -Wextra -Wshadow -Wmissing-prototypes -Werror
CPPFLAGS += -D_GNU_SOURCE -DWARDER_VERSION='"$(VERSION)"' -I$(GEN) -Ibpf -Iuserspace
CFLAGS   ?= -O2 -g
CFLAGS   += -std=gnu11 $(WARN)
LDLIBS   += -lbpf -lelf -lz -lprotobuf-c -ljansson -lyaml -lcurl -lcap -lnettle -lisal
# Static: of what 'top' alone needs the sensor maps pages that it never touches, and starts no later.
LDLIBS   += -Wl,-Bstatic -lncursesw -ltinfo -Wl,-Bdynamic

PROTOS   := google/protobuf/timestamp cri/v1/runtime containerd/v1/services $(patsubst proto/%.proto,%,$(wildcard proto/warder/v1/*.proto))
PB_C     := $(PROTOS:%=$(GEN)/%.pb-c.c)
PB_H     := $(PB_C:.c=.h)
GENERATED := $(PB_H) $(GEN)/record.gen.h $(GEN)/schema.gen.c $(GEN)/warder.skel.h

BPF_SRC  := $(wildcard bpf/*.bpf.c)
BPF_OBJ  := $(BPF_SRC:bpf/%.bpf.c=$(BUILD)/bpf/%.bpf.o)
SRC      := $(filter-out userspace/main.c,$(wildcard userspace/*.c userspace/*/*.c))
OBJ      := $(SRC:userspace/%.c=$(BUILD)/userspace/%.o) $(PB_C:.c=.o) $(BUILD)/embedded.o $(BUILD)/protoset.o $(BUILD)/page.o

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all setup run test lint unit golden sanitize roundtrip captures report-test torture torture-smoke fuzz fuzz-smoke static static-record live mixed vm coverage coverage-table bench bench-replay \
	demo clean help

all: $(BUILD)/warder $(GEN)/warder.protoset

# The one declaration of each event, and what is made from it.

$(GEN)/google/%.pb-c.c $(GEN)/google/%.pb-c.h: | $(GEN)
	$(call say,GEN)
	$(Q)$(PROTOC_C) -I/usr/include --c_out=$(GEN) google/$*.proto

$(GEN)/%.pb-c.c $(GEN)/%.pb-c.h: proto/%.proto | $(GEN)
	$(call say,GEN)
	$(Q)$(PROTOC_C) -Iproto -I/usr/include --c_out=$(GEN) $<

$(GEN)/warder.protoset: $(wildcard proto/warder/v1/*.proto) | $(GEN)
	$(call say,GEN)
	$(Q)protoc -Iproto -I/usr/include --include_imports --descriptor_set_out=$@ $^

$(BUILD)/schema-gen: scripts/gen.c $(PB_C) $(PB_H)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 -Wall -Wextra -o $@ $< $(PB_C) -lprotobuf-c

$(GEN)/record.gen.h: $(BUILD)/schema-gen
	$(call say,GEN)
	$(Q)$< header >$@

$(GEN)/schema.gen.c: $(BUILD)/schema-gen
	$(call say,GEN)
	$(Q)$< tables >$@

# Kernel programs: one object a subject, linked into one, embedded as a skeleton.

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h) $(GEN)/record.gen.h
	@mkdir -p $(@D)
	$(call say,BPF)
	$(Q)$(CLANG) -g -O2 -target bpf -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Wno-unused-parameter -Werror -I$(GEN) \
		-I/usr/include/$(shell uname -m)-linux-gnu -c $< -o $@

$(BUILD)/warder.bpf.o: $(BPF_OBJ)
	$(call say,BPF)
	$(Q)$(BPFTOOL) gen object $@ $^

$(GEN)/warder.skel.h: $(BUILD)/warder.bpf.o | $(GEN)
	$(call say,BPF)
	$(Q)$(BPFTOOL) gen skeleton $< name warder >$@

# Userspace: everything but main() is a library, which the tests link too.

$(BUILD)/userspace/%.o: userspace/%.c $(GENERATED)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(GEN)/%.pb-c.o: $(GEN)/%.pb-c.c $(PB_H)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

# Files that are in the program as they are: their bytes, each between two symbols of the linker's.
EMBEDDED := cves.json policy.yaml policy.schema.json

$(BUILD)/embedded.o: $(EMBEDDED:%=userspace/%)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)cd userspace && $(LD) -r -b binary -z noexecstack -o $(abspath $@) $(EMBEDDED)

# The schema that a capture file carries, likewise.
$(BUILD)/protoset.o: $(GEN)/warder.protoset
	$(call say,LD)
	$(Q)cd $(GEN) && $(LD) -r -b binary -z noexecstack -o $(abspath $@) warder.protoset

# What the report's page looks like and does, likewise.
$(BUILD)/page.o: userspace/story/style.css userspace/story/page.js
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)cd userspace/story && $(LD) -r -b binary -z noexecstack -o $(abspath $@) style.css page.js

$(BUILD)/libwarder.a: $(OBJ)
	@rm -f $@
	$(call say,AR)
	$(Q)$(AR) rcs $@ $^

$(BUILD)/warder: $(BUILD)/userspace/main.o $(BUILD)/libwarder.a
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(GEN):
	@mkdir -p $@

-include $(OBJ:.o=.d) $(BUILD)/userspace/main.d

setup:
	scripts/deps.sh build

# In two steps, since what is installed first decides what can be built.
run: setup
	$(MAKE) all
	$(BUILD)/warder run $(ARGS)

demo:
	scripts/deps.sh demo
	$(MAKE) all
	scripts/demo.sh

# Tests. 'make test' is all of them; each is a target of its own.

test:
	scripts/deps.sh build test
	$(MAKE) all
	scripts/test.sh

UNIT      := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
TEST_LIBS := $(LDLIBS) -lcmocka

$(BUILD)/tests/unit/%: tests/unit/%.c $(wildcard tests/unit/*.h tests/golden/*.h) $(BUILD)/libwarder.a
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libwarder.a $(TEST_LIBS)

$(BUILD)/tests/golden: tests/golden/golden.c $(wildcard tests/golden/*.h) $(BUILD)/libwarder.a
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libwarder.a $(TEST_LIBS)

# Runs in containers, whatever is in them: static.
$(BUILD)/tests/act: $(wildcard tests/live/act*.c tests/live/act.h)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -D_GNU_SOURCE -O2 -g -std=gnu11 $(WARN) -static -o $@ $(filter %.c,$^)

$(BUILD)/tests/bench: tests/bench/bench.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -D_GNU_SOURCE -O2 -g -std=gnu11 $(WARN) -static -o $@ $<

$(BUILD)/tests/floor: tests/bench/floor.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -D_GNU_SOURCE -O2 -g -std=gnu11 $(WARN) -o $@ $< -lbpf

$(BUILD)/tests/repeat: tests/bench/repeat.c tests/unit/capture_fixture.h $(BUILD)/libwarder.a
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libwarder.a $(LDLIBS)

lint: all
	scripts/lint.sh

unit: $(UNIT) $(BUILD)/warder
	@set -e; for t in $(UNIT); do echo "  $$t"; $$t; done
	tests/unit/test_results.py
	tests/unit/test_policy_schema.py $(BUILD)/warder

captures: all $(BUILD)/tests/unit/gen_events $(BUILD)/tests/unit/capture_torture
	tests/unit/captures.sh $(BUILD)

golden: $(BUILD)/tests/golden
	$< tests/golden/cases/*.txt

roundtrip: all $(BUILD)/tests/unit/gen_events
	cp $(BUILD)/tests/unit/gen_events $(BUILD)/gen_events
	tests/unit/roundtrip.sh $(BUILD)

# Reports of recorded attacks in a real browser; pictures of them are left in $(BUILD)/report.
report-test: $(BUILD)/warder
	tests/report/browser.py $< tests/report/chains.pb $(BUILD)/report

# The unit and golden tests again, with AddressSanitizer and UndefinedBehaviorSanitizer.
SANITIZE := BUILD=$(BUILD)/asan CC=$(CLANG) \
	CFLAGS="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"

sanitize:
	$(MAKE) $(SANITIZE) unit golden

# Fuzz targets: a short smoke each in 'make test', 'make fuzz SECONDS=3600' for long runs.
FUZZ    := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
SECONDS ?= 600

$(BUILD)/fuzz/%: tests/fuzz/fuzz_%.c
	@mkdir -p $(@D)
	$(Q)$(MAKE) BUILD=$(BUILD)/fuzz CC=$(CLANG) \
		CFLAGS="-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined" $(BUILD)/fuzz/libwarder.a
	$(call say,CC)
	$(Q)$(CLANG) $(CPPFLAGS) -I$(BUILD)/fuzz/gen -O1 -g -std=gnu11 -fsanitize=fuzzer,address,undefined -o $@ $< \
		$(BUILD)/fuzz/libwarder.a $(LDLIBS)

fuzz: $(FUZZ:%=$(BUILD)/fuzz/%)
	@set -e; for f in $(FUZZ); do mkdir -p $(BUILD)/fuzz/corpus/$$f; echo "fuzz $$f for $(SECONDS) s"; \
		$(BUILD)/fuzz/$$f -max_total_time=$(SECONDS) -print_final_stats=1 $(BUILD)/fuzz/corpus/$$f $$(ls -d tests/fuzz/seeds/$$f 2>/dev/null) 2>&1 | \
		grep -E 'ERROR|SUMMARY|number_of_executed_units|Test unit written' || true; \
		! ls crash-* leak-* timeout-* oom-* 2>/dev/null; done

# Captures, broken in every way: 'make torture' is all of it, 'make test' a part.
CUTS  ?= 10000
FLIPS ?= 10000

torture: all $(BUILD)/tests/unit/gen_events $(BUILD)/tests/unit/capture_torture
	@mkdir -p $(BUILD)/torture && rm -f $(BUILD)/torture/events.pb
	$(BUILD)/tests/unit/gen_events 500 proto:$(BUILD)/torture/events.pb
	$(BUILD)/tests/unit/capture_torture $(BUILD)/torture/events.pb $(CUTS) $(FLIPS)

torture-smoke:
	$(MAKE) torture CUTS=300 FLIPS=300

fuzz-smoke:
	$(MAKE) fuzz SECONDS=10

# What each BPF program costs the verifier, against the record; 'make static-record' writes the record anew, with the guests'
# figures where 'make vm' ran with this build.
MATRIX := $(BUILD)/matrix
KERNEL := $(shell uname -r | cut -d . -f 1,2)

$(BUILD)/programs.tsv: $(BUILD)/warder
	$(call say,COST)
	$(Q)$< doctor --programs | sed 's/^/$(KERNEL)	/' >$@

static: $(BUILD)/programs.tsv
	tests/bench/static.py check $<

static-record: $(BUILD)/programs.tsv
	tests/bench/static.py record $< $(shell find $(MATRIX)/*/programs.tsv -newer $(BUILD)/warder 2>/dev/null)

# Real containers on this kernel; then the same in virtual machines with Debian's kernels: the kernel matrix.
# SUITES are run in this order, here and (by tests/vm/run.sh) in the guests.
SUITES ?= escapes benign sticky startup caps flood security calls ipc evasion mounts provenance kernelfs sensitive identity liar nested posture inventory chains policy network capture crash churn workloads mixed
# To these it is nothing which version of cgroups a container is in: here two runtimes do, and a guest has cgroup v1.
NO_CGROUP := calls ipc evasion provenance sensitive network

live: export WARDER_RESULTS ?= $(abspath $(MATRIX))/native
live: all $(BUILD)/tests/act
	@rm -rf $(MATRIX)/native
	@failed=0; for t in $(SUITES); do echo "--- $$t"; began=$$(date +%s); \
	case " $(NO_CGROUP) " in *" $$t "*) runtimes="runc crun" ;; *) runtimes= ;; esac; \
	WARDER_RUNTIMES="$${WARDER_RUNTIMES:-$$runtimes}" tests/live/$$t.sh || failed=1; \
	echo "--- $$t: $$(($$(date +%s) - began)) s"; done; exit $$failed

# The benign workloads in mixed churn, for half an hour; 'make live' has a minute of it.
mixed: export WARDER_MIXED_SECONDS ?= 1800
mixed: all $(BUILD)/tests/act
	tests/live/mixed.sh

vm: all $(BUILD)/tests/act
	VM_SUITES="$(SUITES)" tests/vm/run.sh

# Puts the blind-spot map that 'make live vm' measured into README.
coverage-table:
	VM_SUITES="$(SUITES)" tests/vm/run.sh --write

# How each row of the catalogue is found, by what the last 'make live vm' saw.
coverage:
	tests/coverage.py . $(MATRIX) 130 100

bench: all $(BUILD)/tests/bench $(BUILD)/tests/floor
	tests/bench/bench.sh
	tests/bench/paths.sh

# How fast captures are read: see the script for what it can be given.
bench-replay: all $(BUILD)/tests/repeat
	tests/bench/replay.sh

clean:
	rm -rf $(BUILD)

help:
	@sed -n 's/^#   //p' Makefile
