#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# deps.sh [build|test]...: installs the Debian packages that the project needs and does not find here.
# Idempotent: prints what is missing, installs only that, says nothing to do otherwise. Needs root only when something is missing.
set -eu

# to build the sensor
build="clang llvm gcc make pkg-config libbpf-dev libelf-dev zlib1g-dev bpftool protobuf-compiler protobuf-c-compiler
 libprotobuf-dev libprotobuf-c-dev libjansson-dev libcurl4-openssl-dev libyaml-dev libcap-dev nettle-dev libisal-dev libncurses-dev linux-libc-dev libc6-dev"
# to test it: unit tests, linters, sanitizers, real runtimes, the VM
test="libcmocka-dev clang-format cppcheck libclang-rt-14-dev libseccomp-dev runc crun docker.io containerd podman conmon python3-grpcio
 containernetworking-plugins busybox-static jq python3 strace systemd dbus
 python3-jsonschema python3-yaml qemu-system-x86 qemu-system-common kmod cpio xz-utils zstd util-linux procps iproute2 mandoc chromium chromium-driver poppler-utils debian-archive-keyring"
# the programs of the benign workloads (tests/live/workload_rows.sh), 200 MB: they run in containers, and nowhere else
workloads="bubblewrap buildah chrony clamav cron curl etcd-client etcd-server fatrace fio fuse3 gdb haproxy iptables iputils-arping
 iputils-ping libcap2-bin linux-perf lvm2 nftables nginx-light openssh-client openssh-server openvpn postgresql prometheus-node-exporter restic
 rsync rsyslog socat sshfs stress-ng sudo tcpdump udev"
# to start a real container for the demo
demo="runc busybox-static jq"

[ $# -gt 0 ] || set -- build
want=
for set in "$@"; do
	case $set in
	build) want="$want $build" ;;
	test) want="$want $build $test $workloads" ;;
	demo) want="$want $build $demo" ;;
	*) echo "deps.sh: unknown set '$set': build, demo or test" >&2; exit 2 ;;
	esac
done

missing=
for p in $want; do
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
if [ -z "${missing// /}" ]; then
	exit 0
fi
if [ "$(id -u)" != 0 ]; then
	echo "deps.sh: missing packages: $missing" >&2
	echo "deps.sh: run 'make setup' as root, or install them yourself" >&2
	exit 1
fi
echo "deps.sh: installing: $missing" >&2
export DEBIAN_FRONTEND=noninteractive
# Daemons must not be started by their packages: the tests start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod +x $policy
	trap 'rm -f $policy' EXIT
fi
installed() {
	dpkg-query -W -f='${Package}\n' | sort -u
}
before=$(installed)
apt-get update -qq
apt-get install -y -qq --no-install-recommends $missing >/dev/null
# Nor by the next boot: what came now is for the tests alone.
units=$(installed | grep -vxF "$before" | xargs -r dpkg -L | sed -nE 's,^/lib/systemd/system/([^@/]*\.(service|socket|timer))$,\1,p')
[ -z "$units" ] || ! command -v systemctl >/dev/null || systemctl disable -q $units 2>/dev/null || true
