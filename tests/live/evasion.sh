#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# evasion.sh: no technique passes because it took another call to the same object, another name or another task.
#
# A row is a technique by one of its doors, in a container of its own, by the runtimes in turn:
#
#   TECHNIQUE DOOR OWNER GAP FEATURES | ACT
#
# TECHNIQUE is the finding that is due, the same for each door to an object; "A|B" where the door has an id of its own, "A+B" where
# both are due. GAP is "-", or what the coverage says of the technique where this door is not seen ("_" for a space).
# The controls: one container goes through the same doors to its own objects (no finding), one is refused by the kernel. At
# the end: what was opened while another thread rewrote the path, and the table of techniques and doors.
# Environment: WARDER_ROWS, a regular expression: only the rows TECHNIQUE-DOOR that it matches; WARDER_FEW: without those that are
# the same to each kernel and tier.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh" evasion
. "$here/rows.sh"

evasions="
M01      setns-nsfs        host -                          hostpid caps=all | setns-proc HOLDER SECRET
M02      setns-pidfd       host -                          hostpid caps=all | setns-pidfd HOLDER SECRET
M01|M03  pidfd-ioctl       host -                          hostpid caps=all | setns-by pidfd-ioctl HOLDER SECRET
M01|M03  nsfs-ioctl        host -                          hostpid caps=all | setns-by nsfs-ioctl - SECRET
M01|M04  nsfs-handle       host -                          caps=all         | setns-by handle NSHANDLE SECRET
M02|K03  setns-32bit       host -                          hostpid caps=all | setns32 HOLDER SECRET
M01      setns-thread      host -                          hostpid caps=all | thread , setns-proc HOLDER SECRET
M02      setns-vfork       host -                          hostpid caps=all | vfork , setns-pidfd HOLDER SECRET
M02      setns-clone3      host -                          hostpid caps=all | clone3 , setns-pidfd HOLDER SECRET
M02      setns-orphan      host -                          hostpid caps=all | orphan , reexec 3 /bin/act , setns-pidfd HOLDER SECRET
M02      setns-comm        host -                          hostpid caps=all | comm runc , setns-pidfd HOLDER SECRET
M07      mount             host -                          devices caps=all | mount DISK /tmp/disk ext4 secret
M08      fsmount           host -                          devices caps=all | fsmount DISK /tmp/disk ext4 secret
M08+M09  fsmount-detached  host -                          devices caps=all | node DISK /tmp/node , detached /tmp/node ext4 secret
M07      mount-32bit       host 32-bit_calls  devices caps=all | node DISK /tmp/node , mount32 /tmp/node /tmp/disk ext4 secret
M07      mount-thread      host -                          devices caps=all | thread , mount DISK /tmp/disk ext4 secret
M08      fsmount-comm      host -                          devices caps=all | comm containerd-shim , fsmount DISK /tmp/disk ext4 secret
M09      open-tree         any  -                          caps=all         | open-tree / etc/hostname
M33      handle            host -                          caps=DAC_READ_SEARCH DECLARED | handle /file HANDLE
M33      handle-dir        host -                          caps=DAC_READ_SEARCH DECLARED | handle /file DIRHANDLE secret
M33      handle-renamed    host -                          caps=all DECLARED | bind-to /file /tmp/other , handle /tmp/other HANDLE
M33      handle-32bit      host 32-bit_calls     caps=DAC_READ_SEARCH DECLARED | handle32 /file HANDLE
M56      fanotify          host fanotify         caps=all DECLARED | fanotify /file
M34      openat            host -                          hostpid caps=SYS_PTRACE | open /proc/HOLDER/rootSECRET
M34      open              host -                          hostpid caps=SYS_PTRACE | open-by open /proc/HOLDER/rootSECRET
M34      openat2           host -                          hostpid caps=SYS_PTRACE | open-by openat2 /proc/HOLDER/rootSECRET
M34      creat             host -                          hostpid caps=SYS_PTRACE | open-by creat /proc/HOLDER/rootSCRATCH
M34      o_path            host -                          hostpid caps=SYS_PTRACE | open-by opath /proc/HOLDER/rootSECRET
M34      dirfd             host -                          hostpid caps=SYS_PTRACE | open-by dirfd /proc/HOLDER/rootSECRET
M34      fd-link           host -                          hostpid caps=SYS_PTRACE | open /proc/HOLDER/fd/HFD
M34|ENVELOPE cwd           host -                          hostpid caps=SYS_PTRACE | open-by cwd /proc/HOLDER/rootSECRET
K04|M06|M58 chroot            host -                          hostpid caps=SYS_PTRACE | open-by chroot /proc/HOLDER/rootSECRET
K04|M06|M58 chroot-thread     host -                          hostpid caps=SYS_PTRACE | thread , chroot-to /proc/HOLDER/root , linger 6
M34      exec              host -                          hostpid caps=SYS_PTRACE | exec /proc/HOLDER/rootACT open /etc/hostname
M34      uring             host -                          hostpid caps=SYS_PTRACE | uring-open inline /proc/HOLDER/rootSECRET
M34      uring-worker      host -                          hostpid caps=SYS_PTRACE | uring-open async /proc/HOLDER/rootSECRET
M34      uring-sqpoll      host -                          hostpid caps=SYS_PTRACE | uring-open sqpoll /proc/HOLDER/rootSECRET
M34      uring-direct      host -                          hostpid caps=SYS_PTRACE | uring-open direct /proc/HOLDER/rootSECRET
M34      uring-overflow    host -                          hostpid caps=SYS_PTRACE | uring-open overflow /proc/HOLDER/rootSECRET
M34      uring-skip        host post_no_completion hostpid caps=SYS_PTRACE | uring-open skip /proc/HOLDER/rootSECRET
M34      open-32bit        host 32-bit_calls     hostpid caps=SYS_PTRACE | open32 /proc/HOLDER/rootSECRET
M34      open-thread       host -                          hostpid caps=SYS_PTRACE | thread , open /proc/HOLDER/rootSECRET
M34      open-comm         host -                          hostpid caps=SYS_PTRACE | comm pause , open /proc/HOLDER/rootSECRET
M34      open-rewritten    host -                          hostpid caps=SYS_PTRACE | flip-open DECOY /proc/HOLDER/rootSECRET 5
X02      open              container -                     pid=VICTIM       | open /proc/1/root/etc/victim
X02      uring             container -                     pid=VICTIM       | uring-open inline /proc/1/root/etc/victim
X02      uring-worker      container -                     pid=VICTIM       | uring-open async /proc/1/root/etc/victim
M36      attach            host -                          hostpid caps=SYS_PTRACE | ptrace attach HOLDER
M36      seize             host -                          hostpid caps=SYS_PTRACE | ptrace seize HOLDER
M36      attach-32bit      host 32-bit_calls hostpid caps=SYS_PTRACE | ptrace32 attach HOLDER
M36      seize-32bit       host 32-bit_calls hostpid caps=SYS_PTRACE | ptrace32 seize HOLDER
M36      seize-comm        host -                          hostpid caps=SYS_PTRACE | comm containerd-shim , ptrace seize HOLDER
M37      vm-readv          host -                          hostpid caps=SYS_PTRACE | vm-read HOLDER
M37      vm-readv-32bit    host 32-bit_calls hostpid caps=SYS_PTRACE | vm-read32 HOLDER
M37      vm-readv-thread   host -                          hostpid caps=SYS_PTRACE | thread , vm-read HOLDER
M38      proc-mem          host -                          hostpid caps=SYS_PTRACE | mem-read HOLDER
M39      getfd             host -                          hostpid caps=SYS_PTRACE | getfd HOLDER HFD
M39      getfd-32bit       host 32-bit_calls hostpid caps=SYS_PTRACE | getfd32 HOLDER HFD
X03      vm-readv          container -                     pid=VICTIM       | vm-read 1
M41      connect           host -                          SOCKETDIR        | connect /data/docker.sock
M41      connect-renamed   host -                          caps=all SOCKETDIR | bind-to /data/docker.sock /tmp/x , connect /tmp/x
M41      connect-fd-link   host -                          SOCKETDIR        | connect-fd /data/docker.sock
M41      uring             host -                          SOCKETDIR        | uring-connect inline /data/docker.sock
M41      uring-worker      host -                          SOCKETDIR        | uring-connect async /data/docker.sock
M41      uring-sqpoll      host -                          SOCKETDIR        | uring-connect sqpoll /data/docker.sock
M41      connect-32bit     host 32-bit_calls  SOCKETDIR        | connect32 connect /data/docker.sock
M41      socketcall-32bit  host 32-bit_calls  SOCKETDIR        | connect32 socketcall /data/docker.sock
M41      connect-thread    host -                          SOCKETDIR        | thread , connect /data/docker.sock
M41      connect-comm      host -                          SOCKETDIR        | comm dockerd , connect /data/docker.sock
M57      cgroup.procs      any  -                          hostcgroup caps=all | cgroup-move OUTSIDE
M57      procs-thread      any  -                          hostcgroup caps=all | thread , cgroup-move OUTSIDE
M57      clone3-into       any  -                          hostcgroup caps=all | clone3 OUTSIDE2
"

# door_is WORDS...: this kernel has the call at all, tried by the host
door_is() {
	"$ACT" "$@" 2>/dev/null | grep -q '^ok'
}

prepare() {
	local dir=$work/declared
	host_secret
	echo scratch >"$work/host/scratch"
	decoy=/proc/$holder/root$secret
	decoy=/tmp/$(printf "%0$((${#decoy} - 5))d" 0)
	scratch_disk mountable && mount_disk=$disk_number || mount_disk=
	mkdir "$dir"
	handle= dir_handle=
	if scratch_disk declared && mounted "$disk" "$dir"; then
		read -r _ _ handle < <("$ACT" handle-of "$dir/secret")
		read -r _ _ dir_handle < <("$ACT" handle-of "$dir")
		background "$ACT" reopen "$dir/secret" >"$work/reopen"
	fi
	read -r _ _ ns_handle < <("$ACT" handle-of "/proc/$holder/ns/mnt")
	dockerd_start || docker_socket=
	calls32="" skips="" directs="" polls="" ns_ioctl="" pidfd_ioctl=""
	(door_is open32 /etc/passwd) 2>/dev/null && calls32=1
	door_is uring-open skip /etc/passwd && skips=1
	door_is uring-open direct /etc/passwd && directs=1
	door_is uring-open sqpoll /etc/passwd && polls=1
	door_is setns-by nsfs-ioctl - /etc/passwd && ns_ioctl=1
	door_is setns-by pidfd-ioctl "$holder" /etc/passwd && pidfd_ioctl=1
	door_is setns-by handle "${ns_handle:-x}" /etc/passwd || ns_handle=
}

# missing WORDS RUNTIME: why a row cannot run here
missing() {
	case $1 in
	*NSHANDLE* | *nsfs-ioctl*) [[ $(uname -r) != [7-9].* ]] || echo "this kernel gives a container none but its own namespaces by this door (7.2)" ;;
	esac
	case $1 in
	*DISK*) [ "$mount_disk" ] || echo "no loop device to be had" ;;
	*DECLARED*) [ "$handle" ] || echo "no loop device to be had" ;;
	*docker.sock*) [ "$docker_socket" ] || echo "dockerd is not installed or does not start" ;;
	*NSHANDLE*) [ "$ns_handle" ] || echo "this kernel gives no handles of namespaces (6.18)" ;;
	*nsfs-ioctl*) [ "$ns_ioctl" ] || echo "this kernel has no NS_MNT_GET_PREV (6.12)" ;;
	*pidfd-ioctl*) [ "$pidfd_ioctl" ] || echo "this kernel has no PIDFD_GET_MNT_NAMESPACE (6.11)" ;;
	*"uring-open skip"*) [ "$skips" ] || echo "this kernel's requests all post a completion (5.17)" ;;
	*"uring-open sqpoll"*) [ "$polls" ] || echo "this kernel's polling thread opens nothing (5.11)" ;;
	*"uring-open direct"*) [ "$directs" ] || echo "this kernel opens no direct descriptors (5.15)" ;;
	esac
	case $1 in
	*OUTSIDE2*) [ "$2" != crun-v1 ] || echo "clone3 goes into cgroups of version 2 only, and $2's containers are told by version 1's" ;;
	*32\ *) [ "$calls32" ] || echo "32-bit calls are off on this kernel" ;;
	esac
}

# fill WORDS: puts the real things in
fill() {
	local words=$1
	words=${words//HOLDER/$holder}
	words=${words//HFD/$holder_fd}
	words=${words//OUTSIDE2/$outside2}
	words=${words//OUTSIDE/$outside}
	words=${words//SOCKETDIR/bind=${docker_socket%/*}:/data}
	words=${words//DECLARED/bind=$work/declared/declared:/file}
	words=${words//NSHANDLE/$ns_handle}
	words=${words//DIRHANDLE/$dir_handle}
	words=${words//HANDLE/$handle}
	words=${words//DECOY/$decoy}
	words=${words//SCRATCH/$work/host/scratch}
	words=${words//ACT/$ACT}
	words=${words//DISK/$mount_disk}
	words=${words//VICTIM/$victim}
	echo "${words//SECRET/$secret}"
}

# due NAME TECHNIQUE OWNER GAP
due() {
	local technique gap=${4//_/ } owner=$3 victim_name=
	[ "$gap" != - ] || gap=
	[ "$owner" != container ] || victim_name=$(runtime_of "$1")-victim
	for technique in ${2//+/ }; do
		expect "$1" "$technique" SUCCEEDED "$owner" "$victim_name" "$gap"
		owner=any # of what a first step leads to
	done
}

victims() {
	local runtime
	for runtime in "${list[@]}"; do
		container "$runtime-victim" "$runtime" -- "echo $token >/etc/victim"
		pid[$runtime]=$(container_pid "$runtime-victim")
		out[$runtime]=$(outside "$runtime" "${pid[$runtime]}")
		expect_none "$runtime-victim"
	done
}

evade() {
	local technique door owner gap features act words why name runtime turn=0
	while IFS= read -r words; do
		act=${words##*| } words=${words%| *}
		read -r technique door owner gap features <<<"$words"
		[[ $technique && $technique-$door =~ ${WARDER_ROWS:-.} ]] || continue
		runtime=${list[turn++ % ${#list[@]}]}
		name=${technique%%[|+]*}-$door
		victim=${pid[$runtime]} outside=${out[$runtime]}
		outside2=${outside% } outside2=${outside2##* }
		why=$(missing "$features $act" "$runtime")
		case $door in
		*-thread | *-comm | *-vfork | *-clone3 | *-orphan | *-renamed | o_path | dirfd | creat)
			[ -z "${WARDER_FEW:-}" ] || why="by who calls and how it is spelled: no kernel or tier changes that, and native has it"
			;;
		esac
		if [ "$why" ]; then
			skip "$name: $why"
			printf '%s\t%s\t-\n' "$technique" "$door" >>"$work/table"
			continue
		fi
		attack "$runtime" "$name" "$(fill "$features")" "$(fill "$act")"
		due "$name" "$technique" "$owner" "$gap"
		printf '%s\t%s\t%s\n' "$technique" "$door" "$name" >>"$work/table"
	done <<<"$evasions"
}

# legal RUNTIME: the same doors to what is the container's own (B27 for io_uring)
legal() {
	local name=$1-legal act below into= count=0
	container "$name" "$1" hostcgroup caps=all || return
	below=$(cgroup_dirs "$(container_pid "$name")" | tail -n 1)/below
	cgroup_make "$below"
	[ "$1" = crun-v1 ] || into=$(seen_inside "$1" "$below")
	while read -r act; do
		[ "$act" ] || continue
		[ -z "$(missing "$act " "$1")" ] || continue
		# shellcheck disable=SC2086 # words
		inside "$name" act $act >>"$(bundle "$name")/log" 2>&1
		count=$((count + 1))
	done <<-END
		uring-open inline /etc/hostname , uring-open async /etc/hostname , uring-open overflow /etc/hostname
		uring-open sqpoll /etc/hostname
		uring-open skip /etc/hostname
		uring-open direct /etc/hostname
		own-listen /tmp/s , uring-connect inline /tmp/s , uring-connect async /tmp/s , uring-connect sqpoll /tmp/s , connect-fd /tmp/s
		own-listen /tmp/s , connect32 connect /tmp/s , connect32 socketcall /tmp/s
		open32 /etc/hostname
		open-by open /etc/hostname , open-by openat2 /etc/hostname , open-by creat /tmp/new , open-by opath /etc/hostname
		open-by dirfd /etc/hostname , open-by cwd /etc/hostname , open-by chroot /etc/hostname
		thread , own-setns
		thread , open /proc/self/root/etc/hostname
		vfork , open /etc/hostname
		clone3 $into , open /etc/hostname
		orphan , reexec 3 /bin/act , exec /bin/act open /etc/hostname
		bind-to /etc/hostname /tmp/bound , open /tmp/bound , uring-open inline /tmp/bound
		rename /file /moved , open /moved
		comm runc , own-mount /tmp/mnt , own-ptrace seize
		flip-open /tmp/decoy /etc/passwd 5
		flip-open /tmp/decoyx /etc/hostname 5
	END
	acts "$name" ok $count
	expect_none "$name"
}

# refused RUNTIME: the same doors, to no avail
refused() {
	local name=$1-refused act count=0
	container "$name" "$1" hostpid hostcgroup devices caps=none user=1000 || return
	while read -r act; do
		[ "$act" ] || continue
		[ -z "$(missing "$act " "$1")" ] || continue
		# shellcheck disable=SC2086 # words
		inside "$name" act $act >>"$(bundle "$name")/log" 2>&1
		count=$((count + 1))
	done <<-END
		setns-pidfd $holder $secret
		setns-by pidfd-ioctl $holder $secret
		uring-open inline /proc/$holder/root$secret
		uring-open async /proc/$holder/root$secret
		open32 /proc/$holder/root$secret
		open-by opath /proc/$holder/root$secret
		open-by chroot /proc/$holder/root$secret
		ptrace seize $holder
		ptrace32 seize $holder
		vm-read $holder
		mem-read $holder
		getfd $holder $holder_fd
		open-tree / etc/hostname
	END
	acts "$name" denied $count
	expect_denied "$name"
}

# complements: what stands in for a hook on the sysexit tier is on there, and on no better one
complements() {
	jq -e '[.hooks[] | {(.hook): .tier}] | add as $tier |
		[["uring_open", "file_open"], ["exec_open", "file_open"], ["uring_connect", "unix_connect"]] |
		all(. as [$one, $of] | $tier[$one] == (if $tier[$of] == "sysexit" then "tp_btf" else $tier[$of] end))' \
		"$work/coverage.json" >/dev/null
}

# rewritten: each open of the target was told, by the name of what was really opened, and nothing else was
rewritten() {
	local name=$id-M34-open-rewritten opened
	[ -s "$events" ] && grep -q M34-open-rewritten "$work/expected" || return
	opened=$(jq -r --arg n "$name" 'select(.type == "FILE_OPEN" and .actor.workload.container.name == $n) | .file_open.path.utf8' "$events")
	check "the path was rewritten during the opens: 5 of the target reported, the decoy never" \
		[ "$(echo "$opened" | sort | uniq -c | awk '{ print $1, $2 }')" = "5 $secret" ]
}

# matrix: what came by which door, a row a technique and door
matrix() {
	local technique door name
	[ -s "$events" ] || return
	jq -r 'select(.type == "FINDING" and .finding.activity == "CREATE") |
		[.actor.workload.container.name, "\(.finding.technique) \(.finding.outcome) \(.owner.kind)"] | @tsv' "$events" >"$work/found"
	printf '\n%-14s %-18s %s\n' TECHNIQUE DOOR FINDINGS
	while IFS=$'\t' read -r technique door name; do
		printf '%-14s %-18s %s\n' "$technique" "$door" "$(
			[ "$name" = - ] && echo SKIP && exit
			awk -F '\t' -v n="$id-$name" '$1 == n && !seen[$2]++ { printf "%s%s", sep, $2; sep = ", " } END { if (!sep) print "unseen" }' \
				"$work/found"
		)"
	done <"$work/table"
	echo
}

declare -A pid out
read -ra list <<<"$(runtimes)"
prepare
sensor_start
victims
evade
for runtime in "${list[@]}"; do
	legal "$runtime"
	refused "$runtime"
done
verdict
check "uring_open, exec_open and uring_connect are on where the exits of calls have to do, and only there" complements
rewritten
matrix
finish
