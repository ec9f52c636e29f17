# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# daemons.sh: processes of the host that containers reach for, sourced after lib.sh. They end with the suite.

# daemon FILE ACT...: an act of a host's process that says "ok" and what it made, which is printed
daemon() {
	local out=$work/$1 made
	shift
	background "$ACT" "$@" >"$out" 2>&1
	until_true "$DEADLINE" grep -q '^ok ' "$out" || die "the host's $*: $(head -n 1 "$out")"
	read -r _ _ _ made <"$out"
	echo "$made"
}

# bus_start SOCKET: a real D-Bus daemon
bus_start() {
	background dbus-daemon --session --nofork --nopidfile --address="unix:path=$1" >"$work/bus" 2>&1
	until_true "$DEADLINE" test -S "$1"
}
