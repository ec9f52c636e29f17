#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# escapes.sh: each technique of the spine in real containers of runc and crun, under one sensor, with its controls.
#
# A row of `techniques` is an escape that works: the act program proves it (it prints the host's secret, another task's
# registers, ...) before the sensor is asked. The controls are one container that does all the same acts on what is its own
# ("legal": no finding), one that the kernel denies them all ("denied": nothing succeeded), and, for what an exploit leaves
# behind, one that the runtime exec'd into and one that the host put a fully confined process into ("entered").
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" escapes
. "$here/rows.sh"

# rows.sh says what a row is; its words in capitals are filled in below
techniques="
m01 M01 host hostpid caps=all           | setns-proc HOLDER SECRET
m02 M02 host hostpid caps=all           | setns-pidfd HOLDER SECRET
m07 M07 host devices caps=all           | mount DISK /tmp/disk ext4 secret
m08 M08 host devices caps=all           | fsmount DISK /tmp/disk ext4 secret
m33 M33 host caps=DAC_READ_SEARCH DECLARED | handle /file HANDLE
m34 M34 host hostpid caps=SYS_PTRACE    | open /proc/HOLDER/rootSECRET
m35 M35 host hostpid caps=SYS_PTRACE    | open /proc/HOLDER/environ
m36 M36 host hostpid caps=SYS_PTRACE    | ptrace HOW HOLDER
m39 M39 host hostpid caps=SYS_PTRACE    | getfd HOLDER HFD
m41 M41 host SOCKETDIR                  | connect /data/docker.sock
m57 M57 host hostcgroup caps=all        | cgroup-move OUTSIDE
x02 X02 container pid=VICTIM            | open /proc/1/root/etc/victim
x03 X03 container pid=VICTIM            | ptrace HOW 1
x07 X07 container pid=VICTIM caps=all   | setns-net 1
"

# what the host has: a secret, a process that holds it, disks, a docker daemon
prepare() {
	host_secret
	scratch_disk mountable && mount_disk=$disk_number || mount_disk=
	declared_disk
	dockerd_start || docker_socket=
}

# a disk that the host has mounted: one file of it is bound into a container
declared_disk() {
	local dir=$work/declared
	mkdir "$dir"
	handle=
	scratch_disk declared || return
	mounted "$disk" "$dir" || return
	read -r _ _ handle < <("$ACT" handle-of "$dir/secret")
	mkdir "$dir/shared"
	echo mine >"$dir/shared/mine"
	read -r _ _ own_handle < <("$ACT" handle-of "$dir/shared/mine")
}

# missing WORDS: why a row cannot run here
missing() {
	case $1 in
	*DISK*) [ "$mount_disk" ] || echo "no loop device to be had" ;;
	*HANDLE*) [ "$handle" ] || echo "no loop device to be had" ;;
	*docker.sock*) [ "$docker_socket" ] || echo "dockerd is not installed or does not start" ;;
	esac
}

# fill RUNTIME WORDS: puts the real things in
fill() {
	local words=$2 seize=attach
	[ "$1" = runc ] || seize=seize
	words=${words//HOLDER/$holder}
	words=${words//HFD/$holder_fd}
	words=${words//OUTSIDE/$outside}
	words=${words//DISK/$mount_disk}
	words=${words//HANDLE/$handle}
	words=${words//HOW/$seize}
	words=${words//SOCKETDIR/bind=${docker_socket%/*}:/data}
	words=${words//DECLARED/bind=$work/declared/declared:/file}
	words=${words//VICTIM/$victim}
	echo "${words//SECRET/$secret}"
}

# every row for one runtime
attacks() {
	local runtime=$1
	container "$runtime-victim" "$runtime" -- "echo $token >/etc/victim"
	victim=$(container_pid "$runtime-victim")
	outside=$(outside "$runtime" "$victim")
	rows "$runtime" "$techniques"
	expect_none "$runtime-victim"
}

# below RUNTIME PID: a cgroup below PID's in each hierarchy, by the names that they have inside
below() {
	local dir
	for dir in $(cgroup_dirs "$2"); do
		cgroup_make "$dir/below"
		seen_inside "$1" "$dir/below"
	done | tr '\n' ' '
}

# the same acts on what is the container's own
legal() {
	local name=$1-legal features="hostcgroup caps=all pid=$victim" act
	[ "$handle" ] && features="$features bind=$work/declared/shared:/data"
	# shellcheck disable=SC2086 # words
	container "$name" "$1" $features || return
	while read -r act; do
		[ "$act" ] || continue
		# shellcheck disable=SC2086 # words
		inside "$name" act $act >>"$(bundle "$name")/log" 2>&1
	done <<-END
		own-setns
		own-userns
		own-mount /tmp/mnt
		own-open /etc/hostname
		own-ptrace attach
		own-ptrace seize
		own-getfd /etc/hostname
		own-connect /tmp/sock
		open /proc/self/root/etc/hostname
		${handle:+handle /data/mine $own_handle}
		cgroup-move $(below "$1" "$(container_pid "$name")")
	END
	acts "$name" ok 10
	expect_none "$name"
}

# the same acts, refused by the kernel
denied() {
	local name=$1-denied features="hostpid hostcgroup devices caps=none user=1000" act
	[ "$docker_socket" ] && features="$features bind=${docker_socket%/*}:/data"
	# shellcheck disable=SC2086 # words
	container "$name" "$1" $features || return
	while read -r act; do
		[ "$act" ] || continue
		# shellcheck disable=SC2086 # words
		inside "$name" act $act >>"$(bundle "$name")/log" 2>&1
	done <<-END
		setns-proc $holder $secret
		setns-pidfd $holder $secret
		mount ${mount_disk:-7:0} /tmp/disk ext4 secret
		fsmount ${mount_disk:-7:0} /tmp/disk ext4 secret
		handle /etc/hostname ${handle:-1:0200000000000000}
		open /proc/$holder/root$secret
		ptrace attach $holder
		ptrace seize $holder
		getfd $holder $holder_fd
		${docker_socket:+connect /data/docker.sock}
		cgroup-move $outside
		open /proc/$victim/root/etc/victim
		ptrace seize $victim
	END
	acts "$name" denied 12
	expect_denied "$name"
}

# standin RUNTIME KIND PROG...: a host process in the container's cgroups, as KIND says; it ends with the suite
standin() {
	local name=$1-$2 kind=$2 runtime=$1 pid out
	shift 2
	container "$name" "$runtime" || return
	pid=$(container_pid "$name")
	mapfile -t dirs < <(cgroup_dirs "$pid")
	if [ "$kind" = k03 ]; then
		background "$ACT" standin k03 "$pid" "${dirs[@]}" -- "$@" >"$work/$name.out" 2>&1
	else
		"$ACT" standin "$kind" "$pid" "${dirs[@]}" -- "$@" >"$work/$name.out" 2>&1 9>&-
		read -r _ what out <"$work/$name.out"
		[ "$what" = standin: ] && echo "$out" >>"$work/pids"
	fi
	check "$name acts: $*" until_true "$DEADLINE" grep -q '^ok open: ' "$work/$name.out"
}

standins() {
	local runtime=$1
	standin "$runtime" k01 /bin/act open /etc/hostname , pause
	expect "$runtime-k01" K01 SUCCEEDED "${WARDER_K01_OWNER:-host}"
	standin "$runtime" k03 "$ACT" open "$secret" , pause
	expect "$runtime-k03" K03 SUCCEEDED host
	standin "$runtime" k04 "$ACT" open "$secret" , pause
	expect "$runtime-k04" K04 SUCCEEDED host
}

# R02: a directory of the host's, and one of its own files, that the runtime was told to leave open in the container
leaked() {
	preserve="--preserve-fds 1" container "$1-leak" "$1" 3<"$work/host" || return
	expect "$1-leak" R02 SUCCEEDED any
	expect "$1-leak" "R02|M40" SUCCEEDED any # a sweep may find the container holding it, too
	preserve="--preserve-fds 1" container "$1-kept" "$1" 3</dev/null || return
	expect_none "$1-kept"
}

# what the stand-ins look like where it is legal
entered() {
	local name=$1-entered
	standin_control "$1"
	container "$name" "$1" || return
	inside "$name" act open /etc/hostname >>"$(bundle "$name")/log" 2>&1
	acts "$name" ok
	expect_none "$name"
}

standin_control() {
	standin "$1" control /bin/act open /etc/hostname , pause
	expect_none "$1-control"
}

prepare
sensor_start
for runtime in $(runtimes); do
	attacks "$runtime"
	legal "$runtime"
	denied "$runtime"
	standins "$runtime"
	leaked "$runtime"
	entered "$runtime"
done
verdict
finish
