#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# chains.sh: attacks of several steps, each in a real container: what they come to must be one incident, told as one page, with its
# stages in their order and evidence that is in the stream. Then the same with the sensor stopped and started midway: it goes on with
# the same incident. What each container did in the minute before its incident is in the capture. Controls: what honest programs do is
# none, however much of it (B24 B27), and each attack is its own container's.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" chains
. "$here/daemons.sh"

# NAME | FEATURES | STAGES that must come in this order | STEPS before the sensor is started anew ; and after it
# A step is an act in the container; with "user" before it, of a user without rights; with "host", a program that the host executes.
chains="
disk    | devices hostcgroup caps=all      | RECON ATTEMPT BREACH POST_BREACH | mount DISK /tmp/disk ext4 secret ; cgroup-move OUTSIDE
process | hostpid caps=all                 | RECON BREACH               | hunt 16 , open /proc/HOLDER/environ ; ptrace seize HOLDER
tried   | hostpid caps=SYS_PTRACE          | RECON ATTEMPT BREACH       | user ptrace seize HOLDER ; getfd HOLDER HFD
engine  | SOCKETDIR                        | RECON BREACH POST_BREACH   | hunt 16 , send stream /data/bus ; connect /data/docker.sock
enter   | hostpid hostcgroup caps=all      | RECON BREACH POST_BREACH   | setns-pidfd HOLDER SECRET ; cgroup-move OUTSIDE
peer    | pid=VICTIM caps=SYS_PTRACE       | BREACH POST_BREACH         | open /proc/1/root/etc/victim ; ptrace seize 1
handle  | caps=DAC_READ_SEARCH DECLARED VOLUME | RECON BREACH POST_BREACH | handle /file HANDLE ; plant /bin/act /volume/tool 755 , host TOOL
signals | hostpid caps=all                 | RECON BREACH POST_BREACH   | vm-read HOLDER ; signal HOLDER 19 pidfd , signal HOLDER 18
network | hostnet caps=NET_ADMIN           | RECON BREACH               | net-admin , hunt 16 , send stream @wt-ID ; send stream @wt-ID
keys    | plain hostipc                    | BREACH                     | key HOSTKEY ; ipc shm SHM
"

# what the host has
prepare() {
	host_secret
	scratch_disk chain && mount_disk=$disk_number || mount_disk=
	mkdir "$work/declared"
	handle=
	scratch_disk declared && mounted "$disk" "$work/declared" && read -r _ _ handle < <("$ACT" handle-of "$work/declared/secret")
	dockerd_start || docker_socket=
	[ -z "$docker_socket" ] || bus_start "${docker_socket%/*}/bus" || docker_socket=
}

missing() {
	case $1 in
	*DISK*) [ "$mount_disk" ] || echo "no loop device to be had" ;;
	*HANDLE*) [ "$handle" ] || echo "no loop device to be had" ;;
	*SOCKETDIR*) [ "$docker_socket" ] || echo "dockerd or dbus-daemon is not installed or does not start" ;;
	esac
}

# fill NAME WORDS: puts the real things in
fill() {
	local words=$2
	words=${words//HOLDER/$holder}
	words=${words//HFD/$holder_fd}
	words=${words//DISK/$mount_disk}
	words=${words//HANDLE/$handle}
	words=${words//SOCKETDIR/bind=${docker_socket%/*}:/data}
	words=${words//DECLARED/bind=$work/declared/declared:/file}
	words=${words//VOLUME/bind=$work/volumes/$1:/volume}
	words=${words//TOOL/$work/volumes/$1/tool}
	words=${words//OUTSIDE/$outside}
	words=${words//VICTIM/$victim}
	words=${words//HOSTKEY/$key}
	words=${words//SHM/$shm}
	words=${words//@wt-ID/@wt-$id}
	echo "${words//SECRET/$secret}"
}

# step NAME WORDS
step() {
	local name=$1 log
	log=$(bundle "$1")/log
	# shellcheck disable=SC2086 # words
	case $2 in
	host\ *) until_true 5 ${2#host } nothing >>"$log" 2>&1 ;; # it is busy for a moment after it was written
	user\ *) oci "$(runtime_of "$name")" exec --user 1000:1000 --cap CAP_CHOWN "$id-$name" act ${2#user } >>"$log" 2>&1 ;;
	*) inside "$name" act $2 >>"$log" 2>&1 ;;
	esac
}

# steps NAME WORDS: with commas between them
steps() {
	local name=$1 words
	while IFS= read -r words; do
		words=${words# } words=${words% }
		[ -z "$words" ] || step "$name" "$words"
	done <<<"${2//,/$'\n'}"
}

# each RUNTIME FUNCTION: calls it with NAME FEATURES STAGES FIRST SECOND, filled in
each() {
	local runtime=$1 fn=$2 name features stages first second
	while IFS='|' read -r name features stages first; do
		name=${name// /}
		[ "$name" ] || continue
		if [ "$(missing "$features $first")" ]; then
			[ "$fn" != begin ] || skip "$runtime-$name: $(missing "$features $first")"
			continue
		fi
		second=${first#*;} first=${first%%;*}
		read -r stages <<<"$stages"
		"$fn" "$runtime-$name$suffix" "$(fill "$runtime-$name$suffix" "$features")" "$stages" \
			"$(fill "$runtime-$name$suffix" "$first")" "$(fill "$runtime-$name$suffix" "$second")"
	done <<<"$chains"
}

# audited NAME: it was looked at, so that what it was given is told before what it does
audited() {
	grep -F '"type":"POSTURE"' "$events" | grep -qF "\"name\":\"$id-$1\""
}

begin() {
	mkdir -p "$work/volumes/$1"
	# shellcheck disable=SC2086 # words
	container "$1" "$runtime" $2 || return
	[ "$WARDER" = none ] || until_true "$DEADLINE" audited "$1"
	steps "$1" "$4"
}

go_on() {
	[ ! -e "$(bundle "$1")/runtime" ] || steps "$1" "$5"
}

# incidents FILE NAME: its incidents' events
incidents() {
	events_of INCIDENT "$2" "$1" | jq -c '.incident + {severity, message}'
}

# reached_stage FILE NAME STAGE: its incident came so far
reached_stage() {
	[ "$(incidents "$1" "$2" | jq -s --arg s "$3" 'any(.[]; any(.steps[]?; .stage == $s))')" = true ]
}

# one_page FILE NAME: one incident, created once, and all of its evidence is in the stream
one_page() {
	incidents "$1" "$2" | jq -se --slurpfile all <(grep -F '"type":"FINDING"' "$1" | jq -c .finding.uid) \
		'([.[].uid] | unique | length) == 1 and ([.[] | select(.activity == "CREATE")] | length) == 1 and .[0].activity == "CREATE"
		and all(.[].evidence[].finding_uid; . as $uid | $all | any(. == $uid))' >/dev/null
}

# in_order FILE NAME STAGES: the last that was told of it has just these, in this order
in_order() {
	[ "$(incidents "$1" "$2" | jq -rs '[.[-1].steps[].stage] | join(" ")')" = "$3" ]
}

whole() {
	local name=$1 stages=$3
	[ -e "$(bundle "$name")/runtime" ] || return
	until_true $((DEADLINE * 2)) reached_stage "$events" "$name" "${stages##* }"
	check "$name: one incident, told as one page, with its evidence: $(incidents "$events" "$name" | jq -rs '"\(.[-1].severity) \(.[-1].score): \(.[-1].message)"')" \
		one_page "$events" "$name"
	check "$name: its stages are $stages: $(incidents "$events" "$name" | jq -rs '[.[-1].steps[].stage] | join(" ")')" \
		in_order "$events" "$name" "$stages"
}

# recorded NAME: the numbers of a container's events in the capture
recorded() {
	"$WARDER" cat -C "$id-$1" "$work"/capture/*.wcap* 2>/dev/null | jq -r .seq | sort
}

# in_minute NAME: those of what its container did in the minute before its incident was told, as the stream has them, and the incident's
in_minute() {
	events_of_container "$1" | jq -rs '[.[] | .boot = (.boot_ns | tonumber)] | (map(select(.type == "INCIDENT").boot) | min) as $first |
		.[] | select(.boot <= $first and .boot > $first - 60e9) | .seq' | sort
}

gapless() {
	[ -z "$(comm -13 <(recorded "$1") <(in_minute "$1"))" ]
}

events_of_container() {
	grep -F "\"name\":\"$id-$1\"" "$events" | jq -c --arg n "$id-$1" 'select(.actor.workload.container.name == $n)'
}

# what the container did before its incident is in the capture, all of it
minute() {
	local name=$1 n
	[ -e "$(bundle "$name")/runtime" ] || return
	until_true "$DEADLINE" gapless "$name"
	n=$(in_minute "$name" | wc -l)
	check "$name: of the $n events up to its incident, in a minute, all are in the capture" eval "[ $n -gt 2 ] && gapless '$name'"
}

# what was told before, and what after the sensor started anew
resumed() {
	local name=$1 before after
	[ -e "$(bundle "$name")/runtime" ] || return
	before=$(incidents "$work/before.ndjson" "$name" | jq -r .uid | sort -u)
	if [ -z "$before" ]; then
		skip "$name: its first half is no page yet"
		return
	fi
	until_true $((DEADLINE * 2)) reached_stage "$events" "$name" BREACH
	after=$(incidents "$events" "$name" | jq -r .uid | sort -u)
	check "$name: goes on as the same incident: $after" [ "$before" = "$after" ]
	check "$name: says that it may have been told before, and is one page" resumed_page "$name"
}

resumed_page() {
	one_page "$events" "$1" && [ "$(incidents "$events" "$1" | jq -s 'all(.[]; .ran_before)')" = true ] &&
		[ "$(incidents "$work/before.ndjson" "$1" | jq -s 'all(.[]; .ran_before | not)')" = true ]
}

# much of what honest programs do
honest() {
	container "$1" "$runtime" caps=all || return
	step "$1" "uring , families , bpf-load 1 , hunt 6 , socket 17 3 0 , own-userns"
	step "$1" "hunt 16"
}

none_of() {
	[ -z "$(incidents "$events" "$1")" ]
}

objects() {
	shm=$(daemon "$runtime-shm$suffix" ipc-make shm)
	key=$(daemon "$runtime-key$suffix" key-make host-key)
	[ -e "$work/listener" ] || daemon listener listen stream "@wt-$id" >/dev/null
	container "$runtime-victim$suffix" "$runtime" -- "echo $token >/etc/victim"
	victim=$(container_pid "$runtime-victim$suffix")
	outside=$(outside "$runtime" "$victim")
}

# B24 B27 and who was attacked
controls() {
	[ "$WARDER" = none ] && return
	check "$runtime-honest$suffix: no incident" none_of "$runtime-honest$suffix"
	check "$runtime-victim$suffix: no incident of its own" none_of "$runtime-victim$suffix"
}

prepare
suffix=
sensor_start -o "capture:$work/capture"
runtimes=$(runtimes)
for runtime in ${runtimes% crun-v1}; do
	objects
	each "$runtime" begin
	each "$runtime" go_on
	honest "$runtime-honest"
	[ "$WARDER" = none ] || {
		each "$runtime" whole
		each "$runtime" minute
	}
	controls
done
runtime=${runtimes%% *}
suffix=-again
objects
each "$runtime" begin
sleep 2
sensor_stop
mv "$events" "$work/before.ndjson"
sensor_start
each "$runtime" go_on
[ "$WARDER" = none ] || each "$runtime" resumed
check "SIGTERM ends the sensor with 0" sensor_stop
finish
