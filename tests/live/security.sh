#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# security.sh: what no call takes away from a thread: its seccomp mode (K05), no_new_privs (K05), its security label (K06); and its user
# ids, which no call gives it but as new credentials, and none that its user namespace does not map (K02).
#
# Only a write to kernel memory clears them, and no test may make one. So the sensor's memory is changed instead: it is made to
# remember more of a process than the process has, which to the kernel program is the same comparison with the same result. The
# controls are real: threads with different filters, forks and execs by each, execs into a container by the runtime, ids that are
# changed by calls, a process of the node's that joins a user namespace with an id that this does not map.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" security

[ "$WARDER" != none ] || die "there is nothing to test without a sensor"
object=$tree/build/warder.bpf.o

# remembers NAME PID FIELD VALUE
remembers() {
	local said code
	said=$("$python" "$here/remember.py" "$object" "$2" "$3" "$4" 2>&1)
	code=$?
	check "$1: the sensor remembers $said" [ $code = 0 ]
}

# unmapped NAME: such a process, in the container NAME
unmapped() {
	local pid out what
	pid=$(container_pid "$1")
	mapfile -t dirs < <(cgroup_dirs "$pid")
	"$ACT" standin k02 "$pid" "${dirs[@]}" -- /bin/act open /etc/hostname , pause >"$work/$1.out" 2>&1 9>&-
	read -r _ what out <"$work/$1.out"
	[ "$what" = standin: ] && echo "$out" | tee "$work/$1.standin" >>"$work/pids"
	check "$1: a process with a user id that it does not map opens a file" until_true "$DEADLINE" grep -q '^ok open: ' "$work/$1.out"
}

sensor_start --sweep 0.5
for runtime in $(runtimes); do
	container "$runtime-seccomp" "$runtime"
	container "$runtime-nnp" "$runtime"
	container "$runtime-label" "$runtime"
	container "$runtime-threads" "$runtime" -- "act threads-seccomp 2"
	acts "$runtime-threads" ok
	container "$runtime-ids" "$runtime"
	container "$runtime-changes" "$runtime" -- "act ids-changed"
	acts "$runtime-changes" ok
	for name in users map unmapped joined; do
		container "$runtime-$name" "$runtime" userns -- "act open /etc/hostname , ids-changed"
		acts "$runtime-$name" ok 2
	done
	unmapped "$runtime-unmapped"
	unmapped "$runtime-joined"
	container "$runtime-entered" "$runtime"
	check "$runtime-entered: execs" [ "$(inside "$runtime-entered" echo hello)" = hello ]
done
sleep 2 # some sweeps: all is remembered as it is
for runtime in $(runtimes); do
	remembers "$runtime-seccomp" "$(container_pid "$runtime-seccomp")" seccomp_mode 2
	expect "$runtime-seccomp" K05 SUCCEEDED host
	remembers "$runtime-nnp" "$(container_pid "$runtime-nnp")" no_new_privs 1
	expect "$runtime-nnp" K05 SUCCEEDED host
	if unseen K06; then
		skip "$runtime-label: K06: no active security module has labels, and the sensor says that it is unseen"
	else
		remembers "$runtime-label" "$(container_pid "$runtime-label")" label flip
		expect "$runtime-label" K06 SUCCEEDED host
	fi
	if blind sweep_ids "rewritten to others"; then
		skip "$runtime-ids: K02: cred_change is not hooked, and the sensor says so"
	else
		remembers "$runtime-ids" "$(container_pid "$runtime-ids")" ids flip
		expect "$runtime-ids" K02 SUCCEEDED host
	fi
	remembers "$runtime-map" "$(container_pid "$runtime-map")" container.id_maps flip
	expect "$runtime-map" K02 SUCCEEDED host
	remembers "$runtime-unmapped" "$(cat "$work/$runtime-unmapped.standin")" mapped 1
	expect "$runtime-unmapped" K02 SUCCEEDED host
	check "$runtime-users: execs" [ "$(inside "$runtime-users" echo hello)" = hello ]
	for name in changes users joined; do
		expect_none "$runtime-$name"
	done
	check "$runtime-entered: one exec more" [ "$(inside "$runtime-entered" echo hello)" = hello ]
	expect_none "$runtime-threads"
	expect_none "$runtime-entered"
done
verdict
finish
