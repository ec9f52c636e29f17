#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh: an escape that leaves no trace, and what warder says about it.
#
# Starts the sensor with console output and a real container of runc that sees the host's processes and has CAP_SYS_ADMIN.
# In it a shell joins the namespaces of a host process by pidfd (no file below /proc is opened) and reads /etc/hostname of the
# host. Nothing is written anywhere. Exits with 0 only if the sensor printed the finding, with the container's name and the
# technique, in time. WARDER: the sensor (build/warder).
set -u

tree=$(cd "$(dirname "$0")/.." && pwd)
WARDER=${WARDER:-$tree/build/warder}
name=demo-$$
technique=M02
work=$(mktemp -d "${TMPDIR:-/tmp}/warder-demo.XXXXXX")
sensor=
victim=

cleanup() {
	trap - EXIT
	runc delete -f "$name" >/dev/null 2>&1
	[ "$sensor" ] && kill "$sensor" 2>/dev/null && wait "$sensor"
	[ "$victim" ] && kill "$victim" 2>/dev/null
	find /sys/fs/cgroup -maxdepth 3 -type d -path "*/warder-demo/*" -exec rmdir {} + 2>/dev/null
	find /sys/fs/cgroup -maxdepth 2 -type d -name warder-demo -exec rmdir {} + 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

die() {
	echo "demo: $*" >&2
	exit 1
}

say() {
	echo
	echo "demo: $*"
}

# wait_for SECONDS FILE PATTERN...: until one line of FILE has all the patterns; prints it
wait_for() {
	local end=$((SECONDS + $1)) file=$2 line pattern
	shift 2
	while [ $SECONDS -lt $end ]; do
		while IFS= read -r line; do
			for pattern; do
				[[ $line = *"$pattern"* ]] || continue 2
			done
			echo "$line"
			return 0
		done <"$file"
		kill -0 "$sensor" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

bundle() {
	mkdir -p "$work/rootfs"/{bin,proc,etc,dev}
	cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
	ln -s busybox "$work/rootfs/bin/sh"
	echo "$name" >"$work/rootfs/etc/hostname"
	cp "$act" "$work/rootfs/bin/act"
	cat >"$work/config.json" <<-END
		{"ociVersion":"1.0.2","hostname":"$name","root":{"path":"rootfs"},
		"process":{"user":{"uid":0,"gid":0},"cwd":"/","env":["PATH=/bin"],"args":["/bin/act","pause"],
		"capabilities":{"bounding":[$caps],"effective":[$caps],"permitted":[$caps]}},
		"mounts":[{"destination":"/proc","type":"proc","source":"proc"},{"destination":"/dev","type":"tmpfs","source":"tmpfs"}],
		"linux":{"cgroupsPath":"/warder-demo/$name","namespaces":[{"type":"mount"},{"type":"uts"},{"type":"ipc"},{"type":"network"}]}}
	END
}

act=$tree/build/tests/act
caps='"CAP_SYS_ADMIN","CAP_SYS_CHROOT","CAP_SYS_PTRACE"'
[ "$(id -u)" = 0 ] || die "needs root"
[ -x "$WARDER" ] || die "$WARDER is not built: run make"
for tool in runc busybox; do
	command -v $tool >/dev/null || die "$tool is not installed: run scripts/deps.sh demo"
done
if [ ! -x "$act" ]; then
	mkdir -p "${act%/*}"
	gcc -static -O2 -D_GNU_SOURCE -o "$act" "$tree"/tests/live/act*.c || die "tests/live/act*.c do not build"
fi

touch "$work/console" "$work/sensor.err"
say "the sensor starts: $WARDER run -o console"
"$WARDER" run -o console </dev/null >"$work/console" 2>"$work/sensor.err" &
sensor=$!
wait_for 30 "$work/sensor.err" "warder: ready" || die "it did not get ready: $(tail -n 3 "$work/sensor.err")"

say "a real container starts, named $name, that sees the host's processes and has CAP_SYS_ADMIN"
bundle
runc run -d --bundle "$work" "$name" </dev/null >"$work/runc.log" 2>&1 || die "runc: $(tail -n 2 "$work/runc.log")"
echo "  inside, /etc/hostname is: $(runc exec "$name" /bin/busybox cat /etc/hostname </dev/null)"

say "in it: pidfd_open of a host process, setns into its namespaces, and a look at the host's /etc/hostname"
sleep 1000 &
victim=$!
started=$EPOCHREALTIME
runc exec "$name" /bin/act setns-pidfd $victim /etc/hostname </dev/null | sed 's/^/  /'
[ "${PIPESTATUS[0]}" = 0 ] || die "the escape itself did not work"

say "what warder says:"
wait_for 10 "$work/console" "$name" $technique || {
	tail -n 20 "$work/console" "$work/sensor.err" >&2
	die "no finding about $name and $technique"
}
seen=$EPOCHREALTIME
say "printed within $(((${seen/./} - ${started/./}) / 1000)) ms of the start of the command that escaped"
say "what it comes to:"
wait_for 10 "$work/console" "INCIDENT CREATE $name" || die "no incident of $name"
