# SPDX-License-Identifier: Apache-2.0
# Completion for bash: source it, or put it into /usr/share/bash-completion/completions/warder. Commands and options are those that
# the program itself tells, so that this file never lags behind.

_warder() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} words
	if [ "$COMP_CWORD" = 1 ]; then
		words=$(warder help 2>/dev/null | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p')
	elif [[ $before = -s || $before = --severity ]]; then
		words="informational low medium high critical"
	elif [[ $command = export && ($before = -f || $before = --format) ]]; then
		words="ocsf ndjson"
	elif [[ $command = record && $word != -* ]]; then
		return # it takes no files
	elif [[ $word = -* ]]; then
		words=$(warder "$command" --help 2>/dev/null | sed -n 's/^  \(-.,\|   \) \(--[a-z-]\{1,\}\).*/\2/p')
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o filenames -F _warder warder
