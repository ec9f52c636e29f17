#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [--write | COLUMN...]: the live suites on the kernel matrix (default: all columns), one boot a column, and the table of what
# came of it. `columns` below has them; "native" is not booted: it is what the last `make live` found on this machine.
#
# A kernel that cannot be had is skipped, loudly. A guest that hangs or dies is booted once more, and that is said. Everything
# must be built before: compiling under emulation is slow. What the guests said is in build/matrix/COLUMN.log, what the suites
# found in build/matrix/COLUMN/. --write boots nothing: it puts the blind-spot map of the last run into README. With all
# columns and suites, the map in README must be what was measured.
#
# Environment: VM_SUITES (default: the Makefile's SUITES), VM_JOBS (3 boots at a time), VM_SECONDS (2400) for one boot, VM_STALL
# (300) without a word from it. What begins with WARDER goes to the guest; the suites' counts are smaller there by default.
set -u

# What does not depend on the kernel, native has, and it is not done again under emulation: it is a SKIP in the table. 6.1 has
# AppArmor on, whose labels K06 and R07 are about. Of two runtimes the one that starts three times faster than runc does most suites
# ($both: all). Connections are seen by the same tracepoint everywhere: the oldest kernel, the newest, and one without fentry have
# them. Where systemd is process 1 it makes the cgroups too (WARDER_CGROUPS).
#
#    COLUMN       KERNEL  CGROUP  INIT     SUITES   WARDER_RUNTIMES  WARDER_ARGS           KERNEL'S COMMAND LINE
columns='
     native       -       -       -        all      -                -                     -
     6.1          6.1     v2      sh       most     runc,crun        -                     lsm=lockdown,capability,yama,apparmor,bpf
     5.10         5.10    v2      sh       ends     crun             -                     -
     6.12         6.12    v2      sh       kernel   crun             -                     -
     newest       newest  v2      sh       ends     crun             -                     -
     6.1-kprobe   6.1     v2      sh       ends     crun             --best-tier=kprobe    -
     6.1-fentry   6.1     v2      sh       tiers    crun             -                     lsm=lockdown,capability,yama
     6.1-v1       6.1     v1      sh       cgroups  crun-v1          -                     -
     6.1-systemd  6.1     v2      systemd  names    runc,crun        -                     -
'
suites_kernel='escapes benign caps calls ipc evasion mounts provenance kernelfs'
suites_tiers="$suites_kernel sensitive"                                   # where another tier or an end of the kernels is
suites_ends="$suites_tiers network"
suites_most="$suites_tiers sticky security posture"
suites_cgroups='escapes benign caps ipc mounts provenance kernelfs'
suites_names='identity'
both='escapes benign identity'                                           # by both runtimes where there are two
own_sensor='startup caps flood security posture identity sensitive network'                      # start it themselves, with arguments of theirs

tree=$(cd "$(dirname "$0")/../.." && pwd)
all=$(sed -n 's/^SUITES ?= //p' "$tree/Makefile")
suites=${VM_SUITES:-$all}
out=$tree/build/matrix
seconds=${VM_SECONDS:-2400} stall=${VM_STALL:-300}

# is_in WORD WORDS
is_in() {
	[[ " $2 " = *" $1 "* ]]
}

# in_guest SUITE
in_guest() {
	local runtimes=$WARDER_RUNTIMES
	is_in "$1" "$both" || runtimes=${runtimes##* }
	echo "--- $1"
	SECONDS=0
	if ! WARDER_RUNTIMES=$runtimes "$tree/tests/live/$1.sh"; then
		echo "--- $1 failed: once more, and that counts (a guest is slow, and two others run beside it)"
		WARDER_RUNTIMES=$runtimes "$tree/tests/live/$1.sh" || code=1
	fi
	echo "--- $1: $SECONDS s"
	sed "s/^/@$1.tsv /" "$WARDER_RESULTS/$1.tsv"
}

# with_one_sensor SUITE...: to start and to stop the sensor takes half a minute here: it does so once for all suites that can do with one
with_one_sensor() {
	local suite stream=/run/events.ndjson sensor
	# shellcheck disable=SC2086 # words
	"$tree/build/warder" run -o "ndjson:$stream" ${WARDER_ARGS:-} 2>/run/sensor.err &
	sensor=$!
	until grep -q '^warder: ready' /run/sensor.err; do
		kill -0 $sensor || return
		sleep 0.2
	done
	export WARDER_RUNNING="$sensor $stream"
	for suite; do
		in_guest "$suite"
	done
	kill -TERM $sensor
	wait $sensor
}

# guest: what runs in the guest. Its results come out between the lines: there is no other way out.
guest() {
	local suite code=0 rest=
	[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
	export WARDER_SLOW=1 WARDER_FEW=1 WARDER_DEADLINE=120 WARDER_SETTLE=${WARDER_SETTLE:-5} WARDER_RESULTS=/run/results
	export WARDER_STARTS=${WARDER_STARTS:-6} WARDER_EXECS=${WARDER_EXECS:-10} WARDER_DOCKER_STARTS=${WARDER_DOCKER_STARTS:-0}
	echo "--- kernel $(uname -r), security modules: $(cat /sys/kernel/security/lsm 2>/dev/null)"
	for suite in $suites; do
		if is_in "$suite" "$own_sensor"; then in_guest "$suite"; else rest="$rest $suite"; fi
	done
	# shellcheck disable=SC2086 # words
	[ -z "$rest" ] || with_one_sensor $rest || code=1
	# shellcheck disable=SC2086 # words
	"$tree/build/warder" doctor --programs ${WARDER_ARGS:-} | sed "s/^/@programs.tsv $(uname -r | cut -d . -f 1,2)	/" || code=1
	return $code
}

# row COLUMN: its row of the table
row() {
	awk -v c="$1" '$1 == c' <<<"$columns"
}

# environment: what begins with WARDER, for a command line
environment() {
	local name
	for name in $(compgen -e WARDER); do
		case $name in
		WARDER_VM_DIR | WARDER_RESULTS | WARDER_KEEP) ;;
		*) printf "%s='%s' " "$name" "${!name}" ;;
		esac
	done
}

# suites_of COLUMN: those of $suites that it has
suites_of() {
	local suite list
	read -r _ _ _ _ list _ < <(row "$1")
	list=suites_$list
	for suite in $suites; do
		! is_in "$suite" "${!list}" || printf '%s ' "$suite"
	done
}

# fetch COLUMN: its kernel; a reason to skip it is in the log
fetch() {
	local kernel
	read -r _ kernel _ < <(row "$1")
	timeout 900 scripts/vm/kernel.sh "$kernel" >"$out/$1.log" 2>&1 && return
	grep -q '^SKIP' "$out/$1.log" || echo "SKIP kernel $kernel: not fetched in 900 s: $(tail -n 1 "$out/$1.log")" >>"$out/$1.log"
	return 77
}

# boot COLUMN: one boot; its exit code is boot.sh's, or 124 when the guest says nothing any more
boot() {
	local column=$1 log=$out/$1.log kernel cgroup init runtimes args append pid size=-1 quiet=0
	read -r _ kernel cgroup init _ runtimes args append < <(row "$column")
	export WARDER_RUNTIMES=${WARDER_RUNTIMES:-${runtimes//,/ }} WARDER_ARGS=${WARDER_ARGS:-}
	[ "$args" = - ] || WARDER_ARGS="$WARDER_ARGS $args"
	[ "$append" != - ] || append=
	[ "$init" = sh ] || export WARDER_CGROUPS=$init
	: >"$log"
	scripts/vm/boot.sh "$kernel" -c "$cgroup" -i "$init" ${append:+-a "$append"} -t "$seconds" -m 2048 -- \
		env VM_SUITES="'$(suites_of "$column")'" "$(environment)" tests/vm/run.sh --guest >>"$log" 2>&1 &
	pid=$!
	trap 'kill $pid; wait $pid; exit 143' TERM
	while kill -0 $pid 2>/dev/null; do
		sleep 1
		quiet=$((quiet + 1))
		[ "$(stat -c %s "$log")" = "$size" ] || quiet=0
		size=$(stat -c %s "$log")
		if [ $quiet -ge "$stall" ]; then
			kill $pid
			wait $pid
			echo "it said nothing for $stall s" >>"$log"
			return 124
		fi
	done
	wait $pid
}

# results COLUMN: sorts out of the log what the suites found
results() {
	local dir=$out/$1 suite
	for suite in $suites; do
		is_in "$suite" "$(suites_of "$1")" ||
			printf 'skip\t%s is not run in this column\nend\n' "$suite" >"$dir/$suite.tsv"
	done
	tr -d '\r' <"$out/$1.log" | awk -v dir="$dir" 'match($0, /^@[a-z]+\.tsv /) {
		print substr($0, RLENGTH + 1) >(dir "/" substr($0, 2, RLENGTH - 2)) }'
}

# column COLUMN: boots it, twice if the first boot hangs or dies
column() {
	local column=$1 dir=$out/$1 log=$out/$1.log began=$SECONDS code try
	rm -rf "$dir" "$log" "$log.1"
	mkdir -p "$dir"
	for try in 1 2; do
		fetch "$column" && boot "$column"
		code=$?
		case $code in 124 | 125) ;; *) break ;; esac
		[ $try = 2 ] || [ $((SECONDS - began)) -ge "$seconds" ] || {
			echo "=== $column: the guest hung or died after $((SECONDS - began)) s: $(tail -n 1 "$log"); it is booted once more"
			mv "$log" "$log.1"
			continue
		}
		break
	done
	results "$column"
	case $code in
	0)
		echo "=== $column: all passed, $((SECONDS - began)) s"
		if grep -q '^--- [a-z]* failed: once more' "$log"; then
			grep -E -A 3 '^FAIL|^--- [a-z]* failed: once more' "$log" | grep -v '^@' | sed "s/^/=== $column, at first: /"
		fi
		;;
	77)
		grep -m 1 '^SKIP' "$log" >"$dir/skip"
		echo "=== $(cat "$dir/skip")"
		;;
	124 | 125)
		echo "hung or died in $(grep -c '^--- .* s$' "$log")/$(suites_of "$column" | wc -w) suites: $(tail -n 1 "$log")" >"$dir/died"
		echo "=== FAIL $column: $(cat "$dir/died")"
		;;
	*)
		echo "=== FAIL $column, $((SECONDS - began)) s"
		grep -A 3 '^FAIL' "$log" | grep -v '^@' | sed "s/^/$column: /"
		;;
	esac
}

if [ "${1:-}" = --guest ]; then
	guest
	exit
fi

every=$(awk 'NF { print $1 }' <<<"$columns")
if [ "${1:-}" = --write ]; then
	exec "$tree/tests/vm/matrix.py" write "$out" "$tree/README.md" "$suites" $every
fi
mode=show
[ $# -gt 0 ] || mode=check
[ "$suites" = "$all" ] || mode=show
[ $# -gt 0 ] || set -- $every
for column; do
	[ "$(row "$column")" ] || {
		echo "usage: run.sh [COLUMN]..., of:" $every >&2
		exit 2
	}
done
for file in build/warder build/tests/act; do
	[ -e "$tree/$file" ] || {
		echo "run.sh: $file is missing: run make, and one suite of tests/live on this machine" >&2
		exit 2
	}
done
cd "$tree" || exit 1
mkdir -p "$out"
trap 'kill $(jobs -p) 2>/dev/null; wait; exit 130' INT TERM
echo "=== $# columns, ${VM_JOBS:-3} at a time: $*"
echo "=== suites: $suites"
for column; do
	[ "$column" != native ] || continue
	while [ "$(jobs -rp | wc -l)" -ge "${VM_JOBS:-3}" ]; do
		wait -n
	done
	column "$column" &
done
wait
failed=0
echo "=== the matrix"
tests/vm/matrix.py $mode "$out" README.md "$suites" "$@" || failed=1
programs=()
for column; do
	[ "$column" = native ] || [ -e "$out/$column/skip" ] || [ -e "$out/$column/died" ] || programs+=("$out/$column/programs.tsv")
done
echo "=== static cost"
tests/bench/static.py check "${programs[@]}" || [ $mode = show ] || failed=1
exit $failed
