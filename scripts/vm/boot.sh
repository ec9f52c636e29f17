#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# boot.sh VERSION [-a APPEND]... [-c v2|v1] [-i sh|systemd] [-t SECONDS] [-m MEM_MB] -- COMMAND: runs COMMAND as root in a guest with
# another kernel. The guest is emulated (no KVM) and sees this machine's own files under an overlay: it cannot write them.
#
#   VERSION     5.10, 6.1, 6.12 or newest: see kernel.sh, which fetches it the first time
#   -a APPEND   adds to the kernel's command line (may be repeated; a later lsm= wins over the default one, with bpf)
#   -c v1       gives the guest v1 cgroups beside an empty v2 tree, instead of v2 alone (6.12 and newer lack the v1 memory
#               and cpuset controllers)
#   -i systemd  makes systemd process 1, with a D-Bus system bus and COMMAND as a service, instead of a shell that starts it
#   -t SECONDS  ends the guest after so long (120)
#   -m MEM_MB   memory of the guest (1024)
#   COMMAND     joined by spaces and run by sh, in this directory, with no input; its output comes out as it is written
#
# In the guest /tmp, /run, /dev/shm and the data directories of container engines are empty, /dev/vda is a small ext4 disk
# with a file called secret, and of the network there is lo only. File systems mounted below / are not seen, except the
# one of this directory.
#
# Exit codes: COMMAND's own; 2 wrong usage or not root, 77 no such kernel or no systemd here, 124 timed out, 125 the guest died (with
# the end of its console on stderr, as for 124).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
virtiofsd=/usr/lib/qemu/virtiofsd

usage() {
	echo "usage: boot.sh VERSION [-a APPEND]... [-c v2|v1] [-i sh|systemd] [-t SECONDS] [-m MEM_MB] -- COMMAND" >&2
	exit 2
}

# cleanup: ends what this script started, and nothing else
cleanup() {
	local pid
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$tmp" "/run/virtiofsd/${tmp//\//.}.socket.pid"
}

# make_initrd: the kernel's initramfs with this run's files after it
make_initrd() {
	mkdir -p "$tmp/initrd/vm"
	cp "$here/init" "$tmp/initrd/init"
	cp "$here"/stage[23] "$here"/*.{service,socket} "$tmp/initrd/vm/"
	chmod 755 "$tmp/initrd/init"
	printf '%s\n' "$command" >"$tmp/initrd/vm/command"
	printf '%s\n' "$PWD" >"$tmp/initrd/vm/cwd"
	printf '%s\n' "$cgroup" >"$tmp/initrd/vm/cgroup"
	printf '%s\n' "$init" >"$tmp/initrd/vm/init"
	(cd "$tmp/initrd" && find . | cpio -o -H newc --quiet) | cat "$kernel/initramfs.cpio" - >"$tmp/initrd.cpio"
}

# make_disk: the guest's /dev/vda
make_disk() {
	mkdir "$tmp/disk"
	echo "the secret of the disk" >"$tmp/disk/secret"
	mkfs.ext4 -q -d "$tmp/disk" "$tmp/disk.img" 16M >/dev/null
}

# serve: offers / on a socket, from a read-only mount that only virtiofsd sees: nothing in the guest can write these files
serve() {
	mkdir "$tmp/host"
	unshare -m --propagation private bash -eu -c '
		root=$1 below=$2; shift 2
		ulimit -n "$(ulimit -H -n)"
		mount --bind / "$root"
		mount -o remount,bind,ro "$root"
		if [ "$below" != / ]; then
			mount --bind "$below" "$root$below"
			mount -o remount,bind,ro "$root$below"
		fi
		exec "$@"' serve "$tmp/host" "$(findmnt -n -o TARGET -T "$PWD")" \
		"$virtiofsd" --socket-path="$tmp/socket" --rlimit-nofile=0 -o source="$tmp/host" \
		-o sandbox=chroot -o cache=always -o log_level=err \
		</dev/null >>"$tmp/log" 2>&1 &
	pids="$pids $!"
	while [ ! -S "$tmp/socket" ]; do
		kill -0 $! 2>/dev/null || died "virtiofsd failed" 125
		sleep 0.05
	done
}

# died REASON CODE: says why there is no exit code of the command, with the end of the console
died() {
	echo "boot.sh: kernel $version: $1; the end of its console:" >&2
	[ -s "$tmp/console" ] || cp "$tmp/log" "$tmp/console"
	tail -n 50 "$tmp/console" | tr -d '\r' >&2
	exit "$2"
}

[ $# -ge 1 ] || usage
version=$1 append='' cgroup=v2 init=sh seconds=120 memory=1024
shift
while getopts a:c:i:t:m: option; do
	case $option in
	a) append="$append $OPTARG" ;;
	c) cgroup=$OPTARG ;;
	i) init=$OPTARG ;;
	t) seconds=$OPTARG ;;
	m) memory=$OPTARG ;;
	*) usage ;;
	esac
done
case $cgroup in v1 | v2) ;; *) usage ;; esac
case $init in sh | systemd) ;; *) usage ;; esac
[ "${!OPTIND-}" ] && [ "${@:OPTIND-1:1}" = -- ] || usage
command=${*:OPTIND}
if [ "$(id -u)" != 0 ]; then
	echo "boot.sh: needs root" >&2
	exit 2
fi

tools="qemu-system-x86_64 $virtiofsd mkfs.ext4"
[ $init = sh ] || tools="$tools /lib/systemd/systemd dbus-daemon"
for tool in $tools; do
	if ! command -v "$tool" >/dev/null; then
		echo "SKIP kernel $version: $(basename "$tool") is not installed" >&2
		exit 77
	fi
done
kernel=${WARDER_VM_DIR:-$here/../../build/vm}/$version
"$here/kernel.sh" "$version" "$kernel"

pids=''
tmp=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
make_initrd
make_disk
serve

# qemu makes its output non-blocking: it gets one of its own. With thread=multi, a processor of the guest now and then
# runs an instruction for ever that the kernel on another one has patched (a static branch, a probe).
mkfifo "$tmp/output"
cat "$tmp/output" &
reader=$!
# What of the processor costs most to emulate is left out: registers to save at each switch, checks at each copy to the user.
# Without expedited RCU the guest idles for a fifth of its time: each program that is taken off waits for a grace period.
timeout -k 5 "$seconds" qemu-system-x86_64 -accel tcg,thread=single -cpu "max,la57=off,avx=off,avx2=off,xsave=off,smap=off,smep=off" -smp 2 -m "$memory" \
	-nodefaults -no-user-config -display none -no-reboot \
	-kernel "$kernel/vmlinux" -initrd "$tmp/initrd.cpio" \
	-append "console=ttyS0 quiet oops=panic panic=-1 lsm=lockdown,capability,yama,bpf audit=0 nowatchdog rcupdate.rcu_expedited=1$append" \
	-object memory-backend-memfd,id=memory,size="${memory}M",share=on -numa node,memdev=memory \
	-chardev socket,id=host,path="$tmp/socket" -device vhost-user-fs-pci,chardev=host,tag=host \
	-drive file="$tmp/disk.img",format=raw,if=none,id=disk -device virtio-blk-pci,drive=disk \
	-chardev stdio,id=output,signal=off \
	-serial file:"$tmp/console" -serial chardev:output -serial file:"$tmp/code" \
	</dev/null >"$tmp/output" 2>>"$tmp/log" &
pids="$pids $! $reader"
status=0
wait $! || status=$?
wait "$reader" || true

code=$(tr -cd 0-9 2>/dev/null <"$tmp/code") || true
[ -z "$code" ] || exit "$code"
[ $status != 124 ] && [ $status != 137 ] || died "timed out after $seconds seconds" 124
died "the guest died" 125
