# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2016
# machine.sh: containers in which the machine's own programs run, sourced after lib.sh. Their root is an overlay of the host's root, as
# an image would be; what they write is in a tmpfs. A script is bash's, and ends at its first failure.
#
#   work NAME FEATURE... <<script    to its end; fails if the script does; what it printed is in $said
#   serve NAME FEATURE... <<script   detached, until "leave NAME"; inside NAME CMD... executes in it
#   leave NAME
#
# Features are lib.sh's, and: ro=SOURCE:DESTINATION (with all below it), sandbox=PID (joins its network, IPC and UTS namespaces), pod=UID
# (its cgroup is in that pod's), cgroup2 (its own cgroup, writable at /sys/fs/cgroup), mknod (device nodes may be made, as Docker has it),
# init (the script is the first process's words). $runtime says by which runtime.

# machine_start: where what they write goes: no part of the host's root, which is below them
machine_start() {
	mkdir -p "$work/containers"
	mounted -t tmpfs -o mode=755 machines "$work/containers"
}

# amend FEATURE...: what lib.sh's specification does not know of; prints what it does know
amend() {
	local feature
	for feature; do
		case $feature in
		ro=*)
			feature=${feature#ro=}
			amended+=" | .mounts += [{destination: \"${feature#*:}\", type: \"bind\", source: \"${feature%%:*}\", options: [\"rbind\", \"ro\", \"rslave\"]}]"
			;;
		sandbox=*)
			feature=${feature#sandbox=}
			amended+=" | .linux.namespaces |= map(if .type == \"network\" or .type == \"ipc\" or .type == \"uts\" then
				.path = \"/proc/$feature/ns/\" + ({network: \"net\"}[.type] // .type) else . end) | del(.hostname)"
			;;
		pod=*) amended+=" | .linux.cgroupsPath = \"/warder-test/kubepods/besteffort/pod${feature#pod=}/$id-$name\"" ;;
		cgroup2)
			amended+=' | .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup2", source: "cgroup", options: ["rw", "nosuid", "nodev", "noexec"]}]'
			;;
		mknod) amended+=' | .linux.resources.devices += ["b", "c" | {allow: true, type: ., access: "m"}]' ;;
		init) amended+=' | .process.args = $script / " "' ;;
		*) echo "$feature" ;;
		esac
	done
}

# what scripts have besides: soon CMD... polls it
soon='soon() { local end=$((SECONDS + 60)); until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || { echo "not soon: $*"; return 1; }; sleep 0.05; done; }
'
# machine NAME FEATURE... <<script: its bundle
machine() {
	local name=$1 dir script amended='' features
	dir=$(bundle "$name")
	shift
	script=$(cat)
	mkdir -p "$dir"/{rootfs,upper,overlay}
	mount -t overlay -o "lowerdir=/,upperdir=$dir/upper,workdir=$dir/overlay" overlay "$dir/rootfs" || return
	amend "$@" >"$dir/features"
	mapfile -t features <"$dir/features"
	spec "" ${features[@]+"${features[@]}"} | jq --arg script "$script" --arg soon "$soon" '.process.args = ["/bin/bash", "-euc", $soon + $script] |
		.process.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "container=oci"] |
		.mounts = ["/tmp", "/run", "/var/tmp" | {destination: ., type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=1777"]}] + .mounts'"$amended" \
		>"$dir/config.json"
	echo "$runtime" >"$dir/runtime"
}

work() {
	local dir code
	dir=$(bundle "$1")
	machine "$@" || return
	oci "$runtime" run --bundle "$dir" "$id-$1" >"$dir/log" 2>&1
	code=$?
	said=$(tail -c 2000 "$dir/log")
	leave "$1"
	return $code
}

serve() {
	local dir
	dir=$(bundle "$1")
	machine "$@" || return
	oci "$runtime" run -d --bundle "$dir" --pid-file "$dir/pid" "$id-$1" >>"$dir/log" 2>&1 || said=$(tail -c 2000 "$dir/log")
	[ -e "$dir/pid" ]
}

# told NAME WORDS: it has printed them
told() {
	grep -qs "$2" "$(bundle "$1")/log"
}

leave() {
	container_stop "$id-$1"
	umount -l "$(bundle "$1")/rootfs" 2>/dev/null
	rm -rf "$(bundle "$1")"
}
