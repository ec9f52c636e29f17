#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# posture.sh: the seal audit (R04, R05, R06, R07, R08, R12, R19, R25, O07) and what containers are rated as. A container is made by one specification, and
# before its first program runs another is put in its bundle's place: it is then more than it was promised, as after a race that was
# won against its runtime. R06 and R12 are real hooks of the runtime's that mount what nobody asked for; R19 has a kubelet's directories, and
# a link that was there when the kubelet looked. The controls: containers that are what they were promised, with all that can be
# promised, a terminal and parts of volumes among it, and hooks that mount single files (B12).
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" posture

seccomp='{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["vhangup"],"action":"SCMP_ACT_ERRNO"}]}'

# the socket at which somebody takes the terminal of the container that is made
console=

# made NAME RUNTIME MADE PROMISED FEATURE...: made by a specification that the filter MADE changed, and told by its bundle by PROMISED
made() {
	local name=$1 runtime=$2 made=$3 promised=$4 dir
	dir=$(bundle "$name")
	shift 4
	mkdir -p "$dir/rootfs"
	cp -a "$work/rootfs/." "$dir/rootfs/"
	spec "exec act pause" "$@" | jq -c "$made" >"$dir/config.json"
	echo "$runtime" >"$dir/runtime"
	if ! oci "$runtime" create --bundle "$dir" --pid-file "$dir/pid" ${console:+--console-socket "$console"} "$id-$name" \
		>"$dir/log" 2>&1; then
		fail "$name is made: $(head -c 300 "$dir/log")"
		rm "$dir/runtime"
		return 1
	fi
	jq -c "$promised" "$dir/config.json" >"$dir/promised.json"
	mv "$dir/promised.json" "$dir/config.json"
	oci "$runtime" start "$id-$name" >>"$dir/log" 2>&1 || fail "$name starts: $(head -c 300 "$dir/log")"
}

# posture NAME: what the sensor said of it
posture() {
	jq -c --arg n "$id-$1" 'select(.type == "POSTURE" and .posture.workload.container.id == $n) | .posture' "$events" | tail -n 1
}

has_posture() {
	[ "$(posture "$1")" ]
}

# rated NAME LEVEL FILTER: its rating, and what else must be true of its posture
rated() {
	local is
	until_true "$DEADLINE" has_posture "$1"
	is=$(posture "$1")
	check "$1: is rated $2, and $3: $(jq -c '[.level, .reasons]' <<<"$is")" \
		[ "$(jq --arg l "$2" ".level == \$l and .promised and ($3)" <<<"$is")" = true ]
}

# a hook of the runtime's, in the container's mount namespace before its root is changed
hook() {
	printf '.hooks = {createContainer: [{path: "/bin/sh", args: ["sh", "-c", "%s"], env: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]}]}' "$1"
}

# volumes NAME: a pod's directory of a kubelet with the volumes data (a directory), memory (a mount) and driver (a mount below it)
volumes() {
	local dir=$work/kubelet/pods/$1/volumes volume
	mkdir -p "$dir"/kubernetes.io~empty-dir/{data/part,memory} "$dir/kubernetes.io~csi/driver/mount"
	for volume in kubernetes.io~empty-dir/memory kubernetes.io~csi/driver/mount; do
		mounted -t tmpfs tmpfs "$dir/$volume"
		mkdir "$dir/$volume/part"
	done
}

# subpath NAME VOLUME PART: as the kubelet prepares it; the bind for the container's specification
subpath() {
	local to=$work/kubelet/pods/$1/volume-subpaths/$2/web/0
	mkdir -p "$to"
	mounted --bind "$work/kubelet/pods/$1/volumes/$3" "$to"
	echo "bind=$to:/data"
}

# with AppArmor on, a container without a profile is rated the lowest, whatever else it is
apparmor=
[ ! -d /sys/kernel/security/apparmor ] || apparmor=PRIVILEGED

# few RUNTIME ROW...: in a guest these rows are left out
few() {
	local runtime=$1 row
	[ "${WARDER_FEW:-}" ] || return
	shift
	for row; do
		skip "$runtime-$row: it does not depend on the kernel, and native has it"
	done
}

attacks() {
	local r=$1 dir
	if [ "$apparmor" ]; then
		made "$r-label" "$r" . '.process.apparmorProfile = "docker-default"'
		expect "$r-label" R07 SUCCEEDED any
	else
		skip "$r-label: R07: this kernel has no AppArmor"
	fi
	dir=$(bundle "$r-hook")/rootfs
	made "$r-hook" "$r" "$(hook "mount --bind / $dir/data")" .
	expect "$r-hook" R12 SUCCEEDED host
	! few "$r" console subpath mask other-mask writable caps user seccomp devices privs ns gone proc || return
	dir=$(bundle "$r-console")/rootfs
	made "$r-console" "$r" "$(hook "mount --bind $dir/dev/pts/ptmx $dir/file")" .
	expect "$r-console" R06 SUCCEEDED any
	volumes "$r-pod"
	ln -s "$work/host" "$work/kubelet/pods/$r-pod/volumes/kubernetes.io~empty-dir/data/link"
	made "$r-subpath" "$r" . . "$(subpath "$r-pod" data kubernetes.io~empty-dir/data/link)"
	expect "$r-subpath" R19 SUCCEEDED host
	made "$r-mask" "$r" '.linux.maskedPaths -= ["/proc/keys"]' '.linux.maskedPaths += ["/proc/keys"]'
	expect "$r-mask" R05 SUCCEEDED any
	made "$r-other-mask" "$r" '.mounts += [{destination: "/etc/hostname", type: "bind", source: "'"$work"'/host/file", options: ["bind"]}]' \
		'del(.mounts[-1]) | .linux.maskedPaths += ["/etc/hostname"]'
	expect "$r-other-mask" R05 SUCCEEDED any
	made "$r-writable" "$r" '.linux.readonlyPaths -= ["/proc/irq"]' '.linux.readonlyPaths += ["/proc/irq"]'
	expect "$r-writable" R05 SUCCEEDED any
	made "$r-caps" "$r" . '.process.capabilities.bounding -= ["CAP_SYS_CHROOT", "CAP_MKNOD"]'
	expect "$r-caps" R25 SUCCEEDED any
	made "$r-user" "$r" . '.process.user.uid = 1000'
	expect "$r-user" R25 SUCCEEDED any
	made "$r-seccomp" "$r" . ".linux.seccomp = $seccomp"
	expect "$r-seccomp" ENVELOPE SUCCEEDED any
	# runc takes no rule for a refusal; crun makes no program of none, and of one that allows all a program that does
	made "$r-devices" "$r" "$([ "$r" != crun ] || echo '.linux.resources.devices = [] |') ." \
		'.linux.resources.devices = [{allow: false, access: "rwm"}]' devices
	expect "$r-devices" ENVELOPE SUCCEEDED any
	made "$r-privs" "$r" . '.process.noNewPrivileges = true'
	expect "$r-privs" ENVELOPE SUCCEEDED any
	made "$r-ns" "$r" . '.linux.namespaces += [{type: "ipc"}]' hostipc
	expect "$r-ns" ENVELOPE SUCCEEDED host
	made "$r-gone" "$r" . '.mounts += [{destination: "/data", type: "bind", source: "/srv", options: ["rbind"]}]'
	expect "$r-gone" R04 SUCCEEDED any
	made "$r-proc" "$r" '.mounts += [{destination: "/data", type: "tmpfs", source: "tmpfs"}]' \
		'.mounts[-1] |= (.type = "proc" | .source = "proc")'
	expect "$r-proc" R08 SUCCEEDED any
}

controls() {
	local r=$1 dir
	made "$r-as-promised" "$r" ".linux.seccomp = $seccomp | .process.noNewPrivileges = true" . "bind=$work/host:/data" user=1000
	expect_none "$r-as-promised"
	expect_without "$r-as-promised" O07
	rated "$r-as-promised" PRIVILEGED '.differences == null and .seccomp and .no_new_privs and .uid == 1000'
	! few "$r" terminal part memory driver-volume less all link driver plain || return
	background "$python" "$here/terminal.py" "$work/$r.sock" >"$work/$r-terminal"
	until_true "$DEADLINE" test -S "$work/$r.sock"
	console=$work/$r.sock made "$r-terminal" "$r" .process.terminal=true .
	expect_none "$r-terminal"
	rated "$r-terminal" "${apparmor:-BASELINE}" '.differences == null'
	check "$r-terminal: its terminal is one" grep -qx terminal "$work/$r-terminal"
	volumes "$r-control"
	made "$r-part" "$r" . . "$(subpath "$r-control" data kubernetes.io~empty-dir/data/part)"
	expect_none "$r-part"
	made "$r-memory" "$r" . . "$(subpath "$r-control" memory kubernetes.io~empty-dir/memory/part)"
	expect_none "$r-memory"
	made "$r-driver-volume" "$r" . . "$(subpath "$r-control" driver kubernetes.io~csi/driver/mount/part)"
	expect_none "$r-driver-volume"
	made "$r-less" "$r" '.process.capabilities.bounding = []' . # fewer capabilities than the runtime could give: none is more
	expect_none "$r-less"
	made "$r-all" "$r" . . caps=all hostpid hostnet hostipc devices unmasked
	expect_none "$r-all"
	expect "$r-all" O07 SUCCEEDED host
	rated "$r-all" PRIVILEGED '.differences == null and .host_namespaces == ["pid", "net", "ipc", "user"] and .all_devices'
	# a link on the way: the place has another name in the container
	made "$r-link" "$r" '.mounts += [{destination: "/var/run/x", type: "bind", source: "'"$work"'/host", options: ["rbind", "ro"]}]' .
	expect_none "$r-link"
	rated "$r-link" PRIVILEGED '.differences == null'
	dir=$(bundle "$r-driver")/rootfs
	made "$r-driver" "$r" "$(hook "mount --bind $work/host/file $dir/file")" .
	expect_none "$r-driver"
	rated "$r-driver" PRIVILEGED '[.differences[].what] == ["DIFFERS_MOUNT"] and .differences[0].found.utf8 == "'"$work"'/host/file"'
	container "$r-plain" "$r" caps=none user=1000 || return
	expect_none "$r-plain"
	expect_without "$r-plain" O07
	rated "$r-plain" "${apparmor:-BASELINE}" '.differences == null and .capabilities == null'
}

# what runs when a sensor starts may have done it itself: context
later() {
	local r=$1
	made "$r-later" "$r" '.linux.maskedPaths -= ["/proc/keys"]' '.linux.maskedPaths += ["/proc/keys"]'
	made "$r-unpriv" "$r" ".linux.seccomp = $seccomp | .process.noNewPrivileges = true |
		.process.capabilities = {bounding: [\"CAP_NET_BIND_SERVICE\"]}" . user=1000
}

mkdir -p "$work/rootfs/run/x" "$work/rootfs/var" "$work/host"
ln -s /run "$work/rootfs/var/run"
echo host >"$work/host/file"
runtimes=$(runtimes)
runtimes=${runtimes% crun-v1} # hierarchies make no difference here
for runtime in $runtimes; do
	later "$runtime"
done
sensor_start
for runtime in $runtimes; do
	expect_none "$runtime-later"
	rated "$runtime-later" "${apparmor:-BASELINE}" '.late and [.differences[].what] == ["DIFFERS_MASK"]'
	rated "$runtime-unpriv" "${apparmor:-RESTRICTED}" '.late and (.reasons // [] | all(startswith("AppArmor"))) and .differences == null'
	attacks "$runtime"
	controls "$runtime"
done
verdict
finish
