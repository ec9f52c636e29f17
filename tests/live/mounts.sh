#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mounts.sh: mount trees, roots and namespaces, by every door, in real containers of runc and crun.
#
# M11 by each call that takes a mask or a read-only mount down or goes round one; M10, a mount that the host gets too; M06 and M58 by chroot; M05, K14 and K15 in a
# user namespace; M03 and M04, a namespace joined without its file in procfs; M62. The controls are B16 (mounts of its own), B17
# and B18 (chroot, pivot_root and user namespaces inside) and B23, all in one container; the same acts where there is no mask;
# and all of them without the capability.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" mounts
. "$here/rows.sh"

# rows.sh says what a row is; its words in capitals are filled in below
techniques="
umount       M11 host caps=all         | unmask MASKED
umount-ro    M11 host caps=all         | unmask /proc/irq
remount      M11 host caps=all         | remount /proc/irq
setattr      M11 host caps=all         | setattr /proc/irq
setattr-sys  M11 host caps=all         | setattr /sys
treeattr     M11 host caps=all         | tree-attr /proc/irq
move         M11 host caps=all         | move /proc/irq /tmp/irq
proc         M11 host caps=all         | new proc /tmp/proc
proc-fsmount M11 host caps=all         | new-fsmount proc /tmp/proc
sysfs        M11 host caps=all         | new sysfs /tmp/sys
tracefs      M11 host caps=all         | new tracefs /tmp/tracing
bind         M11 host caps=all         | bind /proc /tmp/proc
bind-remount M11 host caps=all         | bind-remount /proc/irq /tmp/irq
clone        M11 host caps=all         | clone /proc/irq /tmp/irq
m10          M10 host caps=all SHARED  | new tmpfs /data/there
m06          M06 host HOSTROOT         | chroot /data /etc/passwd
m58          M58 host hostpid caps=SYS_PTRACE | chroot /proc/HOLDER/root SECRET
m05          M05 any  caps=all         | userns
m05-clone    M05 any  caps=all         | userns-clone
k15          K15 any  caps=all         | userns-overlay /tmp/o
k14          K14 host caps=all         | userns-cgroup CONTROLLER /tmp/c
m03          M03 host hostpid caps=all | setns-ioctl HOLDER SECRET
m04          M04 host hostpid caps=all | setns-handle HOLDER SECRET
m62          M62 host devices caps=all IMAGE | loop-mount /file /tmp/disk ext4 secret
"

# a controller whose hierarchy of version 1 is mounted here
controller=$(awk '$3 == "cgroup" { n = split($2, path, "/"); if (path[n] == "pids") print "pids" }' /proc/mounts | head -n 1)

prepare() {
	host_secret
	for masked in /proc/kcore /proc/keys /proc/timer_list; do
		[ ! -e $masked ] || break
	done
	image=
	mkdir "$work/shared" && mounted --bind "$work/shared" "$work/shared" && mount --make-private "$work/shared" &&
		mount --make-shared "$work/shared"
	scratch_disk image && losetup -d "$disk" && image=$work/image.img
}

kernel_has() {
	local have
	have=$(uname -r)
	[ "$(printf '%s\n' "$1" "${have%%-*}" | sort -V | head -n 1)" = "$1" ]
}

# missing WORDS: why a row cannot run here
missing() {
	case $1 in
	*setattr* | *clone\ /proc*) kernel_has 5.12 || echo "mount_setattr came with 5.12" ;;
	*tree-attr*) kernel_has 6.15 || echo "open_tree_attr came with 6.15" ;;
	*userns-overlay*) kernel_has 5.11 || echo "overlayfs in user namespaces came with 5.11" ;;
	*userns-cgroup*) [ "$controller" ] || echo "no cgroup hierarchy of version 1 is mounted" ;;
	*setns-ioctl*) kernel_has 6.11 || echo "PIDFD_GET_MNT_NAMESPACE came with 6.11" ;;
	*setns-handle*) kernel_has 6.18 || echo "handles of namespaces came with 6.18" ;;
	*SHARED*) [ "$runtime" = runc ] || [ -z "$hybrid" ] || echo "crun has a private view of the mounts here" ;;
	*loop-mount*) [ "$image" ] || echo "no loop device to be had" ;;
	esac
}

# fill RUNTIME WORDS: puts the real things in
fill() {
	local words=$2
	words=${words//HOLDER/$holder}
	words=${words//HOSTROOT/bind=/:/data}
	words=${words//MASKED/$masked}
	words=${words//SHARED/shared=$work/shared:/data}
	words=${words//IMAGE/bind=$image:/file}
	words=${words//CONTROLLER/$controller}
	echo "${words//SECRET/$secret}"
}

# several NAME ACTS: each act in an exec of its own
several() {
	local act
	while read -r act; do
		# shellcheck disable=SC2086 # words
		[ ! "$act" ] || inside "$1" act $act >>"$(bundle "$1")/log" 2>&1
	done <<<"$2"
}

# B16 B17 B18 B23: what sandboxes, service managers and daemons do inside
legal() {
	container "$1-legal" "$1" caps=all -- 'mkdir /jail && busybox cp -a /bin /etc /jail/' || return
	several "$1-legal" "
		own-tree /tmp/own
		own-mount /tmp/mnt
		own-setns
		own-userns
		chroot /jail /etc/hostname
		pivot /jail /etc/hostname
		pivot /jail /etc/hostname user"
	acts "$1-legal" ok 7
	expect_none "$1-legal"
}

# where nothing was masked there is no wall to go round (B17: an engine in a privileged container)
bare() {
	container "$1-bare" "$1" unmasked caps=all || return
	several "$1-bare" "
		new proc /tmp/proc
		new sysfs /tmp/sys
		bind /proc /tmp/proc2"
	acts "$1-bare" ok 3
	expect_none "$1-bare"
}

# the kernel refuses all of it
denied() {
	container "$1-denied" "$1" hostpid caps=none user=1000 || return
	several "$1-denied" "
		unmask $masked
		remount /proc/irq
		new proc /tmp/proc
		bind /proc /tmp/proc
		chroot / /etc/hostname
		setns-pidfd $holder $secret"
	acts "$1-denied" denied 6
	expect_denied "$1-denied"
}

prepare
sensor_start
for runtime in $(runtimes); do
	rows "$runtime" "$techniques"
	umount "$work/shared/there" 2>/dev/null # the host's copy of m10's
	# where its setting up is not seen, a loop device is a block device like any other
	if [ "$image" ] && unseen M62; then
		expect "$runtime-m62" M07 SUCCEEDED host
	else
		skip "$runtime-m62: M07: the loop device is told as the container's own here, or there is none"
	fi
	legal "$runtime"
	bare "$runtime"
	denied "$runtime"
done
verdict
finish
