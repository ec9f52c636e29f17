# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2119,SC2120
# lib.sh: what the live suites share: real containers of runc and crun, the sensor, and what is expected of it.
#
#   . lib.sh SUITE
#   sensor_start                                   one sensor for the whole suite, events as NDJSON in $work
#   container NAME RUNTIME FEATURE... [-- CMD]   a detached container that runs CMD and then sleeps
#   inside NAME CMD...                             exec into it
#   acts NAME ok|denied                            its CMD did what it should
#   expect NAME TECHNIQUE OUTCOME OWNER [NAME [GAP]]   one finding is due (OWNER: host, container or any); none where the
#                                                  coverage of the technique says that GAP is unseen
#   expect_blind NAME TECHNIQUE OUTCOME OWNER HOOK WORDS   it may come: the coverage says that HOOK misses WORDS here
#   expect_host WORDS TECHNIQUE                    a finding about no container, with WORDS in its message, is due
#   expect_none NAME                               no finding about it, but below MEDIUM
#   expect_without NAME TECHNIQUE...               no finding of these, not even below MEDIUM
#   expect_denied NAME                             none, or attempts that the kernel denied
#   verdict                                        waits for what is due, stops the sensor and judges
#   finish                                         prints the counts; the exit code
#
# Container names are $id-NAME on the machine (several runs do not collide); the suites say NAME.
# Everything is made below $work and undone on exit. Environment: WARDER (the sensor; "none" checks the acts alone),
# WARDER_ARGS (further arguments for it), WARDER_ACT (the act program), WARDER_DEADLINE (seconds that one step may take), WARDER_KEEP=1 (leave $work),
# WARDER_RUNTIMES (which of "runc crun crun-v1"; default: all that fit the machine), WARDER_CGROUPS (who makes the containers' cgroups: the
# runtimes themselves, "cgroupfs", or for them "systemd"), WARDER_RESULTS (a directory: what each suite found goes
# to SUITE.tsv there, for tests/vm/matrix.py: a row a test, "test STATE NAME TECHNIQUE TEXT").
# Nothing here waits a fixed time for something that can be polled: under emulation all is twenty times slower.
set -u

suite=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(cd "$here/../.." && pwd)
WARDER=${WARDER:-$tree/build/warder}
ACT=${WARDER_ACT:-$tree/build/tests/act}
DEADLINE=${WARDER_DEADLINE:-30}
cgroups=${WARDER_CGROUPS:-cgroupfs}
python=$(command -v /usr/bin/python3 || command -v python3)
id=wt$$
work=$(mktemp -d "${TMPDIR:-/tmp}/warder-$suite.XXXXXX")
chmod 755 "$work"
passed=0 failed=0 skipped=0
sensor=

# record FIELD...: a row of the suite's results
record() {
	local IFS=$'\t'
	printf '%s\n' "${*//$'\n'/ }" >>"$results"
}

pass() {
	passed=$((passed + 1))
	echo "ok   $*"
	record test "${judged_state:-ok}" "${judged_row:-}" "${judged_technique:-}" "$*"
}

fail() {
	failed=$((failed + 1))
	echo "FAIL $*"
	record test FAIL "${judged_row:-}" "${judged_technique:-}" "$*"
}

skip() {
	skipped=$((skipped + 1))
	echo "SKIP $*"
	record test SKIP "" "" "$*"
}

die() {
	echo "$suite: $*" >&2
	exit 1
}

# check WHAT CMD...: passes if CMD succeeds
check() {
	local what=$1
	shift
	if "$@"; then pass "$what"; else fail "$what"; fi
}

# until_true SECONDS CMD...: polls CMD
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

finish() {
	[ $skipped = 0 ] || echo "$skipped skipped"
	echo "$passed passed, $failed failed"
	record end "$passed" "$failed" "$skipped"
	[ $failed = 0 ]
}

# --- what was started, and its end ---------------------------------------------------------------------------------------

cleanup() {
	local name pid
	trap - EXIT
	sensor_stop >/dev/null 2>&1
	for name in "$work"/containers/*; do
		[ -e "$name/runtime" ] && container_stop "${name##*/}"
	done
	while read -r pid; do
		kill "$pid" 2>/dev/null
	done <"$work/pids"
	dockerd_stop
	while read -r name; do
		umount "$name" 2>/dev/null
	done < <(tac "$work/mounted")
	while read -r name; do
		losetup -d "$name" 2>/dev/null
	done <"$work/loops"
	for name in $(cgroup_roots); do
		find "$name/warder-test" -depth -type d -path "*$id*" -exec rmdir {} + 2>/dev/null
		rmdir "$name/warder-test" 2>/dev/null
	done
	if [ "${WARDER_KEEP:-}" ]; then echo "$suite: left $work"; else rm -rf "$work"; fi
}

# background CMD...: a host process that ends with the suite; sets $! for the caller
background() {
	"$@" 9>&- &
	echo $! >>"$work/pids"
}

mounted() {
	mount "$@" && echo "${!#}" >>"$work/mounted"
}

# --- cgroups -------------------------------------------------------------------------------------------------------------

# the root directory of each hierarchy
cgroup_roots() {
	awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts | sort -u
}

# cgroup_dirs PID: the directories of the test cgroups that PID is in, one for each hierarchy
cgroup_dirs() {
	local controllers path root
	while IFS=: read -r _ controllers path; do
		[[ $path = */warder-test/* ]] || continue
		root=/sys/fs/cgroup
		if [ "$controllers" ]; then
			root=/sys/fs/cgroup/${controllers#name=}
		elif [ -d /sys/fs/cgroup/unified ]; then
			root=/sys/fs/cgroup/unified
		fi
		echo "$root$path"
	done <"/proc/$1/cgroup"
}

# cgroup_make DIR...: makes cgroups that tasks can be moved to (an empty cpuset of cgroup v1 takes none)
cgroup_make() {
	local dir file
	for dir; do
		mkdir -p "$dir"
		for file in cpuset.cpus cpuset.mems; do
			[ ! -e "$dir/tasks" ] || [ ! -e "$dir/$file" ] || cat "$dir/../$file" >"$dir/$file"
		done
	done
}

# --- a root file system and the OCI bundle -------------------------------------------------------------------------------

rootfs() {
	local tool root=$work/rootfs
	mkdir -p "$root"/{bin,etc,proc,sys,dev,tmp,cgroup,data}
	chmod 1777 "$root/tmp"
	cp "$(command -v busybox)" "$root/bin/busybox"
	for tool in sh sleep cat ls echo true readlink mkdir rm hostname id chmod dd head; do
		ln -s busybox "$root/bin/$tool"
	done
	cp "$ACT" "$root/bin/act"
	echo container >"$root/etc/hostname"
	: >"$root/file"
	echo root:x:0:0:root:/:/bin/sh >"$root/etc/passwd"
}

# all but CAP_SYS_RESOURCE, which not every test machine has
all_caps="CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST
 NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_TIME
 SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ"
# docker's
default_caps="CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE"

caps_json() {
	local cap list=
	for cap; do
		list="$list,\"CAP_$cap\""
	done
	list="[${list#,}]"
	echo "{\"bounding\":$list,\"effective\":$list,\"permitted\":$list}"
}

# spec COMMAND FEATURE...: config.json. Features: caps=all|none|CAP,... (added to the default ones), hostpid, pid=PID (joins its pid
# namespace), hostipc, hostnet, net=PID, hostcgroup (no cgroup namespace, the cgroup trees writable at /cgroup), devices (all allowed),
# unmasked (all of /proc and /sys, writable), user=UID, bind=SOURCE:DESTINATION (rbind: with the mounts below), shared=SOURCE:DESTINATION
# (its mounts go both ways).
spec() {
	local command=$1 feature source uid=0 cgroup_path=/warder-test/$id-$name devices='{"allow":false,"access":"rwm"}'
	local pid='{"type":"pid"},' cgroup='{"type":"cgroup"},' ipc='{"type":"ipc"},' net='{"type":"network"},' caps=$default_caps mounts= sys=ro propagation= user= maps=
	local masks='"maskedPaths":["/proc/kcore","/proc/keys","/proc/timer_list","/proc/sched_debug","/sys/firmware"],
		"readonlyPaths":["/proc/bus","/proc/fs","/proc/irq","/proc/sysrq-trigger"],'
	shift
	for feature; do
		case $feature in
		caps=all) caps=$all_caps ;;
		caps=none) caps= ;;
		caps=*) caps="$default_caps ${feature#caps=}" ;;
		hostpid) pid= ;;
		pid=*) pid="{\"type\":\"pid\",\"path\":\"/proc/${feature#pid=}/ns/pid\"}," ;;
		hostipc) ipc= ;;
		hostnet) net= ;;
		userns)
			user='{"type":"user"},'
			maps='"uidMappings":[{"containerID":0,"hostID":0,"size":1000}],"gidMappings":[{"containerID":0,"hostID":0,"size":1000}],'
			;;
		net=*) net="{\"type\":\"network\",\"path\":\"/proc/${feature#net=}/ns/net\"}," ;;
		unmasked) masks= sys=rw ;;
		hostcgroup)
			cgroup=
			mounts="$mounts,{\"destination\":\"/cgroup\",\"type\":\"bind\",\"source\":\"/sys/fs/cgroup\",\"options\":[\"rbind\",\"rw\"]}"
			;;
		devices) devices='{"allow":true,"access":"rwm"}' ;;
		user=*) uid=${feature#user=} ;;
		bind=* | rbind=*)
			source=${feature#*=}
			mounts="$mounts,{\"destination\":\"${source#*:}\",\"type\":\"bind\",\"source\":\"${source%%:*}\",\"options\":[\"${feature%%=*}\",\"rw\"]}"
			;;
		shared=*)
			source=${feature#shared=}
			mounts="$mounts,{\"destination\":\"${source#*:}\",\"type\":\"bind\",\"source\":\"${source%%:*}\",\"options\":[\"bind\",\"rw\",\"rshared\"]}"
			propagation='"rootfsPropagation":"rshared",'
			;;
		plain) ;;
		*) die "no such feature: $feature" ;;
		esac
	done
	[ "$cgroups" = cgroupfs ] || cgroup_path=system.slice:warder-test:$id-$name
	echo "$uid" >"$(bundle "$name")/user"
	command=${command//\\/\\\\}
	command=${command//\"/\\\"}
	command=${command//$'\n'/\\n}
	command=${command//$'\t'/ }
	# shellcheck disable=SC2086 # the words of $caps
	cat <<-END
		{"ociVersion":"1.0.2","hostname":"container","root":{"path":"rootfs"},
		"process":{"user":{"uid":$uid,"gid":$uid},"cwd":"/","env":["PATH=/bin"],"args":["/bin/sh","-c","$command"],
		"capabilities":$(caps_json $caps)},
		"mounts":[{"destination":"/proc","type":"proc","source":"proc"},
		{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=65536k"]},
		{"destination":"/dev/pts","type":"devpts","source":"devpts","options":["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620"]},
		{"destination":"/dev/shm","type":"tmpfs","source":"shm","options":["nosuid","noexec","nodev","mode=1777","size=65536k"]},
		{"destination":"/dev/mqueue","type":"mqueue","source":"mqueue","options":["nosuid","noexec","nodev"]},
		{"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid","noexec","nodev","$sys"]}$mounts],
		"linux":{"cgroupsPath":"$cgroup_path","namespaces":[$pid$cgroup$ipc$net$user{"type":"mount"},{"type":"uts"}],$maps$propagation$masks
		"resources":{"devices":[$devices]}}}
	END
}

# --- containers ----------------------------------------------------------------------------------------------------------

# A hybrid host has cgroup v1 controllers and a cgroup v2 tree. runc joins both. crun joins neither when the v2 tree has a
# controller, so it is given a view of its own: "crun" sees v2 alone, "crun-v1" sees v1 alone.
hybrid=
[ -d /sys/fs/cgroup/unified ] && hybrid=1

# the runtimes that this machine has
runtimes() {
	echo "${WARDER_RUNTIMES:-runc crun ${hybrid:+crun-v1}}"
}

# oci RUNTIME ARG...: what hangs in there ends with it, and not the whole suite
oci() {
	local runtime=$1 view limit="timeout -k 5 $((DEADLINE * 2))"
	shift
	[ "$cgroups" = cgroupfs ] || set -- --systemd-cgroup "$@"
	case $runtime in
	crun-v1) view='umount /sys/fs/cgroup/unified' ;;
	crun) view=${hybrid:+umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup} ;;
	esac
	if [ "${view:-}" ]; then
		LD_PRELOAD=$work/norlim.so $limit unshare -m --propagation private sh -c "$view && exec crun \"\$@\"" crun "$@"
	else
		$limit "$runtime" "$@"
	fi </dev/null 9>&-
}

# seen_inside RUNTIME DIR: a cgroup directory of the host by its name in a container with the feature hostcgroup
seen_inside() {
	local root=/sys/fs/cgroup
	[ "$1" = crun ] && root=$root${hybrid:+/unified}
	echo "/cgroup${2#"$root"}"
}

# outside RUNTIME PID: a cgroup beside PID's in each hierarchy, by the names that they have inside; version 2's last
outside() {
	local dir
	for dir in $(cgroup_dirs "$2"); do
		cgroup_make "${dir%/*}/$id-outside"
		seen_inside "$1" "${dir%/*}/$id-outside"
	done | tr '\n' ' '
}

# Under emulation a program's start costs as much as a suite's other work: what is done for each container is the shell's own.
runtime_of() {
	local runtime
	read -r runtime <"$work/containers/$id-$1/runtime"
	echo "$runtime"
}

# bundle NAME: its directory; everything about a container is in there
bundle() {
	echo "$work/containers/$id-$1"
}

# container NAME RUNTIME FEATURE... [-- CMD...]; $preserve: further options of the runtime's run
container() {
	local name=$1 runtime=$2 dir features=()
	dir=$(bundle "$name")
	shift 2
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		features+=("$1")
		shift
	done
	[ $# -gt 0 ] && shift
	mkdir -p "$dir"/{rootfs,upper,overlay}
	if [[ " ${features[*]-} " = *" plain "* ]] ||
		! mounted -t overlay -o "lowerdir=$work/rootfs,upperdir=$dir/upper,workdir=$dir/overlay" overlay "$dir/rootfs" 2>/dev/null; then
		cp -a "$work/rootfs/." "$dir/rootfs/"
	fi
	spec "${*:+$*; }exec act pause" ${features[@]+"${features[@]}"} >"$dir/config.json"
	echo "$runtime" >"$dir/runtime"
	# shellcheck disable=SC2086 # words
	oci "$runtime" run -d ${preserve:-} --bundle "$dir" --pid-file "$dir/pid" "$id-$name" >>"$dir/log" 2>&1 && return
	fail "$name starts: $(head -c 300 "$dir/log")"
	rm "$dir/runtime"
	return 1
}

container_pid() {
	cat "$(bundle "$1")/pid"
}

# container_stop FULLNAME
container_stop() {
	local dir=$work/containers/$1
	oci "$(<"$dir/runtime")" delete -f "$1" >/dev/null 2>&1
	rm -f "$dir/runtime"
	umount "$dir/rootfs" 2>/dev/null
}

# inside NAME CMD...
inside() {
	local name=$1 user
	read -r user <"$work/containers/$id-$name/user"
	shift
	oci "$(runtime_of "$name")" exec --user "$user:$user" "$id-$name" "$@"
}

# acts_done NAME COUNT: that many acts printed their result
acts_done() {
	local line n=0
	while read -r line || [ "$line" ]; do
		case $line in ok\ * | denied\ * | error\ *) n=$((n + 1)) ;; esac
	done <"$work/containers/$id-$1/log"
	[ $n -ge "$2" ]
}

# acts NAME ok|denied [COUNT]: the container's acts (COUNT of them) really did, or were really denied
acts() {
	local name=$1 want=$2 count=${3:-1} log=$work/containers/$id-$1/log line last='' wrong=''
	if ! until_true "$DEADLINE" acts_done "$name" "$count"; then
		fail "$name acts: $(grep -cE '^(ok|denied|error) ' "$log") of $count results: $(tail -n 2 "$log" | tr '\n' ' ')"
		return
	fi
	while read -r line || [ "$line" ]; do
		case $line in
		"$want "*) last=$line ;;
		*) wrong="$wrong$line " ;;
		esac
	done <"$log"
	if [ "$wrong" ]; then fail "$name acts: not '$want': ${wrong:0:600}"; else pass "$name acts: $last"; fi
}

# --- what lies on the host -----------------------------------------------------------------------------------------------

# host_secret: $secret, a file that no container has, and $holder $holder_fd, a host process that has it open
host_secret() {
	mkdir -p "$work/host"
	secret=$work/host/secret
	token=token-$id-$RANDOM
	echo "$token" >"$secret"
	background "$ACT" hold "$secret" >"$work/holder"
	until_true "$DEADLINE" grep -q '^ok hold' "$work/holder"
	read -r _ _ holder holder_fd <"$work/holder"
}

# scratch_disk NAME: a block device with an ext4 that holds the file "secret"; sets disk=/dev/... and disk_number=MAJ:MIN
scratch_disk() {
	local image=$work/$1.img
	disk=
	mkdir -p "$work/disk.src"
	[ "${token:-}" ] && echo "$token" >"$work/disk.src/secret"
	echo declared >"$work/disk.src/declared"
	truncate -s 8M "$image" && mkfs.ext4 -q -O ^has_journal -d "$work/disk.src" "$image" || return 1
	disk=$(losetup -f --show "$image" 2>/dev/null) || return 1
	echo "$disk" >>"$work/loops"
	disk_number=$((0x$(stat -c %t "$disk"))):$((0x$(stat -c %T "$disk")))
}

# dockerd_start: a real docker daemon with its own roots and no network; its socket is $docker_socket
dockerd_start() {
	local dir=$work/docker
	docker_socket=$dir/socket/docker.sock
	command -v dockerd >/dev/null || return 1
	mkdir -p "$dir/data" "$dir/exec" "$dir/socket"
	chmod 755 "$dir" "$dir/socket"
	setsid dockerd --data-root "$dir/data" --exec-root "$dir/exec" -p "$dir/pid" -H "unix://$docker_socket" --group root \
		--iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --bridge=none \
		--exec-opt native.cgroupdriver="$cgroups" </dev/null >"$dir/log" 2>&1 9>&- &
	echo $! >"$dir/started"
	until_true $((DEADLINE * 2)) "$ACT" connect "$docker_socket" >/dev/null 2>&1
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

dockerd_stop() {
	local dir=$work/docker pid
	[ -e "$dir/started" ] || return 0
	pid=$(cat "$dir/started")
	kill "$pid" 2>/dev/null
	until_true "$DEADLINE" gone "$pid" || kill -9 "$pid"
	# what the daemon leaves mounted
	awk -v "d=$dir/" 'index($2, d) == 1 { print $2 }' /proc/mounts | tac | xargs -r umount 2>/dev/null
	rm -f "$dir/started"
}

# --- the sensor ----------------------------------------------------------------------------------------------------------

events=$work/events.ndjson

ready() {
	grep -q '^warder: ready' "$work/sensor.err" || ! kill -0 "$sensor" 2>/dev/null
}

# sensor_start [ARG...]: with these further arguments; returns when it is ready. One that runs already serves a suite that gives
# none (WARDER_RUNNING="PID FILE", its stream as NDJSON): what it says from here on is the suite's.
sensor_start() {
	local file lines
	[ "$WARDER" = none ] && return
	if [ "${WARDER_RUNNING:-}" ]; then
		read -r sensor file <<<"$WARDER_RUNNING"
		lines=$(wc -l <"$file")
		grep -m 1 '"type":"COVERAGE"' "$file" >"$events"
		background tail -n "+$((lines + 1))" -f "$file" >>"$events"
	else
		: >"$work/sensor.err" # one before it was ready
		# shellcheck disable=SC2086 # words
		"$WARDER" run -o "ndjson:$events" ${WARDER_ARGS:-} "$@" </dev/null >"$work/sensor.out" 2>"$work/sensor.err" 9>&- &
		sensor=$!
		if ! until_true $((DEADLINE * 4)) ready || ! kill -0 "$sensor" 2>/dev/null; then
			die "the sensor did not get ready: $(tail -n 3 "$work/sensor.err")"
		fi
	fi
	grep -m 1 '"type":"COVERAGE"' "$events" | sed 's/.*"coverage":\({.*}\)}$/\1/' >"$work/coverage.json"
	[ -s "$work/coverage.json" ] || die "the sensor did not say what it covers"
	ln -sf coverage.json "$work/doctor.json" # doctor says the same: startup.sh holds it to that
	record coverage "$(uname -r)" "$(cat "$work/coverage.json")"
}

# doctor_agrees [ARG...]: doctor, as the sensor was started (with these further arguments), says what the sensor says
doctor_agrees() {
	local tier
	tier=$(grep -oE -e '--best-tier[= ][a-z_]+' <<<"${WARDER_ARGS:-} $*")
	# shellcheck disable=SC2086 # words
	"$WARDER" doctor --json $tier >"$work/said.json" || return
	jq -n --slurpfile said "$work/said.json" --slurpfile is "$work/coverage.json" \
		'$is[0] as $is | $said[0] as $said | if $is == $said then empty else
		($is.hooks - $said.hooks)[], ($is.techniques - $said.techniques)[] end' >"$work/disagree.json"
	[ ! -s "$work/disagree.json" ] || { cat "$work/disagree.json"; return 1; }
}

# sensor_stop: SIGTERM; the exit code is the sensor's. One that serves others too goes on.
sensor_stop() {
	local pid=$sensor
	[ "$pid" ] || return 0
	sensor=
	[ -z "${WARDER_RUNNING:-}" ] || ! kill -0 "$pid" || return 0
	kill -TERM "$pid" 2>/dev/null
	wait "$pid"
}

# events_of TYPE NAME [FILE]: what a container did, of a type, from the sensor's stream or one before
events_of() {
	grep -F "\"type\":\"$1\"" "${3:-$events}" | jq -c --arg n "$id-$2" 'select(.actor.workload.container.name == $n)'
}

# unseen TECHNIQUE: the sensor says that it cannot be seen here
unseen() {
	jq -e --arg t "$1" 'any(.techniques[]; .id == $t and .state == "UNSEEN")' "$work/coverage.json" >/dev/null
}

# --- expectations, judged together at the end ------------------------------------------------------------------------------

expect() {
	local runtime
	runtime=$(runtime_of "$1")
	printf 'finding\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "${runtime%-v1}" "$2" "$3" "$4" "${5:-}" "${6:-}" >>"$work/expected"
}

# expect_blind NAME TECHNIQUE OUTCOME OWNER HOOK WORDS: the coverage says that HOOK does not see WORDS; it may come all the same
expect_blind() {
	local runtime
	runtime=$(runtime_of "$1")
	printf 'blind\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "${runtime%-v1}" "$2" "$3" "$4" "$5" "$6" >>"$work/expected"
}

# blind HOOK WORDS: the coverage says that HOOK does not see WORDS here
blind() {
	jq -e --arg h "$1" --arg w "$2" 'any(.hooks[]; .hook == $h and ((.unseen // "") | contains($w)))' "$work/coverage.json" >/dev/null
}

expect_none() {
	printf 'none\t%s\n' "$1" >>"$work/expected"
}

expect_host() {
	printf 'host\t%s\t%s\n' "$1" "$2" >>"$work/expected"
}

expect_without() {
	local name=$1 technique
	shift
	for technique; do
		printf 'without\t%s\t%s\n' "$name" "$technique" >>"$work/expected"
	done
}

expect_denied() {
	printf 'denied\t%s\n' "$1" >>"$work/expected"
}

# judge final|due: reads the expectations and the events
judge() {
	"$python" "$here/judge.py" "$1" "$id" "$work/expected" "$events"
}

# verdict: waits until all that is due has come, and for a while for what must not come; then judges
verdict() {
	local judged_state judged_row judged_technique text
	if [ "$WARDER" = none ]; then
		skip "the verdict on $(wc -l <"$work/expected") expectations: there is no sensor (WARDER=none)"
		return
	fi
	until_true "$DEADLINE" judge due
	sleep "${WARDER_SETTLE:-3}"
	check "$([ "${WARDER_RUNNING:-}" ] && echo "the sensor goes on" || echo "SIGTERM ends the sensor with 0")" sensor_stop
	while IFS='|' read -r judged_state judged_row judged_technique text; do
		case $judged_state in
		ok | unseen) pass "$text" ;;
		FAIL) fail "$text" ;;
		*) echo "     $text" ;;
		esac
	done < <(judge final || echo "FAIL|||the judge failed")
}

# Before 5.11 BPF objects count as locked memory of their user, and the sensor's are root's: what else loads some has a limit to raise.
[[ $(uname -r) != 5.10.* ]] || ulimit -l unlimited

# --- start ---------------------------------------------------------------------------------------------------------------

results=/dev/null
if [ "${WARDER_RESULTS:-}" ]; then
	mkdir -p "$WARDER_RESULTS"
	results=$WARDER_RESULTS/$suite.tsv
	: >"$results"
fi
touch "$work/pids" "$work/loops" "$work/mounted" "$work/expected"
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
[ "$(id -u)" = 0 ] || die "needs root"
for tool in runc crun busybox jq; do
	command -v $tool >/dev/null || die "$tool is not installed: run scripts/deps.sh test"
done
if [ ! -e "$ACT" ] || [ "$(find "$here" -name 'act*.[ch]' -newer "$ACT")" ]; then
	mkdir -p "${ACT%/*}"
	gcc -static -O2 -D_GNU_SOURCE -o "$ACT" "$here"/act*.c || die "act does not build"
fi
[ -z "$hybrid" ] || gcc -shared -fPIC -O2 -o "$work/norlim.so" "$here/norlim.c" || die "norlim does not build"
# One suite at a time: the sensor runs once on a machine. What outlives a command does not inherit the lock.
exec 9>/run/warder-test.lock
flock 9
rootfs
