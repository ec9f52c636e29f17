#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mixed.sh: the benign workloads of workload_rows.sh over and over, three at a time, in another order each round, under the policy that declares
# what agents do (workloads.yaml). No finding of MEDIUM or worse that it does not declare, no incident; nothing lost that findings hang on,
# and no loss that is not in the accounts; the sensor's memory stays. Prints every finding that is context, with its count.
# Environment: WARDER_MIXED_SECONDS (60; 1800 by `make mixed`), WARDER_ROWS.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" mixed
. "$here/workload_rows.sh"

seconds=${WARDER_MIXED_SECONDS:-60}
at_once=3
running=()

memory() {
	[ "$WARDER" = none ] || awk '$1 == "VmRSS:" { print $2 }' "/proc/$sensor/status"
}

# one ROW NUMBER: in a process of its own; what it said where it failed is kept
one() {
	workload "$1" "${1/B/b}-$2" || echo "$1 (run $2): ${said:0:600}" >>"$work/failures"
}

# wait_for N: until no more than so many run
wait_for() {
	local ended pid left
	while [ ${#running[@]} -gt "$1" ]; do
		wait -n -p ended "${running[@]}"
		left=()
		for pid in "${running[@]}"; do
			[ "$pid" = "$ended" ] || left+=("$pid")
		done
		running=(${left[@]+"${left[@]}"})
	done
}

workloads_start
can=
for row in $(rows); do
	why=$(missing "$row")
	if [ "$why" ]; then skip "$row: $why"; else can="$can $row"; fi
done
number=0 rounds=0 settled=
end=$((SECONDS + seconds)) quarter=$((SECONDS + seconds / 4))
while [ $SECONDS -lt $end ]; do
	# shellcheck disable=SC2086 # words
	for row in $(shuf -e $can); do
		[ $SECONDS -lt $end ] || break
		number=$((number + 1))
		one "$row" $number &
		running+=($!)
		wait_for $((at_once - 1))
		[ "$settled" ] || [ $SECONDS -lt $quarter ] || settled=$(memory)
	done
	wait_for 0 # what has a port of the host's is not there twice
	rounds=$((rounds + 1))
done
settled=${settled:-$(memory)}
total=$(memory)
check "$(grep -c ok "$summary") of $number runs did their work, in $seconds s and $rounds rounds of $(wc -w <<<"$can") workloads" [ ! -e "$work/failures" ]
[ ! -e "$work/failures" ] || head -n 20 "$work/failures"
if [ "$WARDER" != none ]; then
	born=$(grep -c '"type":"CONTAINER_SEAL"' "$events")
	# some 4 kB each that is remembered, as in churn
	check "memory grew by $((total - settled)) kB of $settled kB after a quarter, with $born containers (4 for each, and 1024)" \
		[ $((total - settled)) -le $((born * 4 + 1024)) ]
	# 40 MiB is the limit for a node at rest (bench.sh): this fills each of its tables
	check "memory is $total kB, within what all tables take (49152)" [ "$total" -le 49152 ]
fi
workloads_judge
if [ "$WARDER" != none ]; then
	# what was lost is in workloads_judge's account; here, that it is in the containers' own too
	"$python" "$here/ledger.py" "$events" 2>&1 | grep -v ': nothing of it was lost$' >"$work/ledger"
	check "the accounts of all containers are even: $(grep -c ^ok "$work/ledger") checks $(grep -v ^ok "$work/ledger" | head -n 3)" \
		eval "[ -s '$work/ledger' ] && ! grep -qv ^ok '$work/ledger'"
fi
finish
