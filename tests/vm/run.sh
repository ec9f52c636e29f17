#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [KERNEL]...: the live suites on Debian's kernels (default: 6.1, whose BPF LSM is on), one boot each.
# A kernel that cannot be had is skipped, loudly. Everything that is built must be built before: compiling under emulation is
# slow. Environment: VM_SECONDS (1500) for one boot, VM_SUITES, VM_CGROUP (v2 or v1); the suites' own counts (see
# tests/live/benign.sh) are smaller here by default.
set -u

tree=$(cd "$(dirname "$0")/../.." && pwd)
suites=${VM_SUITES:-escapes sticky startup benign}
failed=0 skipped=0

# guest: what runs in the guest
guest() {
	local suite code=0
	[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
	export WARDER_SLOW=1 WARDER_DEADLINE=120 WARDER_SETTLE=${WARDER_SETTLE:-10}
	export WARDER_STARTS=${WARDER_STARTS:-10} WARDER_EXECS=${WARDER_EXECS:-20} WARDER_DOCKER_STARTS=${WARDER_DOCKER_STARTS:-0}
	echo "--- kernel $(uname -r), security modules: $(cat /sys/kernel/security/lsm 2>/dev/null)"
	for suite in $suites; do
		echo "--- $suite"
		"$tree/tests/live/$suite.sh" || code=1
	done
	return $code
}

if [ "${1:-}" = --guest ]; then
	shift
	guest
	exit
fi

for file in build/warder build/tests/act; do
	[ -e "$tree/$file" ] || {
		echo "run.sh: $file is missing: run make, and one suite of tests/live on this machine" >&2
		exit 2
	}
done
cd "$tree" || exit 1
for kernel in "${@:-6.1}"; do
	echo "=== kernel $kernel"
	scripts/vm/boot.sh "$kernel" -c "${VM_CGROUP:-v2}" -t "${VM_SECONDS:-1500}" -m 2048 -- \
		env VM_SUITES="'$suites'" ${WARDER_STARTS:+WARDER_STARTS=$WARDER_STARTS} ${WARDER_EXECS:+WARDER_EXECS=$WARDER_EXECS} \
		${WARDER_DOCKER_STARTS:+WARDER_DOCKER_STARTS=$WARDER_DOCKER_STARTS} ${WARDER:+WARDER=$WARDER} tests/vm/run.sh --guest
	case $? in
	0) echo "=== kernel $kernel: all passed" ;;
	77)
		skipped=$((skipped + 1))
		echo "=== SKIP kernel $kernel: it cannot be had here"
		;;
	124)
		failed=$((failed + 1))
		echo "=== FAIL kernel $kernel: not done after ${VM_SECONDS:-1500} s"
		;;
	*)
		failed=$((failed + 1))
		echo "=== FAIL kernel $kernel"
		;;
	esac
done
[ $skipped = 0 ] || echo "$skipped kernels SKIPPED"
[ $failed = 0 ]
