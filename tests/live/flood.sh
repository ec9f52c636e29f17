#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# flood.sh: one container makes telemetry as fast as it can and another one records that findings hang on, while a third
# escapes. The escape is told at once; losses are the flooders' alone; what each container's records came to adds up exactly;
# the sensor does not grow. Environment: WARDER_FLOOD_SECONDS (60; 20 where the machine is emulated).
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" flood

[ "$WARDER" != none ] || die "there is nothing to test without a sensor"
if [ "${WARDER_SLOW:-}" ]; then
	seconds=${WARDER_FLOOD_SECONDS:-20} soon=20000 budget=150
else
	seconds=${WARDER_FLOOD_SECONDS:-60} soon=2000 budget=500
fi

rss_kib() {
	awk '/^VmRSS/ { print $2 }' "/proc/$sensor/status"
}

# escape_told NAME: its finding is in the stream
escape_told() {
	grep '"FINDING"' "$events" | grep '"M02"' | grep -q "$id-$1"
}

# escapes RUNTIME: a container that escapes, and how soon that is told
escapes() {
	local name=$1-escape start
	container "$name" "$1" hostpid caps=all -- "act setns-pidfd $holder $secret"
	acts "$name" ok
	start=$EPOCHREALTIME
	until_true "$DEADLINE" escape_told "$name"
	ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	check "$name is told after $ms ms ($soon)" [ $ms -le $soon ]
	expect "$name" M02 SUCCEEDED host
}

host_secret
sensor_start --budget $budget # small, so that a machine that is busy or emulated can be over it
container quiet runc -- "act open /etc/hostname"
acts quiet ok
expect_none quiet
before=$(rss_kib)
container flooder runc caps=SYS_ADMIN -- "act flood $seconds"
container opener runc hostpid caps=SYS_PTRACE -- "act open-flood $seconds /proc/$holder/root$secret"
expect opener M34 SUCCEEDED host
expect_none flooder
end=$((SECONDS + seconds))
for runtime in $(runtimes); do
	sleep $((seconds / 10))
	escapes "$runtime"
done
container_stop "$id-quiet" # an account is closed in the midst of it
check "the flood still goes on" [ $SECONDS -lt $end ]
DEADLINE=$((seconds + DEADLINE)) acts flooder ok
acts opener ok
after=$(rss_kib)
check "the sensor's memory: $before KiB before, $after KiB after (16 MiB more at most)" [ $((after - before)) -le 16384 ]
verdict
while read -r line; do
	case $line in
	ok\ *) pass "${line#ok }" ;;
	*) fail "${line#FAIL }" ;;
	esac
done < <("$python" "$here/ledger.py" "$events" "$id-flooder" "$id-opener" 2>&1)
closed() {
	grep '"LEDGER"' "$events" | jq -r '.ledger.rows[] | select(.closed) | .workload.container.name' | grep -qx "$id-$1"
}
check "the account of a container that ended was closed" closed quiet
finish
