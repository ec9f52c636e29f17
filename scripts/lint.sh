#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# lint.sh: the rules that no compiler checks. One line a rule, what breaks it below; exit 1 when one is broken.
set -u
shopt -s nullglob globstar
cd "$(dirname "$0")/.." || exit 2

code=(bpf/*.[ch] userspace/**/*.[ch] scripts/*.c tests/**/*.[ch])
ours=("${code[@]}" proto/**/*.proto scripts/**/*.sh scripts/*.bash scripts/vm/* scripts/*.[58] tests/**/*.{sh,py} userspace/**/*.{css,js} Makefile)
passed=0 failed=0

# rule NAME COMMAND...: holds when the command succeeds and prints nothing
rule() {
	local name=$1 out status
	shift
	out=$("$@" 2>&1)
	status=$?
	if [ $status = 0 ] && [ -z "$out" ]; then
		passed=$((passed + 1))
		echo "ok   $name"
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		printf '%s\n' "${out:-exit code $status}" | sed 's/^/     /' | head -n 60
	fi
}

need() {
	command -v "$1" >/dev/null && return
	echo "$1 is not installed: run scripts/deps.sh test"
	return 1
}

format() {
	local file
	need clang-format || return
	for file in "${code[@]}"; do
		clang-format --dry-run -Werror "$file" >/dev/null 2>&1 || echo "$file: run clang-format -i on it"
	done
}

# Without the generated headers: the skeleton alone would take minutes. libbpf's macros that look like syntax are spelled out.
static_analysis() {
	need cppcheck || return
	cppcheck --enable=warning,performance,portability --error-exitcode=1 --inline-suppr --quiet --std=c11 -j4 \
		-D_GNU_SOURCE -Iuserspace -Ibpf \
		'-DLIBBPF_OPTS(type,name,...)=struct type name={__VA_ARGS__}' \
		'-Dbpf_object__for_each_program(pos,obj)=if((pos=bpf_object__next_program(obj,NULL)))' \
		userspace
}

# What only some files may name: the words, then who may. A row with "deviates" is one that DESIGN does not foresee.
#
#    WHAT       WHO (below userspace/)          WHY
may='
     libbpf     source/bpf.[ch]                 opens, loads and reads
     libbpf     source/running.[ch]             reads the maps of the running sensor
     libbpf     attach.[ch]                     picks and attaches programs
     libbpf     probe.[ch]                      asks what the kernel has
     libbpf     identity/device_filter.c        deviates: the numbers of one call, which asks a cgroup for programs
     protobuf   schema.[ch]                     makes messages of records
     protobuf   event.[ch]                      the envelope of a message
     protobuf   finding.[ch]
     protobuf   incident.[ch]                   the enums of a verdict
     protobuf   engine.[ch]                     messages of its own: heartbeats, names
     protobuf   incident_event.c                likewise: incidents
     protobuf   silence.[ch]                    likewise: what a policy silenced
     protobuf   report.[ch]                     likewise: losses, ledger, matrix
     protobuf   audit.[ch]                      likewise: postures
     protobuf   control.[ch]                    answers of the sensor
     protobuf   inventory.[ch]                  likewise: what runs where
     protobuf   status.[ch]                     likewise: how it fares
     protobuf   recording.[ch]                  likewise: what it records on request
     protobuf   top.[ch]                        reads that
     protobuf   mix.[ch]                        likewise: trust levels
     protobuf   facts.[ch]                      likewise: the node
     protobuf   recall.[ch]                     what events say of containers, read
     protobuf   replay.[ch]                     events instead of records
     protobuf   unpack.[ch]                     any message, of one piece of memory
     protobuf   difference.[ch]                 findings, held against each other
     protobuf   cmd_replay.c
     protobuf   ledger.[ch]
     protobuf   capability.[ch]
     protobuf   coverage.[ch]
     protobuf   detect.[ch]                     the enums of a verdict
     protobuf   sink.[ch]
     protobuf   sink/*
     protobuf   capture/*
     protobuf   frame.[ch]
     protobuf   json.[ch]
     protobuf   ocsf.[ch]
     protobuf   cmd_capture.c                   the names of types and severities
     protobuf   story/*                         reads recorded messages
     protobuf   attach.h                        deviates: hook_state returns the enum of the coverage message
     protobuf   identity/cri_answer.c            messages of the CRI
     protobuf   identity/cri.c                   likewise
     libyaml    yamlmap.[ch]
     curses     top_screen.c
     jansson    json.[ch]
     jansson    ocsf.[ch]                       events in other words
     jansson    identity/*                      runtimes keep their state in JSON
     paths      identity/*                      the state of runtimes, below the root of the host
     paths      probe.[ch]                      the filesystems of the kernel
     paths      cmd_run.c:/run/warder.lock      one instance a node
     paths      control.h:/run/warder.sock      what other commands ask it by
     paths      sink/stream.c:/proc/self/fd/1   deviates: opens its own stdout anew, for flags of its own
     paths      detect/audit.c                  compared with what is mounted, opened by nobody
     paths      grant.c                         likewise
     paths      sensitive.c                     which files are the own ones of the node: looked up, not read
     paths      detect/provenance.c:/var/lib/kubelet/plugins/  deviates: compared with what is executed, opened by nobody
'

# may_find WHAT: where it is named, as FILE:LINE:WORD
may_find() {
	local words
	case $1 in
	libbpf) words='#[[:space:]]*include[[:space:]]*(<(bpf|linux)/(libbpf|bpf|btf)[a-z_]*\.h>|<bpf/[^>]*>|"warder\.skel\.h")' ;;
	protobuf) words='#[[:space:]]*include[[:space:]]*([<"]protobuf-c/[^>"]*[>"]|"[^"]*\.pb-c\.h")' ;;
	libyaml) words='#[[:space:]]*include[[:space:]]*<yaml[^>]*>' ;;
	curses) words='#[[:space:]]*include[[:space:]]*<(n?curses|term)[^>]*>' ;;
	jansson) words='#[[:space:]]*include[[:space:]]*<jansson[^>]*>' ;;
	paths) words='"/(proc|sys|run|var/run|var/lib)(/[^" ]*)?' ;;
	esac
	grep -HnoE "$words" userspace/**/*.[ch]
}

# only WHAT: it is named by nobody but those in the table
only() {
	local what who hit file word allowed
	while IFS= read -r hit; do
		file=${hit#userspace/} file=${file%%:*} word=${hit#*:*:} word=${word#\"} allowed=
		while read -r what who _; do
			[ "$what" = "$1" ] || continue
			# shellcheck disable=SC2053
			[[ $file = ${who%%:*} && ($who != *:* || $word = "${who#*:}") ]] && allowed=1
		done <<<"$may"
		[ "$allowed" ] || echo "${hit%%:"${hit#*:*:}"}: $word is not for this file"
	done < <(may_find "$1")
}

# Downward only. A header without a row here is found by `layers` too.
#
#    LAYER    MAY INCLUDE                             FILES (below userspace/, without .c and .h)
order='
     base     -                                       address arena capset clock err file grant hash labels nameset patterns posture progress pss recorder rules sensitive sensitive_path table technique text trust version workload
     schema   base                                    schema frame json ocsf unpack
     capture  base,schema                             capture/*
     policy   base                                    policy policy_* yamlmap
     state    base,schema                             view identity identity/* executable recall state event
     sink     base,schema,capture                      sink sink/*
     story    base,schema,capture                     story/*
     source   base,schema                             source source/* probe attach
     detect   base,schema,state                       detect detect/*
     engine   base,schema,capture,state,sink,source,detect    finding incident incident_event engine audit control coverage difference replay silence facts inventory status recording mix network report ledger capability
     top      base,schema,engine                      top top_*
     replays  base,schema,capture,policy,engine       replays
     cmd      base,schema,capture,policy,state,sink,story,source,detect,engine,top,replays    cmd cmd_* main
'

layer_of() {
	local layer upper files file
	while read -r layer upper files; do
		for file in $files; do
			# shellcheck disable=SC2053
			[[ ${1%.[ch]} = $file ]] && echo "$layer $upper" && return
		done
	done <<<"$order"
}

# header_of FILE INCLUDED: which file below userspace/ is meant; nothing for one of bpf/ or a generated one
header_of() {
	local there
	for there in "userspace/$(dirname "$1")/$2" "userspace/$2"; do
		[ -e "$there" ] && realpath --relative-to=userspace "$there" && return
	done
}

layers() {
	local path file layer upper included header below rest hit
	set -f
	for path in "${code[@]}"; do
		[[ $path = userspace/* ]] || continue
		file=${path#userspace/}
		read -r layer upper < <(layer_of "$file") || {
			echo "$path: in no layer: give it one in scripts/lint.sh"
			continue
		}
		while IFS= read -r hit; do
			included=${hit#*\"} included=${included%\"*}
			header=$(header_of "$file" "$included")
			[ "$header" ] || continue
			read -r below rest < <(layer_of "$header") || continue
			[[ $below = "$layer" || ,$upper, = *,$below,* ]] ||
				echo "$path:${hit%%:*}: $layer may not include $header ($below)"
		done < <(grep -nE '^#[[:space:]]*include[[:space:]]*"' "$path")
	done
	set +f
}

# A detector sees what it is given and no more.
detectors() {
	grep -HnE '^#[[:space:]]*include' userspace/detect/*.[ch] |
		grep -vE 'include[[:space:]]*("(\.\./)?detect\.h"|"(\.\./)?(text|capset|address)\.h")' |
		grep -vE 'include[[:space:]]*<(assert|ctype|errno|inttypes|limits|stdbool|stddef|stdint|stdio|stdlib|string)\.h>'
	true
}

licences() {
	local file want
	for file in "${ours[@]}"; do
		want='Apache-2.0'
		[[ $file = bpf/* ]] && want='GPL-2.0-only OR BSD-2-Clause'
		head -n 2 "$file" | grep -qE "SPDX-License-Identifier: $want( \*/)?$" || echo "$file: no line 'SPDX-License-Identifier: $want'"
	done
}

lengths() {
	local file n
	for file in "${ours[@]}"; do
		n=$(wc -l <"$file")
		[ "$n" -le 600 ] || echo "$file: $n lines; 600 at most"
	done
}

# Left for later is done or is an issue, not a comment.
leftovers() {
	grep -HnwE 'TO''DO|FIX''ME|X''XX' "${ours[@]}" README.md
	true
}

shell_syntax() {
	local file
	for file in "${ours[@]}" .ci/*; do
		[[ $file = *.sh || $file = *.bash || $(head -c 64 "$file" | tr -d '\0' | head -n 1) =~ ^#!.*(bash|[/\ ]sh) ]] || continue
		bash -n "$file"
	done
}

manual() {
	need mandoc && mandoc -T lint -W warning scripts/*.[58]
}

rule "format: clang-format changes nothing" format
rule "cppcheck: nothing found in userspace" static_analysis
rule "include: libbpf and the skeleton only in the BPF source, attach, probe" only libbpf
rule "include: protobuf-c only where messages are made or written" only protobuf
rule "include: libyaml only in yamlmap" only libyaml
rule "include: ncurses only in top_screen" only curses
rule "include: jansson only in identity and json" only jansson
rule "include: downward only, cmd > engine > detect > state > schema > base" layers
rule "include: detectors see detect.h, text.h, capset.h, address.h and the standard library only" detectors
rule "paths: /proc, /sys and runtime state only in identity and probe" only paths
rule "licence: an SPDX line in each source file" licences
rule "length: no file over 600 lines" lengths
rule "leftovers: nothing marked as still to be done" leftovers
rule "shell: bash -n" shell_syntax
rule "manual: mandoc -T lint" manual
echo "$passed passed, $failed failed"
[ $failed = 0 ]
