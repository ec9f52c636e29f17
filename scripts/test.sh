#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test.sh [STEP]...: runs the project's tests, all steps or the named ones, each as a target of the Makefile, and says at the end
# how each went. A step that printed SKIP lines has them repeated there: what did not run is never a pass. Exit code 1 if a step failed.
set -u
cd "$(dirname "$0")/.." || exit 1

steps=${*:-lint unit golden sanitize roundtrip captures report-test torture-smoke fuzz-smoke static live vm coverage}
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
passed=0 failed=0 skipped=0 report=

for step in $steps; do
	echo
	echo "=== $step"
	began=$SECONDS
	if ${MAKE:-make} --no-print-directory "$step" 2>&1 | tee "$log/$step"; [ "${PIPESTATUS[0]}" = 0 ]; then
		word=ok passed=$((passed + 1))
	else
		word=FAIL failed=$((failed + 1))
	fi
	skips=$(grep -c '^SKIP' "$log/$step")
	skipped=$((skipped + skips))
	report="$report$(printf '%-5s %-11s %5d s  %s' $word "$step" $((SECONDS - began)) "$([ "$skips" = 0 ] || echo "$skips skipped")")
"
done

echo
echo "=== all steps"
printf '%s' "$report"
for step in $steps; do
	grep '^SKIP' "$log/$step" | sed "s/^/$step: /"
	grep '^FAIL' "$log/$step" | sed "s/^/$step: /"
done
[ $skipped = 0 ] || echo "SKIPPED: $skipped tests did not run, see above"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
