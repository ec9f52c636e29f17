#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# workloads.sh: 45 of the catalogue's 50 benign workloads, each with the real program in a real container (workload_rows.sh). Each must have
# done its work, and have been seen; no finding of MEDIUM or worse and no incident may be about it but what workloads.yaml declares, and
# all that it declares must have been needed. Prints what is context, row by row. Environment: WARDER_ROWS (only these).
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" workloads
. "$here/workload_rows.sh"

least=35

workloads_start
for row in $(rows); do
	why=$(missing "$row")
	what="$row: $(column "$row" 2)"
	if [ "$why" ]; then
		skip "$what: $why"
		continue
	fi
	began=${EPOCHREALTIME/./}
	if workload "$row" "${row/B/b}"; then
		pass "$what ($(((${EPOCHREALTIME/./} - began) / 1000)) ms)"
	else
		fail "$what: $said"
	fi
done
ran=$(grep -c ok "$summary")
[ "${WARDER_ROWS:-}" ] || check "at least $least of the 50 ran here: $ran" [ "$ran" -ge $least ]
workloads_judge
finish
