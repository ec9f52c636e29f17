# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# rows.sh: a suite's table of attacks, sourced after lib.sh. A row is an act in a container of its own and the finding that is due:
#
#   NAME TECHNIQUE OWNER FEATURES | ACT
#
# TECHNIQUE may be several, with + between them, each of which is due of the container. OWNER is host, container (the suite's RUNTIME-victim) or any; FEATURES are lib.sh's ("-" or nothing: a plain container). The
# suite defines fill RUNTIME WORDS, which prints the words with the real things put in, and missing WORDS, which prints why
# a row cannot run here. runc's containers act in their own first process and crun's in an exec into them; WARDER_HOW=born|exec
# forces one for both.

# attack RUNTIME NAME FEATURES ACT: the container is made and acts
attack() {
	local runtime=$1 name=$2 wanted=$3 act=$4
	# shellcheck disable=SC2086 # words
	if [ "${WARDER_HOW:-}" = born ] || { [ "${WARDER_HOW:-}" != exec ] && [ "$runtime" = runc ]; }; then
		container "$name" "$runtime" $wanted -- "act $act"
	else
		container "$name" "$runtime" $wanted && inside "$name" act $act >>"$(bundle "$name")/log" 2>&1
	fi
	acts "$name" ok
}

# rows RUNTIME TABLE
rows() {
	local runtime=$1 name technique owner features act why words
	while IFS='|' read -r words act; do
		read -r name technique owner features <<<"$words"
		[ "$name" ] || continue
		why=$(missing "$features $act")
		if [ "$why" ]; then
			skip "$runtime-$name: $why"
			continue
		fi
		[ "$features" != - ] || features=
		attack "$runtime" "$runtime-$name" "$(fill "$runtime" "$features")" "$(fill "$runtime" "$act")"
		for technique in ${technique//+/ }; do
			if [ "$owner" = container ]; then
				expect "$runtime-$name" "$technique" SUCCEEDED container "$runtime-victim"
			else
				expect "$runtime-$name" "$technique" SUCCEEDED "$owner"
			fi
		done
	done <<<"$2"
}
