#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# provenance.sh: what a container writes and somebody else uses: programs, for the host (by the volume, by the upper directory, by
# the mounted overlay), another container, itself when it has deleted them, the kernel as its helper; links, for daemons; a runtime's own program; another container's
# root file system where the runtime keeps it.
#
# Controls: B03 a task and its own program, B24 the kernel's modprobe for a container's socket, B27 a program in memory, B29 a
# crash with a handler of the host's, B33 an init container that brings a program for the pod, B46 an installation in the image.
# What changes the kernel's knobs runs in a virtual machine only, and is put back.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" provenance
. "$here/rows.sh"

# what a container executes that is not its own
techniques="
foreign  M34 host hostpid caps=SYS_PTRACE | execute /proc/HOLDER/rootACT
detached M09 any caps=all                 | exec-detached / bin/act
"

missing() {
	:
}

fill() {
	local words=${2//HOLDER/$holder}
	echo "${words//ACT/$ACT}"
}

# quiet CMD...
quiet() {
	"$@" >>"$work/ran" 2>&1
}

# ran NAME CMD...: the host executes what NAME planted; it is busy for a moment after it was written
ran() {
	local what=$1
	shift
	check "$what: the host ran it" until_true 5 quiet "$@"
}

# writer NAME RUNTIME ACT...: a container with a volume of its own ($volume) acts
writer() {
	local name=$1 runtime=$2
	shift 2
	volume=$work/volumes/$name
	mkdir -p "$volume"
	container "$name" "$runtime" "bind=$volume:/data" -- "act $*"
	acts "$name" ok
}

# the host executes a file, reached in each way
host_executes() {
	local runtime=$1 name
	for name in volume upper merged; do
		writer "$runtime-$name" "$runtime" plant /bin/act /data/tool 755 , plant /bin/act /tmp/tool 755
		case $name in
		volume) ran "$runtime-$name" "$volume/tool" nothing ;;
		upper) ran "$runtime-$name" "$(bundle "$runtime-$name")/upper/tmp/tool" nothing ;;
		merged) ran "$runtime-$name" "$(bundle "$runtime-$name")/rootfs/tmp/tool" nothing ;;
		esac
		expect "$runtime-$name" P10 SUCCEEDED host
	done
	writer "$runtime-setuid" "$runtime" plant /bin/act /data/tool 4755
	chmod 755 "$work/volumes"
	ran "$runtime-setuid" setpriv --reuid 65534 --clear-groups "$volume/tool" nothing
	expect "$runtime-setuid" M59 SUCCEEDED host
	writer "$runtime-script" "$runtime" script /data/tool
	ran "$runtime-script" "$volume/tool"
	if blind exec_script scripts; then
		skip "$runtime-script: exec_script is unseen here, and the sensor says so"
	else
		expect "$runtime-script" P10 SUCCEEDED host
	fi
}

# the host maps a library: R17 from a root in the container's files, R13 from a directory in them
host_maps() {
	local runtime=$1 root
	writer "$runtime-r17" "$runtime" plant /bin/act /tmp/lib.so 644
	root=$(bundle "$runtime-r17")/rootfs
	ran "$runtime-r17" "$ACT" map-code /tmp/lib.so chroot "$root"
	expect "$runtime-r17" R17 SUCCEEDED host
	container "$runtime-o13" "$runtime" -- "act map-deleted /bin/act /tmp/body"
	acts "$runtime-o13" ok
	expect "$runtime-o13" O13 SUCCEEDED any
	writer "$runtime-r13" "$runtime" plant /bin/act /tmp/lib.so 644
	root=$(bundle "$runtime-r13")/rootfs
	ran "$runtime-r13" "$ACT" map-code tmp/lib.so chdir "$root"
	expect "$runtime-r13" R13 SUCCEEDED host
}

# R20: a hook in a volume that the kubelet filled from a git repository, when nothing of the pod runs yet; and one in another volume
git_volumes() {
	local hooks=$work/pods/1/volumes/kubernetes.io~git-repo/code/repo/.git/hooks beside=$work/pods/1/volumes/kubernetes.io~empty-dir/code
	mkdir -p "$hooks" "$beside"
	cp "$ACT" "$hooks/post-checkout"
	cp "$ACT" "$beside/tool"
	printf '#!/bin/sh\nexit 0\n' >"$hooks/post-merge"
	chmod 755 "$hooks/post-merge"
	ran git-volume "$hooks/post-checkout" nothing
	expect_host hooks/post-checkout R20
	ran git-volume-script "$hooks/post-merge"
	if blind exec_script scripts; then
		skip "git-volume-script: R20: exec_script is unseen here, and the sensor says so"
	else
		expect_host hooks/post-merge R20
	fi
	ran empty-dir "$beside/tool" nothing
}

# another container executes it; and a pod's does (B33)
containers_execute() {
	local runtime=$1 volume sandbox
	writer "$runtime-x01" "$runtime" plant /bin/act /data/tool 755
	container "$runtime-reader" "$runtime" "bind=$volume:/data" -- "act execute /data/tool"
	acts "$runtime-reader" ok
	expect "$runtime-x01" X01 SUCCEEDED container "$runtime-reader"
	expect_none "$runtime-reader"

	container "$runtime-sandbox" "$runtime" || return
	sandbox=$(container_pid "$runtime-sandbox")
	mkdir -p "$work/volumes/$runtime-pod"
	container "$runtime-init" "$runtime" "net=$sandbox" "bind=$work/volumes/$runtime-pod:/data" -- "act plant /bin/act /data/tool 755"
	acts "$runtime-init" ok
	container "$runtime-app" "$runtime" "net=$sandbox" "bind=$work/volumes/$runtime-pod:/data" -- "act execute /data/tool"
	acts "$runtime-app" ok
	expect_none "$runtime-sandbox"
	expect_none "$runtime-init"
	expect_none "$runtime-app"
}

# X06: the victim's root file system by the directory that the runtime keeps it in; reading it is context (B15)
storage() {
	local runtime=$1 dir name
	container "$runtime-victim" "$runtime" -- "act write /tmp/own" || return
	dir=$(bundle "$runtime-victim")
	for name in parent itself; do
		container "$runtime-x06-$name" "$runtime" "bind=$([ $name = parent ] && echo "$dir" || echo "$dir/upper"):/storage" -- \
			"act write /storage/$([ $name = parent ] && echo upper/)etc-$name"
		acts "$runtime-x06-$name" ok
		expect "$runtime-x06-$name" X06 SUCCEEDED container "$runtime-victim"
	done
	container "$runtime-scanner" "$runtime" "bind=$dir:/storage" -- "act open /storage/upper/tmp/own , write /storage/beside"
	acts "$runtime-scanner" ok 2
	expect_none "$runtime-scanner"
	expect_none "$runtime-victim"
}

# a daemon of the host goes through the container's files and follows a link out of them; one that stays in them is B13
links() {
	local runtime=$1 volume daemon technique
	while read -r daemon technique; do
		writer "$runtime-link-$daemon" "$runtime" symlink "$work/outside" /data/out
		cp -n "$ACT" "$work/daemons/$daemon"
		ran "$runtime-link-$daemon" "$work/daemons/$daemon" open "$volume/out"
		expect "$runtime-link-$daemon" "$technique" SUCCEEDED host
	done <<-END
		kubelet O15
		dockerd R18
		containerd R10
		buildkitd R15
		podman R23
	END
	writer "$runtime-link-up" "$runtime" symlink ../../outside /data/out
	ran "$runtime-link-up" cat "$volume/out"
	expect "$runtime-link-up" PROVENANCE SUCCEEDED host
	writer "$runtime-link-within" "$runtime" write /data/today , symlink today /data/current
	ran "$runtime-link-within" "$work/daemons/kubelet" open "$volume/current"
	container "$runtime-link-mate" "$runtime" "bind=$volume:/data" -- "act open /data/current"
	acts "$runtime-link-mate" ok
	expect_none "$runtime-link-within"
	expect_none "$runtime-link-mate"
}

# a copy of runc that starts and enters containers: the real one is not to be busy
runtime_written() {
	local runtime=$1 tools=$work/tools-$1 pid name
	mkdir "$tools"
	cp "$(command -v runc)" "$tools/runc"
	container "$runtime-entered" runc || return
	"$tools/runc" exec "$id-$runtime-entered" act pause </dev/null >/dev/null 2>&1 9>&- &
	pid=$!
	echo "$pid" >>"$work/pids"
	until_true "$DEADLINE" pgrep -P "$pid" >/dev/null
	until_true "$DEADLINE" "$tools/runc" exec "$id-$runtime-entered" true </dev/null >/dev/null 2>&1
	container "$runtime-r01" "$runtime" hostpid caps=SYS_PTRACE -- "act write-exe $pid"
	until_true "$DEADLINE" grep -q '^ok found' "$(bundle "$runtime-r01")/log"
	sleep 0.2
	kill "$pid"
	acts "$runtime-r01" ok 2
	expect "$runtime-r01" R01 SUCCEEDED host
	container "$runtime-p07" "$runtime" "bind=$tools:/tools" -- "act write-open /tools/runc"
	acts "$runtime-p07" ok
	expect "$runtime-p07" P07 SUCCEEDED host
	expect_none "$runtime-entered"
}

controls() {
	local name=$1-own volume
	volume=$work/volumes/$name
	mkdir -p "$volume"
	container "$name" "$1" "bind=$volume:/data" -- "act own-exe , exec-memfd , families , plant /bin/act /data/tool 4755 , execute /data/tool , plant /bin/act /tmp/tool 755 , execute /tmp/tool , script /tmp/script , execute /tmp/script , map-code /data/tool , crash"
	acts "$name" ok 11
	check "$name: exec into it of what it wrote" quiet inside "$name" /data/tool nothing
	check "$name: the host reads and copies what it wrote" cp -a "$volume" "$work/volumes/$name-copy"
	check "$name: the host executes its copy" quiet "$work/volumes/$name-copy/tool" nothing
	expect_none "$name"
	expect_without "$name" O13
}

# the kernel's helpers. $knobs is set in a virtual machine.
helpers() {
	local runtime=$1 name technique act dir features
	while read -r name technique act; do
		[ "$name" ] || continue
		if [ ! "$knobs" ]; then
			skip "$runtime-$name: changes what this kernel runs as root: in a virtual machine only"
			continue
		fi
		dir=$(bundle "$runtime-$name") features="caps=all unmasked"
		[ "$name" != agent ] || features="$features hostcgroup" # a new hierarchy is for the first cgroup namespace only
		mkdir -p "$dir/note"
		# shellcheck disable=SC2086 # words
		container "$runtime-$name" "$runtime" $features "bind=$dir/note:/note" bind=/usr/sbin:/sbin.host -- "act ${act//UPPER/$dir/upper}"
		acts "$runtime-$name" ok "$(awk -F' , ' '{ print NF }' <<<"$act")"
		expect "$runtime-$name" "$technique" SUCCEEDED host
		[ "$name" != agent ] || expect "$runtime-$name" M15 SUCCEEDED host
	done <<-END
		core M17 core-pattern UPPER
		modprobe M18 modprobe UPPER
		agent M16 release-agent UPPER none,name=$id
		key P18 plant /bin/act /sbin.host/request-key 755 , request-key
	END
	if [ ! "$knobs" ]; then
		skip "$runtime-crash: B29 needs a handler of the host's in core_pattern: in a virtual machine only"
		return
	fi
	# B29: the host's own handler
	name=$(cat /proc/sys/kernel/core_pattern)
	echo "|/bin/true %p" >/proc/sys/kernel/core_pattern
	container "$runtime-crash" "$runtime" -- "act crash"
	acts "$runtime-crash" ok
	echo "$name" >/proc/sys/kernel/core_pattern
	expect_none "$runtime-crash"
}

knobs=
grep -qs QEMU /sys/class/dmi/id/sys_vendor && [ "${WARDER_SLOW:-}" ] && knobs=1
host_secret
mkdir "$work/volumes" "$work/daemons"
echo outside >"$work/outside"
sensor_start
git_volumes
for runtime in $(runtimes); do
	rows "$runtime" "$techniques"
	host_executes "$runtime"
	host_maps "$runtime"
	containers_execute "$runtime"
	storage "$runtime"
	links "$runtime"
	runtime_written "$runtime"
	controls "$runtime"
	helpers "$runtime"
done
verdict
finish
