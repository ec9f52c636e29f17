#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ipc.sh: reach between principals by what is no file of a mount, in real containers of runc and crun: descriptors that are
# passed on, unix sockets, System V objects, keys, signals and other knobs of tasks. Each with the same act on what is the
# container's own, and with what helpers do every day (B11 B23 B28 B40 B41).
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" ipc
. "$here/rows.sh"
. "$here/daemons.sh"

# What the host has is made after the sensor's start, where who made a thing can be told of it only then.
techniques="
m40 M40 host SHARE                      | receive /data/file.sock
m40dir M40 host SHARE                   | receive /data/dir.sock
x05 X05 container SHARE                 | receive /data/RUNTIME-victim.sock
m44 M44 host hostnet                    | send stream ABSTRACT
m44dgram M44 host hostnet               | send connected DATAGRAM
x08 X08 container hostnet               | send connected @wt-RUNTIME-victim
r09 R09 host hostnet                    | send stream @/containerd-shim/ID
m41active M41 host SHARE                | send stream /data/renamed.sock
m42 M42 host SHARE                      | send stream /data/containerd.sock
m45 M45 host SHARE                      | send stream /data/bus
m49shm M49 host hostipc                 | ipc shm SHM
m49msg M49 host hostipc                 | ipc msg MSG
m49sem M49 host hostipc                 | ipc sem SEM
x09 X09 container hostipc               | ipc shm VICTIMSHM
m46 M46 host SHARE                      | send stream /data/kubelet.sock
m53 M53 host plain                      | key HOSTKEY
x10 X10 container plain                 | key VICTIMKEY
x04kill X04 host hostpid                | signal SLEEPER 9
x04stop X04 host hostpid                | signal HOLDER 19 pidfd , signal HOLDER 18
x04peer X04 container pid=VICTIM        | signal VICTIMPID 19 , signal VICTIMPID 18
x04knob X04 host hostpid caps=SYS_NICE  | control HOLDER
"

# where the sensor sees each datagram: not by calls' exits
datagrams="
m44loose M44 host hostnet               | send unconnected DATAGRAM
x08loose X08 container hostnet          | send unconnected @wt-RUNTIME-victim
"

missing() {
	case $1 in */data/bus) [ -S "$share/bus" ] || echo "dbus-daemon is not installed or does not start" ;; esac
}

hooked() {
	jq -e --arg h "$1" 'any(.hooks[]; .hook == $h and .tier != "none")' "$work/doctor.json" >/dev/null 2>&1
}

fill() {
	local words=$2
	words=${words//VICTIMSHM/$(made "$1-victim" ipc-make)}
	words=${words//VICTIMKEY/$(made "$1-victim" key-make)}
	words=${words//VICTIMPID/$(made "$1-victim" serve pid)}
	words=${words//VICTIM/$victim}
	words=${words//HOLDER/$holder}
	words=${words//SLEEPER/$(sleeper "$2")}
	words=${words//ABSTRACT/@wt-$id}
	words=${words//ID/$id}
	words=${words//DATAGRAM/@wt-$id-dgram}
	words=${words//SHM/$shm}
	words=${words//MSG/$msg}
	words=${words//SEM/$sem}
	words=${words//HOSTKEY/$key}
	words=${words//SHARE/bind=$share:/data} # last: what mktemp made of a path's name may hold any of the words
	echo "${words//RUNTIME/$1}"
}

# made CONTAINER ACT [pid]: what an act of the container's said that it made, or the act's pid there
made() {
	awk -v "act=$2:" -v "field=${3:+3}" '$1 == "ok" && $2 == act { print field ? $field : $4; exit }' "$(bundle "$1")/log"
}

# sleeper WORDS: a host process that may be killed, where the words ask for one
sleeper() {
	[[ $1 = *SLEEPER* ]] || return
	background sleep 1000 >/dev/null 2>&1
	echo $!
}

# before the sensor: daemons that hand out descriptors
prepare() {
	local kind
	host_secret
	share=$work/share
	mkdir "$share"
	chmod 777 "$share"
	daemon serve.file serve "$share/file.sock" "$secret"
	daemon serve.dir serve "$share/dir.sock" "$work/host"
	for kind in memfd socket pipe; do
		daemon serve.$kind serve "$share/$kind.sock" $kind
	done
} >/dev/null

# after its start: what belongs to who made it
make_objects() {
	shm=$(daemon shm ipc-make shm)
	msg=$(daemon msg ipc-make msg)
	sem=$(daemon sem ipc-make sem)
	key=$(daemon key key-make host-key)
	daemon stream listen stream "@wt-$id" >/dev/null
	daemon dgram listen dgram "@wt-$id-dgram" >/dev/null
	cp "$ACT" "$work/containerd-shim-runc-v2"
	ACT=$work/containerd-shim-runc-v2 daemon shim listen stream "@/containerd-shim/$id" >/dev/null
	mkdir -p "$work/bin"
	cp "$ACT" "$work/bin/kubelet"
	ACT=$work/bin/kubelet daemon kubelet listen stream "$share/kubelet.sock" >/dev/null
	daemon runtime listen activated "$share/containerd.sock" >/dev/null
	bus_start "$share/bus"
	daemon active listen activated "$share/docker.sock" >/dev/null
	ln "$share/docker.sock" "$share/renamed.sock"
}

# race RUNTIME: a host's process in the container's namespaces, as a runtime's is before it executes there, is traced from inside.
# A signal to it is no finding: a container's init that ends everybody ends it too.
race() {
	local name=$1-r03 inner
	container "$name" "$1" caps=SYS_PTRACE || return
	background nsenter -t "$(container_pid "$name")" -m -p -- /bin/act pause >/dev/null
	until_true "$DEADLINE" child_of $!
	inner=$(awk '/^NSpid:/ { print $NF }' "/proc/$child/status")
	inside "$name" act signal "$inner" 18 , ptrace seize "$inner" >>"$(bundle "$name")/log" 2>&1
	acts "$name" ok 2
	expect "$name" R03 SUCCEEDED host
}

# child_of PID: its only child that runs the act program is $child
child_of() {
	child=$(cat "/proc/$1/task/$1/children" 2>/dev/null)
	child=${child%% *}
	[ "$child" ] && [ "$(cat "/proc/$child/comm" 2>/dev/null)" = act ]
}

attacks() {
	local runtime=$1
	container "$runtime-victim" "$runtime" "bind=$share:/data" hostipc hostnet -- \
		"echo $token >/etc/victim; (act serve /data/$runtime-victim.sock /etc/victim &);
		(act ipc-make shm &); (act key-make victim-key &); (act listen dgram @wt-$runtime-victim &)"
	victim=$(container_pid "$runtime-victim")
	acts "$runtime-victim" ok 4
	rows "$runtime" "$techniques"
	if hooked unix_send; then rows "$runtime" "$datagrams"; else skip "$runtime: m44loose, x08loose: datagrams without a connect: no hook here"; fi
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

# search RUNTIME: the numbers of keys, most of them refused
search() {
	local name=$1-search
	container "$name" "$1" -- "act key-search 200"
	acts "$name" ok
	expect "$name" M53 DENIED any
}

# denied RUNTIME: the same acts, refused by the kernel
denied() {
	local name=$1-denied act
	container "$name" "$1" hostpid caps=none user=1000 || return
	for act in "signal $holder 19" "signal $holder 9 pidfd" "control $holder"; do
		# shellcheck disable=SC2086 # words
		inside "$name" act $act >>"$(bundle "$name")/log" 2>&1
	done
	acts "$name" denied 3
	expect_denied "$name"
}

prepare
sensor_start
make_objects
for runtime in $(runtimes); do
	attacks "$runtime"
	own "$runtime" legal "hostipc hostnet bind=$share:/data caps=SYS_PTRACE" "own-receive /etc/hostname" \
		"receive /data/memfd.sock" "receive /data/socket.sock" "receive /data/pipe.sock" "own-signal" "own-control" "own-ipc" \
		"own-key" "own-datagram /tmp/datagram" "own-datagram @own-$runtime" "own-ptrace seize"
	race "$runtime"
	search "$runtime"
	denied "$runtime"
done
verdict
finish
