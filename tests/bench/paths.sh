#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# paths.sh: what one run of each BPF program takes, by the kernel's own count (which adds some 20 ns to each): for the same
# work done by host tasks, where a program should leave at once, and by a container's on what is its own; and how many programs
# a system call runs that no hook concerns.
# Environment: BENCH_ROUNDS (20) of the work, and others as for tests/live/lib.sh.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../live/lib.sh" paths

rounds=${BENCH_ROUNDS:-20}

# The work, below a root: $1, nothing for the container's own. own-* are the controls of the live suites.
work_script() {
	cat <<-END
		root=\$1 n=0
		"\$root/bin/bench" "\$root/etc/hostname" 3 open
		"\$root/bin/bench" "\$root/etc/hostname" 1 exec
		while [ \$n -lt $rounds ]; do
			n=\$((n + 1))
			"\$root/bin/act" own-setns , own-mount "\$root/tmp/mnt" , own-open "\$root/etc/hostname" , own-ptrace attach
			"\$root/bin/act" own-getfd "\$root/etc/hostname" , own-connect "\$root/tmp/sock"
		done
	END
}

# counts: NAME RUNS NS of each program of the sensor
counts() {
	bpftool -j prog show | jq -r --argjson ids "$ids" '.[] | select(.id as $i | $ids | index($i)) | "\(.id) \(.run_cnt // 0) \(.run_time_ns // 0)"' |
		sort
}

# measure NAME CMD...: what the programs ran meanwhile, to $work/NAME
measure() {
	local name=$1
	shift
	counts >"$work/before"
	"$@" >>"$work/measured.log" 2>&1
	counts >"$work/after"
	join "$work/before" "$work/after" | awk '$4 > $2 { print $1, $4 - $2, $5 - $3 }' >"$work/$name"
}

# in_container COMMAND: by the container's shell, so that no runtime's work is counted
in_container() {
	echo "$1" >"$work/shared/go"
	read -r _ <"$work/shared/done"
}

report() {
	"$python" - "$work" "$work/names" <<-'END'
		import sys

		def read(name):
		    return {int(i): (int(n), int(ns)) for i, n, ns in (line.split() for line in open(sys.argv[1] + "/" + name))}

		names = dict(line.split() for line in open(sys.argv[2]))
		host, container = read("host"), read("container")
		print("%-30s %10s %10s %12s %12s" % ("program", "host ns", "runs", "container ns", "runs"))
		for program in sorted(set(host) | set(container), key=lambda p: names[str(p)]):
		    cells = []
		    for where in host, container:
		        runs, ns = where.get(program, (0, 0))
		        cells += ["%.0f" % (ns / runs) if runs else "-", runs]
		    print("%-30s %10s %10d %12s %12d" % (names[str(program)], *cells))
		for where in "host", "container":
		    runs = read(where + "-getppid")
		    print("100,000 getppid, %s: %d runs of programs (%s)" % (
		        where, sum(n for n, _ in runs.values()),
		        ", ".join("%s %d" % (names[str(p)], n) for p, (n, _) in runs.items()) or "none"))
	END
}

[ "$WARDER" = none ] && die "there is nothing to measure without a sensor"
bench=$tree/build/tests/bench
[ -x "$bench" ] || die "build/tests/bench is missing: make bench"
cp "$bench" "$work/rootfs/bin/bench"
work_script >"$work/rootfs/bin/work"
mkdir "$work/shared"
mkfifo "$work/shared/go" "$work/shared/done"
sensor_start
background "$bench" --stats >"$work/stats"
until_true "$DEADLINE" grep -q on "$work/stats" || die "the kernel does not count programs' runs"
container paths runc caps=all "bind=$work/shared:/data" -- "while read -r go </data/go; do eval \"\$go\"; echo >/data/done; done" || exit 1
ids=[$(sed -n 's/^prog_id:[[:space:]]*//p' "/proc/$sensor/fdinfo/"* 2>/dev/null | sort -un | paste -sd ,)]
measure host unshare -m "$work/rootfs/bin/busybox" sh "$work/rootfs/bin/work" "$work/rootfs"
measure host-getppid "$bench" /etc/hostname 1 getppid
measure container in_container "sh /bin/work ''"
measure container-getppid in_container "/bin/bench /etc/hostname 1 getppid"
bpftool -j prog show | jq -r '.[] | "\(.id) \(.name)"' >"$work/names"
report
