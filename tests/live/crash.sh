#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# crash.sh: the sensor is killed (SIGKILL) again and again while a container does what is found and more, each time at another moment: no
# capture file is unreadable, each can be made whole, and what the stream told a second before the kill is in them.
# Environment: WARDER_KILLS (5).
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" crash

kills=${WARDER_KILLS:-5}
[ "$WARDER" != none ] || die "there is nothing to test without a sensor"

# killed N: from 1.2 to 3 seconds after it was ready
killed() {
	sensor_start -o "capture:$work/capture"
	sleep "$((1 + RANDOM % 2)).$((20 + RANDOM % 80))"
	kill -9 "$sensor"
	wait "$sensor" 2>/dev/null
	sensor=
	wc -l <"$events" >>"$work/lines"
}

# told: the findings that the stream told more than a second before its sensor was killed
told() {
	local from=1 to
	while read -r to; do
		sed -n "$from,${to}p" "$events" | grep '^{.*}$' | jq -rs '(map(.boot_ns // "0" | tonumber) | max) as $last |
			.[] | select(.type == "FINDING" and (.boot_ns | tonumber) < $last - 1e9) | .uid'
		from=$((to + 1))
	done <"$work/lines" | sort
}

# readable FILE: nobody changed it, and what can be recovered of it is whole
readable() {
	local code
	"$WARDER" verify -q "$1"
	code=$?
	if [ $code != 0 ] && [ $code != 3 ]; then
		echo "verify $1: $code"
	fi
	if ! "$WARDER" recover -o "$work/recovered.wcap" "$1" >"$work/recover.out" 2>&1 || ! "$WARDER" verify -q "$work/recovered.wcap"; then
		echo "recover $1: $(tail -n 1 "$work/recover.out")"
	fi
	rm -f "$work/recovered.wcap"
}

# lists FILE: what ran when it ended is in the inventory that it gives: the container, with what it executed
lists() {
	"$WARDER" inventory --json "$1" 2>/dev/null | jq -e --arg n "$id-$runtime-busy" \
		'select(.inventory.workload.container.name == $n).inventory.executables[] | select(.path.utf8 == "/bin/act")' >/dev/null
}

host_secret
runtimes=$(runtimes)
runtime=${runtimes%% *}
container "$runtime-busy" "$runtime" hostpid caps=SYS_PTRACE -- "while :; do act open /proc/$holder/root$secret; id >/tmp/x; done"
for ((n = 0; n < kills; n++)); do
	killed
done
files=("$work"/capture/*.wcap*)
check "$kills sensors were killed, and left ${#files[@]} files, one at least of each" [ "${#files[@]}" -ge "$kills" ]
for file in "${files[@]}"; do
	readable "$file"
done >"$work/unreadable"
check "each file is readable and can be made whole $(head -n 3 "$work/unreadable")" [ ! -s "$work/unreadable" ]
check "the last one's inventory has the container, with its program" lists "${files[-1]}"
told >"$work/told"
"$WARDER" cat -t finding "${files[@]}" 2>/dev/null | jq -r .uid | sort >"$work/kept"
check "$(wc -l <"$work/told") findings were told, and all of them are in the files" \
	eval "[ -s '$work/told' ] && [ -z \"\$(comm -23 '$work/told' '$work/kept')\" ]"
sensor_start -o "capture:$work/capture"
check "the sensor that starts after them is well" kill -0 "$sensor"
check "SIGTERM ends it with 0" sensor_stop
finish
