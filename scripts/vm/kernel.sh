#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kernel.sh VERSION [OUTDIR]: fetches a Debian cloud kernel for boot.sh. VERSION: 5.10, 6.1, 6.12 or newest.
#
# Leaves in OUTDIR (default ${WARDER_VM_DIR:-build/vm of this tree}/VERSION):
#   vmlinux         the uncompressed kernel
#   initramfs.cpio  busybox and the modules, in load order: what reaching the root file system takes, and a bridge of containers
#   release         the kernel's release
#   modules         the names of the modules; written last, so OUTDIR is complete when it has those that are wanted
# Nothing is installed and the machine's own apt state is not touched: everything goes by a private apt configuration,
# with the machine's own mirror and the Debian archive keyring. A complete OUTDIR is left as it is; remove it to refetch.
#
# Exit codes: 0 OUTDIR is complete, 2 wrong usage, 77 this kernel cannot be had here (a SKIP line on stderr says why).
set -eu

modules="virtio_pci virtio_blk virtiofs overlay crc32c_generic ext4 bridge veth loop"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

usage() {
	echo "usage: kernel.sh 5.10|6.1|6.12|newest [OUTDIR]" >&2
	exit 2
}

skip() {
	echo "SKIP kernel $version: $*" >&2
	exit 77
}

# mirror ARCHIVE: where this machine gets ARCHIVE (debian or debian-security) from
mirror() {
	local uri
	uri=$(sed 's/#.*//' /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
		grep -oE "[a-z0-9+]+:/[^ ]*/$1/?( |$)" | head -n 1) || true
	echo "${uri:-http://deb.debian.org/$1}"
}

# apt_setup SUITE...: writes the private apt configuration and fetches the package lists of the suites
apt_setup() {
	local suite archive
	mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
	: >"$work/status"
	for suite; do
		case $suite in *-security) archive=debian-security ;; *) archive=debian ;; esac
		echo "deb [arch=amd64 signed-by=$keyring] $(mirror $archive) $suite main"
	done >"$work/sources.list"
	# The Release file of an archived suite, or of sid on a slow mirror, can be past its date: the signature still holds.
	cat >"$work/apt.conf" <<-END
		Dir::Etc::SourceList "$work/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		Dir::State "$work/state";
		Dir::State::Status "$work/status";
		Dir::Cache "$work/cache";
		Acquire::Check-Valid-Until "false";
		Acquire::Languages "none";
		APT::Sandbox::User "root";
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	END
	# A suite that fails is not fatal while another one has the kernel.
	apt-get -c="$work/apt.conf" -qq update >"$work/log" 2>&1 || true
}

# packages PATTERN: prints the packages of the newest kernel whose release matches PATTERN: the image (with its modules),
# or, since they were split, the binary and the modules
packages() {
	local release package
	apt-cache -c="$work/apt.conf" pkgnames linux- >"$work/names"
	release=$(sed -nE "s/^linux-(image|binary)-($1[^-]*(-[^-]+)?-cloud-amd64)\$/\2/p" "$work/names" | sort -V | tail -n 1)
	[ "$release" ] || return 1
	if grep -qx "linux-binary-$release" "$work/names"; then
		package="linux-binary-$release linux-modules-$release"
	else
		package=linux-image-$release
	fi
	echo $package
}

# extract IMAGE VMLINUX: unpacks the ELF kernel inside the bzImage
extract() {
	local magic unpack offset
	while read -r magic unpack; do
		for offset in $(LC_ALL=C grep -obaP "$magic" "$1" | cut -d : -f 1); do
			tail -c +$((offset + 1)) "$1" | $unpack >"$2" 2>/dev/null || true
			[ "$(head -c 4 "$2" | tail -c 3)" != ELF ] || return 0
		done
	done <<-'END'
		\xfd7zXZ\x00 xz -dcq
		\x28\xb5\x2f\xfd zstd -dcq
		\x02\x21\x4c\x18 lz4 -dcq
		\x1f\x8b\x08 gzip -dcq
	END
	return 1
}

# initramfs RELEASE CPIO: packs busybox and the modules, numbered in load order
initramfs() {
	local root=$work/initramfs module path file number=100
	mkdir -p "$root"/{bin,modules,proc,sys,dev,lower,upper,root}
	cp /bin/busybox "$root/bin/"
	depmod -b "$work/root" "$1" 2>/dev/null # it misses lists that another package has
	for module in $modules; do
		modprobe -C /dev/null -d "$work/root" -S "$1" --show-depends "$module" 2>/dev/null || true
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
		number=$((number + 1))
		file=$root/modules/$number-$(basename "${path%.xz}")
		case $path in *.xz) xz -dc "$path" ;; *) cat "$path" ;; esac >"$file"
	done
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$2"
}

[ $# -ge 1 ] && [ $# -le 2 ] || usage
version=$1
case $version in
5.10) pattern='5\.10\.[0-9]' suites="bullseye-security" ;;
6.1) pattern='6\.1\.[0-9]' suites="bookworm bookworm-security" ;;
6.12) pattern='6\.12\.[0-9]' suites="trixie trixie-security bookworm-backports" ;;
newest) pattern='[0-9]+\.[0-9]+\.[0-9]' suites="sid" ;;
*) usage ;;
esac
tree=$(cd "$(dirname "$0")/../.." && pwd)
out=${2:-${WARDER_VM_DIR:-$tree/build/vm}/$version}
mkdir -p "$out"
out=$(cd "$out" && pwd)
exec 9>"$out/.lock"
flock 9
[ "$(cat "$out/modules" 2>/dev/null)" != "$modules" ] || exit 0

for tool in apt-get cpio depmod xz zstd busybox; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
[ -e $keyring ] || skip "the Debian archive keyring is not installed"
work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

apt_setup $suites
packages=$(packages "$pattern") || skip "no such kernel in $suites: $(head -n 1 "$work/log")"
(cd "$work" && apt-get -c=apt.conf -qq download $packages >log 2>&1) || skip "no download: $(head -n 1 "$work/log")"
for package in "$work"/*.deb; do
	dpkg -x "$package" "$work/root"
done
[ -e "$work/root/lib" ] || ln -s usr/lib "$work/root/lib"
release=$(basename "$work"/root/lib/modules/*)
image=$work/root/boot/vmlinuz-$release
[ -e "$image" ] || image=$work/root/lib/modules/$release/vmlinuz
extract "$image" "$out/vmlinux" || skip "no ELF kernel in $packages"
initramfs "$release" "$out/initramfs.cpio"
echo "$release" >"$out/release"
echo "$modules" >"$out/modules"
