#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# replay.sh: how fast captures are read, and in how much memory. The live sensor records what containers here do for some seconds; that
# becomes a long capture (repeat.c), which is replayed by all detectors, read, and searched for one container. Where a recording of sysdig's
# is given, its reader takes turns with ours over as many events: one that looks at each and prints none, and one that prints all.
# Environment: BENCH_EVENTS (2000000), BENCH_ROUNDS (3), BENCH_SCAP (a file that 'sysdig -w' wrote; its kernel module, falcosecurity-scap-dkms,
# is for kernels up to 6.1), BENCH_GB (0; with 10 a capture of 10 GB is written and replayed), and others as for tests/live/lib.sh.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../live/lib.sh" replay

count=${BENCH_EVENTS:-2000000}
rounds=${BENCH_ROUNDS:-3}
measure=$tree/tests/bench/measure.py
repeat=$tree/build/tests/repeat
measured=$work/measured # WHAT SECONDS PEAK_KIB READ_BYTES

# run WHAT COMMAND...
run() {
	local what=$1 said
	shift
	said=$("$measure" "$@") || die "$what: not measured"
	[ "${said##* }" = 0 ] || die "$what: exit code ${said##* }"
	echo "$what ${said% *}" >>"$measured"
}

# containers that do what containers do, one after the other, and the node's whole telemetry of it
record_some() {
	local end
	n=0
	sensor_start -o "capture:$work/capture"
	"$WARDER" record --node --for 60 >/dev/null || die "the sensor does not record"
	end=$((SECONDS + 20))
	while [ $SECONDS -lt $end ]; do
		n=$((n + 1))
		container "w$n" runc -- 'i=0; while [ $i -lt 40 ]; do cat /etc/hostname >/tmp/x$i; ls /bin >/dev/null
			sh -c "id; echo $i" >/dev/null; cp /tmp/x$i /tmp/y$i; rm /tmp/x$i; i=$((i+1)); done'
		[ $n -le 4 ] || container_stop "$id-w$((n - 4))"
	done
	sensor_stop
	"$WARDER" cat -o "proto:$work/frames" "$work"/capture/*.wcap || die "the capture cannot be read"
}

report() {
	"$python" - "$measured" "$count" "$(stat -c %s "$work/long.wcap")" <<-'END'
		import collections
		import statistics
		import sys

		rows = collections.defaultdict(list)
		for line in open(sys.argv[1]):
		    what, *numbers = line.split()
		    rows[what].append([float(n) for n in numbers])
		count, size = int(sys.argv[2]), int(sys.argv[3])
		print("%-34s %12s %10s %10s" % ("one processor", "events/s", "ratio", "peak MiB"))
		base = statistics.median(r[0] for r in rows["replay"])
		for what in rows:
		    if what in ("short", "filter"):
		        continue
		    seconds = statistics.median(r[0] for r in rows[what])
		    print("%-34s %12.0f %10.2f %10.1f" % (what, count / seconds, base / seconds, max(r[1] for r in rows[what]) / 1024))
		read = rows["filter"][0][2]
		print("one container of the capture: %.0f ms, %.1f %% of its bytes read" % (rows["filter"][0][0] * 1000, 100 * read / size))
		short, long = rows["short"][0][1] / 1024, rows["replay"][0][1] / 1024
		print("peak memory: %.1f MiB for a tenth of it, %.1f MiB for all (%.0f MB)" % (short, long, size / 1e6))
	END
}

# a capture as large as no compression makes it smaller: a tenth of it, then all
large() {
	local n=$((BENCH_GB * 1000000000 / 920)) of
	for of in 10 1; do
		"$repeat" "$work/frames" "$work/large.wcap" $((n / of)) 1000 || die "no large capture"
		"$measure" "$WARDER" replay -o "proto:/dev/null" "$work/large.wcap" >"$work/said"
		read -r seconds peak read code <"$work/said"
		echo "replay of $(stat -c %s "$work/large.wcap") bytes, $((n / of)) events: $seconds s, peak $((peak / 1024)) MiB, exit code $code"
		rm "$work/large.wcap"
	done
}

[ "$WARDER" = none ] && die "there is nothing to measure without a sensor"
make -s -C "$tree" build/tests/repeat || die "repeat does not build"
record_some
"$repeat" "$work/frames" "$work/long.wcap" "$count" || die "no long capture"
"$repeat" "$work/frames" "$work/short.wcap" $((count / 10)) || die "no short capture"
if [ "${BENCH_SCAP:-}" ] && command -v sysdig >/dev/null; then
	"$tree/tests/bench/scap.py" "$BENCH_SCAP" "$work/long.scap" "$count" || die "no recording of sysdig's"
else
	skip "sysdig: no recording is given (BENCH_SCAP), or it is not installed"
fi
run short "$WARDER" replay "$work/short.wcap"
run filter "$WARDER" cat --container "$id-w$n" "$work/long.wcap" # whose id no other one begins with
for ((round = 0; round < rounds; round++)); do
	run replay "$WARDER" replay "$work/long.wcap"
	run cat-console "$WARDER" cat --console "$work/long.wcap"
	run cat-proto "$WARDER" cat -o proto:/dev/null "$work/long.wcap"
	run verify "$WARDER" verify "$work/long.wcap"
	[ -e "$work/long.scap" ] || continue
	run sysdig-looks sysdig -r "$work/long.scap" proc.name=nobody
	run sysdig-prints sysdig -r "$work/long.scap"
done
report
[ "${BENCH_GB:-0}" = 0 ] || large
