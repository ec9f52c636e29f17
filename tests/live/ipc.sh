#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ipc.sh: reach between principals by what is no file of a mount, in real containers of runc and crun: descriptors that are
# passed on, unix sockets, System V objects, keys, signals and other knobs of tasks. Each with the same act on what is the
# container's own, and with what helpers do every day (B11 B23 B28 B40 B41).
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" ipc
. "$here/rows.sh"

techniques="
m40 M40 host SHARE                      | receive /data/file.sock
m40dir M40 host SHARE                   | receive /data/dir.sock
x05 X05 container SHARE                 | receive /data/RUNTIME-victim.sock
"

missing() {
	:
}

fill() {
	local words=$2
	words=${words//SHARE/bind=$share:/data}
	words=${words//VICTIM/$victim}
	echo "${words//RUNTIME/$1}"
}

# daemon FILE ACT...: an act of a host's process that says "ok"; its words are in FILE
daemon() {
	local out=$work/$1
	shift
	background "$ACT" "$@" >"$out" 2>&1
	until_true "$DEADLINE" grep -q '^ok ' "$out" || fail "the host's $*: $(head -n 1 "$out")"
}

# what the host has: daemons that hand out descriptors
prepare() {
	host_secret
	share=$work/share
	mkdir "$share"
	chmod 777 "$share"
	daemon serve.file serve "$share/file.sock" "$secret"
	daemon serve.dir serve "$share/dir.sock" "$work/host"
	daemon serve.device serve "$share/device.sock" /dev/null
	for kind in memfd socket pipe; do
		daemon serve.$kind serve "$share/$kind.sock" $kind
	done
}

attacks() {
	local runtime=$1
	container "$runtime-victim" "$runtime" "bind=$share:/data" -- \
		"echo $token >/etc/victim; (act serve /data/$runtime-victim.sock /etc/victim &)"
	victim=$(container_pid "$runtime-victim")
	until_true "$DEADLINE" [ -S "$share/$runtime-victim.sock" ]
	rows "$runtime" "$techniques"
	expect_none "$runtime-victim"
}

# own RUNTIME NAME FEATURES ACTS...: a container whose acts are its own affair: no finding
own() {
	local runtime=$1 name=$1-$2 features=$3 act count=0
	shift 3
	# shellcheck disable=SC2086 # words
	container "$name" "$runtime" $features || return
	for act; do
		# shellcheck disable=SC2086 # words
		inside "$name" act $act >>"$(bundle "$name")/log" 2>&1
		count=$((count + 1))
	done
	acts "$name" ok $count
	expect_none "$name"
}

prepare
sensor_start
for runtime in $(runtimes); do
	attacks "$runtime"
	own "$runtime" legal "bind=$share:/data" "own-receive /etc/hostname" "receive /data/memfd.sock" "receive /data/socket.sock" \
		"receive /data/pipe.sock"
done
verdict
finish
