#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# benign.sh: what a node does all day, with real runtimes, must give no finding at all:
#   B01 B03  containers that start and stop (runc, and crun, which clones itself)
#   B02      exec into running containers
#   B24      an application that tries every socket family (the kernel may run modprobe for it)
#   B25      reads, writes and copies-up on overlayfs
#   B26      a detached container, its output a file on the host, that reopens /dev/stdout
#   B37      an administrator who enters a container from the host
# Environment: WARDER_STARTS (50), WARDER_EXECS (200), WARDER_DOCKER_STARTS (5; 0 leaves docker out).
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" benign

starts=${WARDER_STARTS:-50}
execs=${WARDER_EXECS:-200}
docker_starts=${WARDER_DOCKER_STARTS:-5}

# start_stop RUNTIME N: containers that do a little work of their own
start_stop() {
	local runtime=$1 n done=0
	for ((n = 0; n < $2; n++)); do
		container "$runtime-start$n" "$runtime" -- "echo ok start: \$(hostname) \$(cat /proc/self/status | head -n 1)" || continue
		until_true "$DEADLINE" acts_done "$runtime-start$n" 1 && done=$((done + 1))
		container_stop "$id-$runtime-start$n"
	done
	check "B01 B03: $done of $2 containers of $runtime started, worked and stopped" [ $done = "$2" ]
}

# exec_many NAME N
exec_many() {
	local n done=0
	for ((n = 0; n < $2; n++)); do
		[ "$(inside "$1" echo hello 2>&1)" = hello ] && done=$((done + 1))
	done
	check "B02: $done of $2 execs into $1" [ $done = "$2" ]
}

families() {
	container "$1-families" "$1" -- "act families"
	acts "$1-families" ok
}

overlay() {
	container "$1-overlay" "$1" -- "cat /etc/passwd >/dev/null && echo x >>/etc/passwd && dd if=/bin/busybox of=/tmp/busybox 2>/dev/null && chmod 755 /tmp/busybox &&
		rm /etc/hostname && mkdir /data/d && cat /tmp/busybox >/data/d/c && /tmp/busybox true && echo ok overlay: written || echo error"
	acts "$1-overlay" ok
}

reopen() {
	container "$1-reopen" "$1" -- "echo ok reopen: 1 >>/dev/stdout; echo ok reopen: 2 >>/proc/self/fd/1; echo ok reopen: 3 >>/dev/stderr;
		echo ok reopen: 4 >>/proc/self/fd/2; cat /dev/stdin"
	acts "$1-reopen" ok 4
}

admin() {
	local pid
	container "$1-admin" "$1" || return
	pid=$(container_pid "$1-admin")
	check "B37: nsenter into $1-admin" \
		[ "$(nsenter -t "$pid" -m -u -i -n -p -C /bin/cat /etc/hostname)" = container ]
	check "B37: a look at $1-admin's files from the host" [ "$(cat "/proc/$pid/root/etc/hostname")" = container ]
}

docker_image() {
	tar -C "$work/rootfs" -c . | docker import -c 'ENV PATH=/bin' - warder-test >/dev/null
}

docker_some() {
	local n done=0
	export DOCKER_HOST=unix://$docker_socket
	docker_image || return
	for ((n = 0; n < docker_starts; n++)); do
		[ "$(docker run --rm --network none --name "$id-docker$n" warder-test act open /etc/hostname 2>>"$work/docker.err" | cut -c 1-2)" = ok ] &&
			done=$((done + 1))
	done
	docker run -d --network none --name "$id-docker" warder-test act pause >/dev/null 2>>"$work/docker.err"
	[ "$(docker exec "$id-docker" echo hello 2>>"$work/docker.err")" = hello ] && done=$((done + 1))
	docker rm -f "$id-docker" >/dev/null 2>>"$work/docker.err"
	check "B01 B02: $done of $((docker_starts + 1)) runs and execs of docker $(tail -n 1 "$work/docker.err")" [ $done = $((docker_starts + 1)) ]
}

sensor_start
if [ "$docker_starts" = 0 ]; then
	skip "docker: WARDER_DOCKER_STARTS=0"
elif dockerd_start; then
	docker_some
else
	skip "docker: dockerd is not installed or does not start: $(tail -n 1 "$work/docker/log" 2>&1)"
fi
list=$(runtimes)
count=$(wc -w <<<"$list")
for runtime in $list; do
	families "$runtime"
	overlay "$runtime"
	reopen "$runtime"
	admin "$runtime"
	exec_many "$runtime-admin" $((execs / count))
	start_stop "$runtime" $((starts / count))
done
[ $((execs % count)) = 0 ] || exec_many "${list%% *}-admin" $((execs % count))
[ $((starts % count)) = 0 ] || start_stop "${list%% *}" $((starts % count))
# The silence counts only if the sensor still speaks at the end of it.
host_secret
container fence runc hostpid caps=all -- "act setns-pidfd $holder $secret"
acts fence ok
expect fence M02 SUCCEEDED host
printf 'silent\t%d\n' $((starts + docker_starts)) >>"$work/expected"
verdict
finish
