#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kernelfs.sh: the kernel's interfaces and devices, opened by real containers of runc and crun, each by every door that there is (the
# plain path, openat2, a bind mount under another name, a filesystem mounted elsewhere), and the controls: what is the container's
# own (B06 B16 B46), what tunes a node (B30: nothing of MEDIUM or worse), what the kernel refuses.
#
# Everything is opened and not written to. In the guest of a virtual machine (WARDER_SLOW) files are written as they were, too.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" kernelfs
. "$here/rows.sh"

# rows.sh says what a row is; its words in capitals are filled in below
techniques="
m12        M12 host -                              | mknod b 7:0 /tmp/node
m12-mem    M12 host -                              | mknod c 1:1 /tmp/node
m13        M13 host hostcgroup caps=all            | open-write OWNV1/devices.allow
m14        M14 host bind=FUSEDIR:/lxcfs            | open-write /lxcfs/release_agent
m16        M16 host hostcgroup caps=all            | open-write V1ROOT/release_agent
m17        M17 host caps=all unmasked              | open-write /proc/sys/kernel/core_pattern
m17-how    M17 host caps=all unmasked              | openat2-write /proc/sys/kernel/core_pattern
m17-bind   M17 host caps=all unmasked              | bind-write /proc/sys/kernel/core_pattern /tmp/innocent
m17-fresh  M17 host caps=all unmasked              | fresh-write proc /tmp/innocent sys/kernel/core_pattern
m17-chroot M17 host caps=all unmasked              | chroot-write /proc sys/kernel/core_pattern
m18        M18 host caps=all unmasked              | open-write /proc/sys/kernel/poweroff_cmd
m18-probe  M18 host caps=all unmasked              | open-write /proc/sys/kernel/modprobe
m19        M19 host bind=BINFMT:/binfmt            | open-write /binfmt/register
m20        M20 host caps=all unmasked              | open-write /sys/kernel/uevent_helper
m21        M21 host caps=all unmasked              | open-write /proc/sysrq-trigger
m21-mask   M21 host caps=all unmasked              | open-write /proc/sys/kernel/sysrq
m22        M22 host caps=all unmasked              | open-write /proc/sys/kernel/panic_on_oops
m22-sysfs  M22 host caps=all unmasked              | chroot-write /sys PARAMETER
m26        M26 host caps=all bind=/dev/mem:/mem devices | open-write /mem
m27        M27 host caps=all unmasked              | open /proc/kcore
m27-names  M27 host caps=all                       | open /proc/kallsyms
m28        M28 host caps=all bind=/dev/kmsg:/innocent devices | open /innocent
m48        M48 host bind=DISK:/innocent devices    | open-write /innocent
m60        M60 host caps=all bind=TRACEFS:/innocent | open-write /innocent/set_event
m60-debug  M60 host caps=all bind=DEBUGFS:/innocent | open-write /innocent/fault_around_bytes
m61        M61 host caps=all bind=SECURITYFS:/innocent | open-write /innocent/lockdown
x15        X15 container hostcgroup caps=all       | open-write VICTIM/cgroup.freeze
x15-v1     X15 container hostcgroup caps=all       | open-write VICTIMV1/devices.deny
r24        R24 host hostcgroup caps=all            | open-write PARENT/cgroup.freeze
k14        K14 host hostcgroup caps=all            | userns-release /tmp/agent ROOTV1
"
# those that do write; natively they would act on the machine
written="
m15        M16 host hostcgroup caps=all            | own-hierarchy /tmp/innocent
m17-write  M17 host caps=all unmasked              | write-back /proc/sys/kernel/core_pattern
m18-write  M18 host caps=all unmasked              | write-back /proc/sys/kernel/modprobe
"

# kernel_mount NAME FSTYPE: the kernel's filesystem of the host, at $work/NAME
kernel_mount() {
	mkdir "$work/$1" && mounted -t "$2" none "$work/$1" 2>/dev/null || rmdir "$work/$1"
}

prepare() {
	kernel_mount tracefs tracefs
	kernel_mount debugfs debugfs
	kernel_mount securityfs securityfs
	kernel_mount binfmt binfmt_misc
	mkdir "$work/mnt"
	scratch_disk used && mounted "$disk" "$work/mnt" && used_disk=$disk || used_disk=
	fuse=
	mkdir "$work/fuse"
	background "$ACT" fuse-serve "$work/fuse" release_agent >"$work/fuse.out" 2>&1
	echo "$work/fuse" >>"$work/mounted"
	until_true "$DEADLINE" grep -q . "$work/fuse.out"
	grep -q '^ok' "$work/fuse.out" && fuse=$work/fuse
	parameter=$(find /sys/module/*/parameters -type f -perm -200 2>/dev/null | head -n 1)
}

# v1_dir CONTROLLER DIR...: which of the directories is of this v1 hierarchy
v1_dir() {
	local controller=$1 dir
	shift
	for dir; do
		case $dir in
		/sys/fs/cgroup/"$controller"/*) echo "$dir" ;;
		esac
	done
}

# v2_dir DIR...: which of them is of v2
v2_dir() {
	local dir
	for dir; do
		[ -e "$dir/cgroup.freeze" ] && echo "$dir"
	done
}

# missing WORDS: why a row cannot run here
missing() {
	local words=$1 file
	file=$(grep -oE ' /(proc|sys)/[^ ]*' <<<"$words" | head -n 1)
	case $words in
	*VICTIMV1*) [ "$victim_v1" ] || echo "$runtime joins no v1 devices hierarchy" ;;
	*VICTIM*) [ "$victim_v2" ] || echo "$runtime joins no v2 cgroup" ;;
	*PARENT*) [ "$victim_v2" ] || echo "$runtime joins no v2 cgroup" ;;
	*OWNV1*) [ "$victim_v1" ] || echo "$runtime joins no v1 devices hierarchy" ;;
	*V1ROOT*) [ "$v1_root" ] || echo "no v1 hierarchy in $runtime's containers" ;;
	*ROOTV1*) [ "$root_v1" ] || echo "$runtime's containers are at no v1 hierarchy's root" ;;
	*FUSEDIR*) [ "$fuse" ] || echo "no FUSE: $(cat "$work/fuse.out")" ;;
	*DISK*) [ "$used_disk" ] || echo "no loop device to be had" ;;
	*BINFMT*) [ -e "$work/binfmt/register" ] || echo "this kernel has no binfmt_misc" ;;
	*TRACEFS*) [ -e "$work/tracefs/set_event" ] || echo "this kernel's tracefs has no set_event" ;;
	*DEBUGFS*) "$ACT" open-write "$work/debugfs/fault_around_bytes" >/dev/null || echo "this kernel's debugfs is absent or locked down" ;;
	*SECURITYFS*) [ -e "$work/securityfs/lockdown" ] || echo "this kernel has no lockdown module" ;;
	*PARAMETER*) [ "$parameter" ] || echo "this kernel has no module with a parameter" ;;
	*/dev/mem*) [ -e /dev/mem ] || echo "this kernel has no /dev/mem" ;;
	*) [ -z "$file" ] || [ -e "${file# }" ] || echo "this kernel has no$file" ;;
	esac
}

# fill RUNTIME WORDS: puts the real things in
fill() {
	local words=$2
	words=${words//VICTIMV1/$victim_v1}
	words=${words//VICTIM/$victim_v2}
	words=${words//PARENT/${victim_v2%/*}}
	words=${words//OWNV1/$own_v1}
	words=${words//V1ROOT/$v1_root}
	words=${words//ROOTV1/$root_v1}
	words=${words//FUSEDIR/$fuse}
	words=${words//DISK/$used_disk}
	words=${words//BINFMT/$work/binfmt}
	words=${words//TRACEFS/$work/tracefs}
	words=${words//DEBUGFS/$work/debugfs}
	words=${words//SECURITYFS/$work/securityfs}
	words=${words//PARAMETER/${parameter#/sys/}}
	echo "$words"
}

# cgroups RUNTIME: the victim's directories by the names that they have inside, and the v1 hierarchies
cgroups() {
	local dirs v1 v2
	mapfile -t dirs < <(cgroup_dirs "$(container_pid "$1-victim")")
	v1=$(v1_dir devices "${dirs[@]}") v2=$(v2_dir "${dirs[@]}")
	victim_v1=${v1:+$(seen_inside "$1" "$v1")}
	victim_v2=${v2:+$(seen_inside "$1" "$v2")}
	own_v1=${victim_v1%/*}/$id-$1-m13
	v1_root=
	[ "$1" = crun ] && [ "$hybrid" ] || [ ! -e /sys/fs/cgroup/devices/release_agent ] || v1_root=/cgroup/devices
	root_v1=
	[ -d /sys/fs/cgroup/devices ] && [ -z "$v1" ] && root_v1=devices
}

attacks() {
	local runtime=$1
	container "$runtime-victim" "$runtime" || return
	cgroups "$runtime"
	rows "$runtime" "$techniques"
	if [ "${WARDER_SLOW:-}" ]; then
		rows "$runtime" "$written"
		expect "$runtime-m15" M15 SUCCEEDED host
	else
		skip "$runtime-m15, m17-write, m18-write: they act on the whole machine: in a virtual machine only"
	fi
	expect_none "$runtime-victim"
}

# what is the container's own, or everybody's: B06 (net sysctls), B16 (its cgroups), B25, B46 (whiteouts)
legal() {
	local name=$1-legal dirs dir own_files=
	container "$name" "$1" hostcgroup caps=all unmasked devices || return
	mapfile -t dirs < <(cgroup_dirs "$(container_pid "$name")")
	for dir in $(v2_dir "${dirs[@]}"); do
		cgroup_make "$dir/below"
		own_files="$own_files $(seen_inside "$1" "$dir")/cgroup.freeze $(seen_inside "$1" "$dir")/below/cgroup.freeze"
	done
	for dir in $(v1_dir devices "${dirs[@]}"); do
		cgroup_make "$dir/below"
		own_files="$own_files $(seen_inside "$1" "$dir")/below/devices.deny $(seen_inside "$1" "$dir")/notify_on_release"
	done
	for dir in $own_files /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax /proc/sys/kernel/hostname \
		/proc/self/oom_score_adj /sys/class/net/lo/mtu /dev/null; do
		inside "$name" act open-write "$dir" >>"$(bundle "$name")/log" 2>&1
	done
	inside "$name" act mknod c 0:0 /dev/shm/whiteout >>"$(bundle "$name")/log" 2>&1
	inside "$name" act mknod c 1:3 /tmp/null >>"$(bundle "$name")/log" 2>&1
	inside "$name" act open /sys/kernel/fscaps >>"$(bundle "$name")/log" 2>&1
	acts "$name" ok $((9 + $(wc -w <<<"$own_files")))
	expect_none "$name"
}

# B30: what tunes a node is told, and wakes nobody
tuning() {
	local name=$1-tuning
	container "$name" "$1" caps=all unmasked -- "act open-write /proc/sys/vm/max_map_count , open-write /proc/sys/kernel/threads-max" || return
	inside "$name" act open-write /proc/sys/fs/inotify/max_user_watches , open-write /proc/sys/kernel/panic >>"$(bundle "$name")/log" 2>&1
	acts "$name" ok 4
	expect "$name" M22 SUCCEEDED host
	tuned="$tuned $name"
}

# calm NAME: the worst that was found about it is LOW
calm() {
	jq -se --arg n "$id-$1" 'map(select(.type == "FINDING" and .actor.workload.container.name == $n).severity) | length > 0 and
		all(. == "LOW" or . == "INFORMATIONAL")' "$events" >/dev/null
}

denied() {
	local name=$1-denied act
	container "$name" "$1" hostcgroup caps=none user=1000 || return
	while read -r act; do
		# shellcheck disable=SC2086 # words
		inside "$name" act $act >>"$(bundle "$name")/log" 2>&1
	done <<-END
		open-write /proc/sys/kernel/core_pattern
		open-write /proc/sys/vm/max_map_count
		mknod b 7:0 /tmp/node
		mknod c 1:1 /tmp/node
	END
	acts "$name" denied 4
	expect_denied "$name"
}

# a node can be made, and the devices cgroup refuses its open
refused() {
	local name=$1-refused
	container "$name" "$1" "bind=$used_disk:/node" || return
	inside "$name" act open-write /node >>"$(bundle "$name")/log" 2>&1
	acts "$name" denied
	case $(jq -r '.hooks[] | select(.hook == "device_denied").tier' "$work/doctor.json") in
	fexit) expect_denied "$name" ;;
	*) expect_none "$name" ;; # doctor: refused opens are unseen
	esac
}

# The write itself was seen, where there is a hook for it.
wrote() {
	jq -se --arg n "$id-$1" 'any(.type == "FINDING" and .actor.workload.container.name == $n and .finding.confidence == "CONFIDENCE_HIGH" and
		(.message | startswith("wrote to")))' "$events" >/dev/null
}

prepare
sensor_start
tuned=
for runtime in $(runtimes); do
	attacks "$runtime"
	legal "$runtime"
	tuning "$runtime"
	denied "$runtime"
	[ ! "$used_disk" ] || refused "$runtime"
done
verdict
for name in $tuned; do
	check "B30: nothing worse than LOW about $name" calm "$name"
done
if [ "$(jq -r '.hooks[] | select(.hook == "kernel_write").state' "$work/doctor.json")" = SEEN ] && [ "${WARDER_SLOW:-}" ]; then
	for runtime in $(runtimes); do
		check "the write of core_pattern by $runtime-m17-write was seen" wrote "$runtime-m17-write"
		check "the write of release_agent by $runtime-m15 was seen" wrote "$runtime-m15"
	done
fi
finish
