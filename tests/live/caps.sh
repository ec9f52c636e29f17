#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# caps.sh: the capability matrix: containers are checked for capabilities a known number of times, and the sensor's counts, as
# `warder caps` reads them and as the stream has them, are those numbers: no more (a question without an audit is no use), no
# fewer. One record a cell, however often it is counted.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" caps

[ "$WARDER" != none ] || die "there is nothing to test without a sensor"

# refused_to_read WHAT CODE CMD...: one sentence and that exit code
refused_to_read() {
	local what=$1 want=$2 code
	shift 2
	"$@" </dev/null >"$work/caps.out" 2>"$work/caps.err"
	code=$?
	check "$what: $code, $(head -n 1 "$work/caps.err")" \
		eval "[ $code = $want ] && [ \$(wc -l <'$work/caps.err') = 1 ] && [ ! -s '$work/caps.out' ]"
}

# cell FILE FILTER NAME CAPABILITY NAMESPACE FIELD: a count, 0 where there is none; FILTER makes rows of the file's objects
cell() {
	local host=true
	[ "$5" = host ] || host=false
	jq -sr --arg name "$id-$3" --arg cap "$4" --argjson host $host --arg field "$6" \
		"[$2 | select(.workload.container.name == \$name)] | last | [.uses[]? | select(.name == \$cap and (.host_user_ns // false) == \$host)
		| .[\$field] // \"0\" | tonumber] | add // 0" "$1"
}

# counts NAME CAPABILITY NAMESPACE GRANTED DENIED: both by the command and by the last snapshot in the stream
counts() {
	local command snapshot
	command="$(cell "$work/caps.json" '.[]' "$1" "$2" "$3" granted) $(cell "$work/caps.json" '.[]' "$1" "$2" "$3" denied)"
	snapshot="$(cell "$work/matrix" '.[].capability_matrix.rows[]' "$1" "$2" "$3" granted) $(
		cell "$work/matrix" '.[].capability_matrix.rows[]' "$1" "$2" "$3" denied)"
	check "$1 $2 against the $3 user namespace: granted and denied $4 $5, by the command $command, in the stream $snapshot" \
		[ "$command,$snapshot" = "$4 $5,$4 $5" ]
}

# told NAME CAPABILITY FILTER: how many records of first uses there are of it
told() {
	grep '"CAPABILITY_USE"' "$events" | jq -s --arg path "$id-$1" --argjson cap "$2" \
		"[.[] | select((.actor.workload.cgroup_path | endswith(\"/\" + \$path)) and (.capability_use.capability // 0) == \$cap and $3)] | length"
}

snapshot_came() {
	grep '"CAPABILITY_MATRIX"' "$events" >"$work/matrix"
}

# A tier that does not pass the no-audit flag counts some questions as uses, and says so.
flagged() {
	! jq -e '.hooks[] | select(.hook == "capability_use" and .state != "SEEN")' "$work/doctor.json" >/dev/null
}

hooked() {
	! jq -e '.hooks[] | select(.hook == "capability_use" and .state == "UNSEEN")' "$work/doctor.json" >/dev/null
}

refused_to_read "warder caps without a sensor" 5 "$WARDER" caps
refused_to_read "warder caps without rights" 5 setpriv --reuid 65534 --regid 65534 --clear-groups "$WARDER" caps
refused_to_read "warder caps with a word too many" 2 "$WARDER" caps now
sensor_start
for runtime in $(runtimes); do
	container "$runtime-caps" "$runtime" -- "act chroot-check 100 , hostname 50 , questions 40"
	acts "$runtime-caps" ok 3
	container "$runtime-regained" "$runtime" -- "act chroot-regained"
	acts "$runtime-regained" ok
	container "$runtime-userns" "$runtime" -- "act chroot-userns 30"
	acts "$runtime-userns" ok
	expect_none "$runtime-caps"
	expect_none "$runtime-regained"
done
"$WARDER" caps --json >"$work/caps.json" 2>"$work/caps.err"
check "warder caps --json reads the running sensor $(cat "$work/caps.err")" [ -s "$work/caps.json" ]
kill -USR1 "$sensor"
check "SIGUSR1 asks for a snapshot" until_true "$DEADLINE" snapshot_came
for runtime in $(runtimes); do
	if ! hooked; then
		skip "$runtime: doctor says that capability checks are unseen"
		continue
	fi
	counts "$runtime-caps" CAP_SYS_CHROOT host 100 0
	counts "$runtime-caps" CAP_SYS_ADMIN host 0 50
	if flagged; then
		counts "$runtime-caps" CAP_SYSLOG host 0 0
	else
		skip "$runtime-caps CAP_SYSLOG: questions without an audit are told apart where the hook sees the flag, and doctor says that it does not"
	fi
	counts "$runtime-regained" CAP_SYS_CHROOT host 1 1
	counts "$runtime-userns" CAP_SYS_CHROOT own 30 0
	counts "$runtime-userns" CAP_SYS_CHROOT host 0 0
	check "$runtime-caps: one record of 100 uses" [ "$(told "$runtime-caps" 18 .capability_use.granted)" = 1 ]
	check "$runtime-regained: one record of the refusal" [ "$(told "$runtime-regained" 18 '(.capability_use.granted | not)')" = 1 ]
	check "$runtime-regained: one that says from denied to granted" \
		[ "$(told "$runtime-regained" 18 '.capability_use.granted and .capability_use.refused_before')" = 1 ]
	check "$runtime-caps in the table" eval "'$WARDER' caps | grep -qE '^$id-$runtime-caps +${runtime%-v1} +CAP_SYS_CHROOT +host +100 +0\$'"
done
verdict
finish
