#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bench.sh: what the sensor costs the machine it runs on. Measurements with the sensor on, with it off, and with nothing but an empty
# BPF program at the exit of openat take turns in one run, on the host and in a container; the medians of the differences to "off"
# are printed with the limits of the project, and the sensor's memory and start-up time.
# Environment: BENCH_PAIRS (9), BENCH_STRICT=1 (a limit that is not kept fails), WARDER_ACT and others as for tests/live/lib.sh.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../live/lib.sh" bench

pairs=${BENCH_PAIRS:-9}
bench=$tree/build/tests/bench
results=$work/results # WHERE STATE CASE NS

build() {
	make -s -C "$tree" build/tests/bench build/tests/floor || die "bench does not build"
}

# measure STATE
measure() {
	"$bench" "$work/rootfs/etc/hostname" | sed "s/^/host $1 /" >>"$results"
	inside bench /bin/bench /etc/hostname | sed "s/^/container $1 /" >>"$results"
}

milliseconds() {
	echo $(((${2/./} - ${1/./}) / 1000))
}

# on: starts the sensor as a user would; notes how long it takes to its ready line and to its first event
on() {
	local start=$EPOCHREALTIME line end
	[ -e "$work/fifo" ] || mkfifo "$work/fifo"
	: >"$work/sensor.err" # no ready line of the run before
	"$WARDER" run -o ndjson:- </dev/null >"$work/fifo" 2>"$work/sensor.err" 9>&- &
	sensor=$!
	{
		IFS= read -r line
		end=$EPOCHREALTIME
		echo "event $(milliseconds "$start" "$end")" >>"$work/startup"
		exec cat >/dev/null
	} <"$work/fifo" &
	until grep -q '^warder: ready' "$work/sensor.err"; do
		kill -0 "$sensor" 2>/dev/null || die "the sensor did not get ready: $(tail -n 3 "$work/sensor.err")"
		sleep 0.005
	done
	end=$EPOCHREALTIME
	echo "ready $(milliseconds "$start" "$end")" >>"$work/startup"
	sleep 1 # what it does at start is not what is measured
}

off() {
	sensor_stop
	sleep 0.5
}

floor_on() {
	[ -e "$work/tracefs" ] || { mkdir "$work/tracefs" && mounted -t tracefs tracefs "$work/tracefs"; }
	background "$tree/build/tests/floor" "$work/tracefs" openat >"$work/floor"
	floor=$!
	until_true 10 grep -q ready "$work/floor" || die "no floor: is there a tracepoint at the exit of openat?"
}

floor_off() {
	kill "$floor"
	wait "$floor" 2>/dev/null
	sleep 0.5
}

# memory: VmRSS in KiB after the sensor ran for five seconds
memory() {
	on
	sleep 4
	rss=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$sensor/status")
	off
}

report() {
	"$python" - "$results" "$work/startup" "$rss" "${BENCH_STRICT:-0}" <<-'END'
		import collections
		import statistics
		import sys

		LIMITS = {("host", "getppid"): 80, ("container", "getppid"): 80, ("host", "open"): 150, ("container", "open"): 400}
		WHAT = {"getppid": "getppid", "open": "openat+close", "write": "the same, write", "exec": "fork+exec+wait"}
		cost = collections.defaultdict(list)
		for line in open(sys.argv[1]):
		    where, state, case, ns = line.split()
		    cost[where, case, state].append(float(ns))
		startup = collections.defaultdict(list)
		for line in open(sys.argv[2]):
		    startup[line.split()[0]].append(int(line.split()[1]))
		over = 0

		def verdict(value, limit):
		    global over
		    over += value > limit
		    return "%s the limit of %g" % ("over" if value > limit else "within", limit)

		print("%-10s %-15s %10s %10s %7s %10s %8s %10s" % ("where", "what", "off ns", "on ns", "ratio", "added ns", "+-", "floor ns"))
		for where in "host", "container":
		    for case in "getppid", "open", "write", "exec":
		        on, off, floor = (cost[where, case, state] for state in ("on", "off", "floor"))
		        added = [a - b for a, b in zip(on, off)]
		        middle = statistics.median(added)
		        spread = statistics.median(abs(a - middle) for a in added)
		        empty = statistics.median(a - b for a, b in zip(floor, off))
		        limit = LIMITS.get((where, case))
		        print("%-10s %-15s %10.0f %10.0f %7.2f %10.0f %8.0f %10.0f  %s" % (
		            where, WHAT[case], statistics.median(off), statistics.median(on),
		            statistics.median(on) / statistics.median(off), middle, spread, empty,
		            verdict(middle, limit) if limit else ""))
		rss = int(sys.argv[3]) / 1024
		print("memory (VmRSS after 5 s): %.1f MiB, %s" % (rss, verdict(rss, 40)))
		print("start to the ready line: %d ms" % statistics.median(startup["ready"]))
		first = statistics.median(startup["event"])
		print("start to the first event: %d ms, %s" % (first, verdict(first, 500)))
		print("%d pairs, %d over their limits" % (len(cost["host", "open", "on"]), over))
		sys.exit(1 if over and sys.argv[4] == "1" else 0)
	END
}

[ "$WARDER" = none ] && die "there is nothing to measure without a sensor"
build
cp "$bench" "$work/rootfs/bin/bench"
container bench runc || exit 1
measure warm-up
for ((pair = 0; pair < pairs; pair++)); do
	on
	measure on
	off
	measure off
	floor_on
	measure floor
	floor_off
done
memory
report
