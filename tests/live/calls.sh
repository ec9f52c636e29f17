#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# calls.sh: calls into the kernel that all containers share, in real containers of runc and crun, with their controls.
#
# Nothing here changes the machine: what would (a clock that is set, a real module, kexec, ports) runs in a virtual machine only
# (WARDER_SLOW, set there), and is skipped with a word elsewhere.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" calls
. "$here/rows.sh"

# rows.sh says what a row is; its words in capitals are filled in below
breaches="
m23 M23 host caps=SYS_MODULE MODDIR      | module /modules/module.ko
m23u M23 host caps=SYS_MODULE            | module-out KMOD
m25 M25 host caps=SYS_BOOT               | kexec
m26 M26 host caps=SYS_RAWIO              | ports 1
m28 M28 host caps=SYSLOG                 | log 3
m29 M29 host hostpid caps=all            | perf HOLDER
m29a M29 host caps=all                   | perf -1
m30 M30 host caps=all                    | bpf-load 5
m31 M31 host caps=all                    | bpf-take prog OTHERS
m52 M52 host caps=SYS_TIME               | clock-set
m52a M52 host caps=SYS_TIME              | clock-adjust 1
k13 K13 any caps=SYS_ADMIN               | options 20
k21 K21 any user=1000                    | privileged bare /bin/setid
p14p P14 host caps=all                   | bpf-take prog OWN_PROG
p14m P14 host caps=all                   | bpf-take map OWN_MAP
p14l P14 host caps=all                   | bpf-take link OWN_LINK
p14s P14 host hostpid caps=all           | signal SENSOR 18
p14f P14 host hostcgroup caps=all        | freeze FREEZE
"

# what exploits begin with, and honest programs do too
context="
m54 M54 any -                            | uring
m55 M55 any caps=SYS_PTRACE              | uffd 0
x17 X17 any caps=SYS_ADMIN               | mark fs /tmp
x17m X17 any caps=SYS_ADMIN              | mark mount /tmp
x16 X16 host caps=all                    | bpf-load 3
k11 K11 any -                            | socket 38 5 0
k16 K16 any -                            | netfilter
k17 K17 any -                            | socket 17 3 0
m63 M63 any -                            | socket 40 1 0
m51 M51 any hostnet caps=NET_ADMIN       | net-admin
k10 K10 any -                            | splice 1 /etc/hostname
k21u K21 any user=1000                   | privileged usual /bin/setid
d09 D09 any caps=SYS_ADMIN               | list-mounts
d03 D03 any -                            | hunt 16
d01 D01 any -                            | try-caps 6
"

# past the check of rights, and still refused: an attempt
attempts="
m23x M23 host caps=SYS_MODULE            | module /etc/hostname
m23y M23 host caps=SYS_MODULE            | module-mem
m23z M23 host caps=SYS_MODULE            | module-out no_such_module
p20x P20 host hostpid caps=SYS_BOOT      | reboot
"

# can WORDS: this kernel has what the act needs; the host itself tries it, where that is harmless
can() {
	[[ $("$ACT" "$@" 2>&1) = ok* ]]
}

# missing WORDS: why a row cannot run here
missing() {
	case $1 in
	*MODDIR* | *KMOD) [ -e /run/vm/module.ko ] || echo "loads a real module: in a virtual machine only" ;;
	*clock-set* | *clock-adjust*) [ "${WARDER_SLOW:-}" ] || echo "changes the clock: in a virtual machine only" ;;
	*kexec*) [ -e /sys/kernel/kexec_loaded ] || echo "the kernel has no kexec" ;;
	*"ports 1"*) can ports 0 || echo "the kernel has no ioperm" ;;
	*OTHERS*) [ "$others" ] || echo "no BPF program on this machine but the sensor's" ;;
	*OWN_*) [ "$sensor" ] || echo "there is no sensor (WARDER=none)" ;;
	*SENSOR*) [ "$sensor" ] || echo "there is no sensor (WARDER=none)" ;;
	*FREEZE*)
		[ "$sensor" ] || echo "there is no sensor (WARDER=none)"
		[ "$runtime" != crun-v1 ] || echo "cgroup version 1 has no such tracepoint"
		;;
	*options*) can options 1 || echo "the kernel has no fsopen" ;;
	*list-mounts) can list-mounts || echo "the kernel lists no mounts by number (6.11)" ;;
	*uring) can uring || echo "the kernel has no io_uring" ;;
	*netfilter) can netfilter || echo "the kernel has no netfilter" ;;
	# shellcheck disable=SC2086 # words
	*socket\ *) can socket ${1##*socket } || echo "the kernel has no such family" ;;
	*module*) [ -e /proc/modules ] || echo "the kernel has no modules" ;;
	esac
}

# fill RUNTIME WORDS: puts the real things in
fill() {
	local words=$2
	words=${words//HOLDER/$holder}
	words=${words//OTHERS/$others}
	words=${words//OWN_PROG/$own_prog}
	words=${words//OWN_MAP/$own_map}
	words=${words//OWN_LINK/$own_link}
	words=${words//SENSOR/$sensor}
	words=${words//FREEZE/$(seen_inside "$1" "$sensor_cgroup")/cgroup.freeze}
	words=${words//MODDIR/bind=/run/vm:/modules}
	echo "${words//KMOD/loop}"
}

# own_object KIND: the last id of a program, map or link that the sensor holds
own_object() {
	cat "/proc/$sensor/fdinfo"/* 2>/dev/null | sed -n "s/^$1_id:[[:space:]]*//p" | tail -n 1
}

# what the rows need to know of the sensor: its objects, and a cgroup for it alone
prepare_sensor() {
	[ "$sensor" ] || return
	own_prog=$(own_object prog) own_map=$(own_object map) own_link=$(own_object link)
	sensor_cgroup=/sys/fs/cgroup${hybrid:+/unified}/warder-test/$id-sensor
	mkdir -p "$sensor_cgroup" && echo "$sensor" >"$sensor_cgroup/cgroup.procs"
}

# undetached: not even the host gets a link of the sensor's off
undetached() {
	local link
	[ "$sensor" ] || return 0
	for link in $(cat "/proc/$sensor/fdinfo"/* 2>/dev/null | sed -n "s/^link_id:[[:space:]]*//p"); do
		[[ $("$ACT" bpf-detach "$link") = *"Operation not supported" ]] || return
	done
	[ "$link" ]
}

# undeleted: not even the host writes the sensor's tables (hash maps: type 1, least recently used: 9)
undeleted() {
	local map
	[ "$sensor" ] || return 0
	for map in $(cat "/proc/$sensor/fdinfo"/* 2>/dev/null | awk '$1 == "map_type:" { t = $2 } $1 == "map_id:" && (t == 1 || t == 9) { print $2 }'); do
		[[ $("$ACT" bpf-delete "$map") = "denied bpf-delete: BPF_MAP_DELETE_ELEM:"* ]] || return
	done
	[ "$map" ]
}

# a program that is not the sensor's, held by a host process
others_program() {
	background "$ACT" bpf-hold >"$work/others"
	until_true "$DEADLINE" grep -q ' bpf-hold' "$work/others"
	read -r _ _ others <"$work/others"
	[[ $others = [0-9]* ]] || others=
}

# is_known NAME: the sensor has the container's name from its runtime; only what a breach hangs on waits for it
is_known() {
	[ "$WARDER" = none ] || grep -qF "\"name\":\"$id-$1\",\"runtime\":" "$events"
}

# in_exec RUNTIME OUTCOME TABLE: as rows, each act exec'd into a container that is known by name
in_exec() {
	local name technique owner features act why words
	while IFS='|' read -r words act; do
		read -r name technique owner features <<<"$words"
		[ "$name" ] || continue
		why=$(missing "$features $act")
		if [ "$why" ]; then
			skip "$1-$name: $why"
			continue
		fi
		name=$1-$name
		[ "$features" != - ] || features=
		# shellcheck disable=SC2086 # words
		container "$name" "$1" $features || continue
		until_true "$DEADLINE" is_known "$name"
		# shellcheck disable=SC2086 # words
		inside "$name" act $act >>"$(bundle "$name")/log" 2>&1
		acts "$name" ok
		expect "$name" "$technique" "$2" "$owner"
	done <<<"$3"
}

# on_each NAME: runs the acts of its input in a container
on_each() {
	local act count=0
	while read -r act; do
		[ "$act" ] || continue
		# shellcheck disable=SC2086 # words
		inside "$1" act $act >>"$(bundle "$1")/log" 2>&1
		count=$((count + 1))
	done
	acts "$1" "$2" "$count"
}

# B19 B24 B27: what a container may: its own tasks, faults of its own, a look at the clock; below MEDIUM all of it
legal() {
	local name=$1-legal
	container "$name" "$1" caps=all || return
	on_each "$name" ok <<-END
		own-perf
		$(! can uffd 1 || echo uffd 1)
		uring
		log 10
		clock-adjust 0
		mark inode /etc/hostname
		bpf-load 1
		families
		socket 16 3 0
		options 3
		splice 4 /etc/hostname
		net-admin
		hunt 40 same
		hunt 6
	END
	expect_none "$name"
	expect_without "$name" K10 K13 X17 D03
	container "$1-few" "$1" || return
	on_each "$1-few" ok <<-END
		try-caps 3
		try-caps 3
	END
	expect_without "$1-few" D01
}

# the same acts as the rows', refused by the kernel
denied() {
	local name=$1-denied
	container "$name" "$1" hostpid caps=none user=1000 || return
	on_each "$name" denied <<-END
		clock-set
		clock-adjust 1
		reboot
		bpf-load 5
		bpf-take prog 1
		perf $holder
		perf -1
		$([ ! -e /proc/modules ] || echo module /etc/hostname)
		$([ ! -e /sys/kernel/kexec_loaded ] || echo kexec)
		$(! can ports 0 || echo ports 1)
		signal $holder 18
	END
	expect_denied "$name"
	expect "$name" K19 DENIED any
}

host_secret
cp "$ACT" "$work/rootfs/bin/setid"
chmod 4755 "$work/rootfs/bin/setid"
others_program
# what the virtual machine came up with, and no suite here needs
[ ! -e /run/vm/module.ko ] || rmmod loop
sensor_start
prepare_sensor
check "P14: no link of the sensor can be detached" undetached
check "P14: no table of the sensor can be written" undeleted
for runtime in $(runtimes); do
	rows "$runtime" "$breaches"
	# what froze the sensor is a cgroup's file, and not the container's
	[ ! "$sensor" ] || [ "$runtime" = crun-v1 ] || expect "$runtime-p14f" R24 SUCCEEDED host
	in_exec "$runtime" SUCCEEDED "$context"
	in_exec "$runtime" DENIED "$attempts"
	legal "$runtime"
	denied "$runtime"
done
verdict
[ ! -e /run/vm/module.ko ] || insmod /run/vm/module.ko # other suites need it
finish
