# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2016
# workload_apps.sh: what applications and their engines do all day (rows B.. of the catalogue's benign workloads), each with the real
# program in a real container. A function is called bNN with the name of its container, and fails where the program did not do its work.

b01() {
	local each
	for each in runc crun; do
		runtime=$each work "$1-$each" <<<'[ "$(hostname)" = container ] && [ $$ = 1 ] && grep -q "^overlay / " /proc/mounts' || return
	done
	[ "$docker_socket" ] || return 0
	[ "$(docker run --rm --network none --name "$id-$1-docker" warder-test hostname | wc -c)" = 13 ]
}

b02() {
	local n
	serve "$1" <<<'sleep 1000' || return
	for n in 1 2 3 4 5; do
		[ "$(inside "$1" bash -c 'read -r pid _ </proc/self/stat; [ $pid -gt 1 ] && echo ready')" = ready ] || return
	done
	leave "$1"
}

# conmon and crun copy themselves before they enter the container
b03() {
	runtime=crun serve "$1" <<<'sleep 1000' || return
	[ "$(inside "$1" readlink /proc/1/exe)" = /usr/bin/sleep ] || return
	leave "$1"
	[ "$(CONTAINERS_CONF=$work/podman/containers.conf podman --root "$work/podman/root" --runroot "$work/podman/run" --tmpdir "$work/podman/tmp" --storage-driver vfs --cgroup-manager cgroupfs \
		--events-backend file --runtime runc run --rm --ulimit host --network none --name "$id-$1-podman" --rootfs "$work/rootfs" \
		cat /etc/passwd 2>>"$work/podman/err" | cut -d : -f 1)" = root ]
}

# a pod: a sandbox that holds the namespaces, and who joins them
b04() {
	local pod=$RANDOM
	serve "$1-sandbox" pod=a$pod <<<'sleep 1000' || return
	serve "$1-web" pod=a$pod "sandbox=$(container_pid "$1-sandbox")" <<<'mkdir /tmp/w && echo from-a-pod >/tmp/w/index && cd /tmp/w && exec python3 -m http.server 8080' || return
	work "$1-client" pod=a$pod "sandbox=$(container_pid "$1-sandbox")" <<<'soon curl -sf http://127.0.0.1:8080/index; curl -s http://127.0.0.1:8080/index | grep from-a-pod' || return
	leave "$1-web"
	leave "$1-sandbox"
}

# an application's log that a node's agent reads by the kubelet's links, and turns over
b13() {
	local logs=$work/$1-logs
	mkdir -p "$logs"/{pods/app,containers,out}
	ln -s /var/log/pods/app/0.log "$logs/containers/app.log"
	work "$1-app" "bind=$logs/pods/app:/log" <<<'for n in $(seq 100); do echo "line $n"; done >/log/0.log' || return
	work "$1-rsyslog" "bind=$logs:/var/log" <<'SCRIPT' || return
cat >/tmp/c <<E
module(load="imfile" mode="inotify")
global(workDirectory="/tmp")
input(type="imfile" File="/var/log/containers/*.log" Tag="app")
action(type="omfile" file="/var/log/out/all")
E
rsyslogd -f /tmp/c -i /tmp/pid
soon grep 'line 100$' /var/log/out/all
kill "$(cat /tmp/pid)"
mv /var/log/pods/app/0.log /var/log/pods/app/0.log.1
: >/var/log/pods/app/0.log
SCRIPT
	[ "$(wc -l <"$logs/pods/app/0.log.1")" = 100 ]
}

# the kubelet makes links in a directory that containers have, reads logs by them and turns them over, all on the host
b14() {
	local logs=$work/$1-logs n
	mkdir -p "$logs"/{pods,containers}
	serve "$1" "bind=$logs:/var/log" <<<'echo first >/var/log/pods/0.log; until [ -L /var/log/containers/app.log ]; do sleep 0.05; done; cat /var/log/containers/app.log; sleep 1000' || return
	until_true "$DEADLINE" test -s "$logs/pods/0.log" || return
	ln -s ../pods/0.log "$logs/containers/app.log"
	until_true "$DEADLINE" told "$1" first || return
	[ "$(cat "$logs/containers/app.log")" = first ] && mv "$logs/pods/0.log" "$logs/pods/0.log.1" && ln -sfn ../pods/0.log.1 "$logs/containers/app.log" &&
		[ "$(cat "$logs/containers/app.log")" = first ] || return
	leave "$1"
}

# systemd as process 1, and a service in namespaces of its own
b16() {
	local runtime=crun
	machine "$1" caps=SYS_ADMIN cgroup2 init <<<'/lib/systemd/systemd --unit=work.target --show-status=no' || return
	mkdir -p "$(bundle "$1")/rootfs/etc/systemd/system"
	cat >"$(bundle "$1")/rootfs/etc/systemd/system/work.service" <<-'UNIT'
		[Unit]
		DefaultDependencies=no
		[Service]
		Type=oneshot
		PrivateTmp=yes
		ProtectSystem=strict
		ProtectHome=yes
		PrivateDevices=yes
		PrivateNetwork=yes
		DynamicUser=no
		ReadWritePaths=/var/lib
		ExecStart=/bin/sh -c 'echo "$$(readlink /proc/self/ns/mnt) $$(cat /proc/self/cgroup)" >/var/lib/worked'
	UNIT
	cat >"$(bundle "$1")/rootfs/etc/systemd/system/work.target" <<-'UNIT'
		[Unit]
		Requires=work.service
		After=work.service
		DefaultDependencies=no
		AllowIsolate=yes
	UNIT
	oci "$runtime" run -d --bundle "$(bundle "$1")" --pid-file "$(bundle "$1")/pid" "$id-$1" >>"$(bundle "$1")/log" 2>&1 || return
	until_true "$DEADLINE" grep -qs work.service "$(bundle "$1")/rootfs/var/lib/worked" || return
	inside "$1" systemctl halt --no-block >/dev/null 2>&1
	until_true "$DEADLINE" gone "$(container_pid "$1")" || return
	leave "$1"
}

# an image is built and run in a container that may
b17() {
	work "$1" caps=all unmasked devices <<'SCRIPT'
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
mkdir -p /tmp/c /etc/containers && cp /bin/busybox /tmp/c/
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >/etc/containers/policy.json
printf 'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "mkdir", "/built"]\nCMD ["/bin/busybox","true"]\n' >/tmp/c/Dockerfile
buildah --root /tmp/s --runroot /tmp/r bud --network none -t built /tmp/c
c=$(buildah --root /tmp/s --runroot /tmp/r from built)
buildah --root /tmp/s --runroot /tmp/r run --network none "$c" /bin/busybox ls -d /built
SCRIPT
}

# Chromium's own sandbox, which refuses to start where it cannot be; and bubblewrap's
b18() {
	work "$1" <<'SCRIPT'
touch /tmp/outside
bwrap --unshare-all --ro-bind / / --dev /dev --ro-bind /proc /proc --tmpfs /tmp sh -c '[ ! -e /tmp/outside ] && echo in bubblewrap'
mkdir -p /tmp/h && chown nobody /tmp/h
echo '<p id=x></p><script>document.getElementById("x").textContent = "six times seven is " + 6 * 7</script>' >/tmp/h/page.html
runuser -u nobody -- env HOME=/tmp/h chromium --headless --disable-gpu --user-data-dir=/tmp/h/d --dump-dom file:///tmp/h/page.html 2>/tmp/err >/tmp/out &
in_a_sandbox() { # a process that has another number in a pid namespace below
	local file key inner
	for file in /proc/[0-9]*/status; do
		while read -r key _ inner _; do
			[ "$key" != NSpid: ] || [ -z "$inner" ] || return 0
		done <$file
	done
	return 1
}
soon in_a_sandbox
wait
grep 'six times seven is 42' /tmp/out || { tail -n 5 /tmp/err; exit 1; }
SCRIPT
}

# debuggers of what is their container's own; and one in an ephemeral container beside the application
b19() {
	work "$1" caps=SYS_PTRACE <<'SCRIPT' || return
strace -f -o /tmp/trace sh -c 'cat /etc/hostname'
grep -q 'openat.*/etc/hostname' /tmp/trace
sleep 1000 & pid=$!
gdb -batch -p $pid -ex 'info registers rip' -ex detach 2>&1 | grep -q '^rip'
strace -p $pid -o /tmp/other & tracer=$!
soon grep -q "TracerPid:	[1-9]" /proc/$pid/status; kill $tracer
gdb -batch -ex run /bin/true 2>&1 | grep -q exited
SCRIPT
	serve "$1-app" <<<'sleep 1000' || return
	work "$1-debugger" "pid=$(container_pid "$1-app")" caps=SYS_PTRACE <<<"gdb -batch -p 1 -ex 'info registers rip' -ex detach 2>&1 | grep '^rip'" || return
	leave "$1-app"
}

# a mesh's init container and its proxy, in the pod's own network
b20() {
	work "$1" caps=NET_ADMIN <<'SCRIPT'
iptables -t nat -A OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 15001
iptables -t nat -L OUTPUT -n | grep -q 15001
mkdir /tmp/w && echo behind-the-proxy >/tmp/w/index
(cd /tmp/w && exec python3 -m http.server 8081 >/dev/null 2>&1) &
printf 'defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n retries 20\nfrontend f\n bind 127.0.0.1:15001\n default_backend b\nbackend b\n server s 127.0.0.1:8081\n' >/tmp/h
haproxy -D -f /tmp/h
soon curl -sf http://127.0.0.1/index
curl -s http://127.0.0.1/index | grep behind-the-proxy
SCRIPT
}

# an ephemeral container that looks at its pod's packets; and an address that is announced
b21() {
	serve "$1-app" <<<'sleep 1000' || return
	work "$1-tcpdump" "sandbox=$(container_pid "$1-app")" caps=NET_ADMIN <<'SCRIPT' || return
ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up && ip addr add 10.99.0.1/24 dev v0
timeout 100 tcpdump -i any -c 3 -w /tmp/packets 'icmp or arp' 2>/tmp/err & pid=$!
soon grep listening /tmp/err
ping -c 1 127.0.0.1 >/dev/null
arping -U -c 1 -w 2 -I v0 10.99.0.1 >/dev/null
wait $pid
tcpdump -r /tmp/packets 2>/dev/null | grep -q 'ICMP echo'
SCRIPT
	leave "$1-app"
}

# logins, other users, jobs and their jails, all in the image
b23() {
	work "$1" <<'SCRIPT'
mkdir -p /run/sshd /root/.ssh && ssh-keygen -qt ed25519 -N '' -f /root/.ssh/id && cp /root/.ssh/id.pub /root/.ssh/authorized_keys && ssh-keygen -A >/dev/null
chmod 700 /root /root/.ssh
/usr/sbin/sshd -p 2222 -o UsePAM=yes -o PidFile=/run/sshd.pid
echo 'root ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/x
ssh -p 2222 -i /root/.ssh/id -o StrictHostKeyChecking=no -o BatchMode=yes -o ConnectionAttempts=10 root@127.0.0.1 'sudo -u nobody id -un' | grep nobody
su -s /bin/sh nobody -c 'id -un' | grep nobody
echo '@reboot root echo a-job >/tmp/job' >/etc/cron.d/job
rm -f /var/run/crond.reboot
cron
mkdir -p /tmp/jail/bin && cp /bin/busybox /tmp/jail/bin/ && chroot /tmp/jail /bin/busybox true
soon test -s /tmp/job
grep a-job /tmp/job
SCRIPT
}

b24() {
	work "$1" <<'SCRIPT'
python3 -c '
import socket
made = 0
for family in range(1, 46):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(family, kind).close(); made += 1
        except OSError: pass
print("%d sockets" % made)
assert made > 4'
getent hosts localhost && ss -an >/dev/null && ip -br addr | grep lo
SCRIPT
}

# files of the image read, changed, renamed and removed
b25() {
	work "$1" <<'SCRIPT'
cp -a /usr/share/zoneinfo /srv/z && diff -r /usr/share/zoneinfo /srv/z
sed -i 's/^root:/toor:/' /etc/passwd && grep -q ^toor: /etc/passwd
mv /usr/share/zoneinfo/Europe /usr/share/zoneinfo/Elsewhere && rm -r /usr/share/zoneinfo/America && [ ! -e /usr/share/zoneinfo/America ]
cp /bin/ls /usr/bin/new && chmod 755 /usr/bin/new && /usr/bin/new / >/dev/null
tar -C /usr/share -cf - zoneinfo | tar -C /tmp -xf -
SCRIPT
}

# nginx as its image has it: logs are the container's output, a file on the host
b26() {
	serve "$1" <<'SCRIPT' || return
printf 'daemon off;\nuser www-data;\npid /tmp/pid;\nerror_log /dev/stderr;\nevents {}\nhttp { access_log /dev/stdout; server { listen 8080; location / { return 200 "served\\n"; } } }\n' >/tmp/c
exec nginx -c /tmp/c
SCRIPT
	until_true "$DEADLINE" inside "$1" curl -sf http://127.0.0.1:8080/ >/dev/null 2>&1 || return
	inside "$1" sh -c 'kill -USR1 "$(cat /tmp/pid)"; sleep 0.3; curl -s http://127.0.0.1:8080/again' | grep -q served || return
	until_true "$DEADLINE" told "$1" 'GET /again' || return
	leave "$1"
}

# io_uring, userfaultfd, programs in memory, a Java-like heap
b27() {
	work "$1" caps=SYS_PTRACE <<'SCRIPT'
fio --name=x --filename=/tmp/x --size=8M --rw=randrw --ioengine=io_uring --iodepth=8 --bs=4k --output-format=terse >/tmp/fio && grep -q ';io_uring\|;x;' /tmp/fio
stress-ng --userfaultfd 1 --userfaultfd-ops 200 --memfd 1 --memfd-bytes 4M --memfd-ops 4 --madvise 1 --madvise-ops 4 -t 5 --temp-path /tmp --metrics-brief >/tmp/s 2>&1
[ "$(awk '$4 ~ /^(userfaultfd|memfd|madvise)$/ && $5 > 0 { print $4 }' /tmp/s | sort -u | wc -l)" = 3 ] || { cat /tmp/s; exit 1; }
python3 -c '
import os
fd = os.memfd_create("executor")
os.write(fd, open("/bin/true", "rb").read())
os.execve(fd, ["executor"], {})'
SCRIPT
}

# a database with System V shared memory
b28() {
	work "$1" <<'SCRIPT'
mkdir /tmp/p && chown postgres /tmp/p
cat >/tmp/run <<'E'
set -e
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
$bin/initdb -N -A trust -D /tmp/p/data >/dev/null
$bin/pg_ctl -s -w -D /tmp/p/data -l /tmp/p/log -o "-k /tmp/p -c shared_memory_type=sysv -c dynamic_shared_memory_type=sysv -c listen_addresses=" start
[ "$(ipcs -m | grep -c postgres)" -ge 1 ]
psql -h /tmp/p -d postgres -Atc 'create table t as select generate_series(1, 1000) n' -c 'select sum(n) from t'
$bin/pg_ctl -s -w -D /tmp/p/data -m fast stop
E
runuser -u postgres -- bash /tmp/run | grep 500500
SCRIPT
}

# a volume that the kubelet swaps while it is read, and a program that an init container brings
b33() {
	local volume=$work/$1-volume pod=$RANDOM n
	mkdir -p "$volume/..1" "$work/$1-shared"
	echo 1 >"$volume/..1/key"
	ln -s ..1 "$volume/..data" && ln -s ..data/key "$volume/key"
	serve "$1-sandbox" pod=b$pod <<<'sleep 1000' || return
	work "$1-init" pod=b$pod "sandbox=$(container_pid "$1-sandbox")" "bind=$work/$1-shared:/shared" <<<'cp /bin/true /shared/tool' || return
	serve "$1-app" pod=b$pod "sandbox=$(container_pid "$1-sandbox")" "bind=$work/$1-shared:/shared" "ro=$volume:/config" \
		<<<'/shared/tool && until [ "$(cat /config/key)" = 20 ]; do :; done; echo saw 20; sleep 1000' || return
	for n in $(seq 2 20); do
		mkdir "$volume/..$n" && echo "$n" >"$volume/..$n/key" && ln -s "..$n" "$volume/..tmp" && mv -T "$volume/..tmp" "$volume/..data" && rm -r "$volume/..$((n - 1))"
	done
	until_true "$DEADLINE" told "$1-app" 'saw 20' || return
	leave "$1-app"
	leave "$1-sandbox"
}

# an installation in the image: devices that are no devices, capabilities of files, a chroot
b46() {
	work "$1" mknod <<'SCRIPT'
mkdir -p /tmp/d/DEBIAN /tmp/d/usr/local/bin && printf 'Package: thing\nVersion: 1\nArchitecture: all\nMaintainer: x\nDescription: x\n' >/tmp/d/DEBIAN/control
cp /bin/true /tmp/d/usr/local/bin/thing && printf '#!/bin/sh\nsetcap cap_net_raw+ep /usr/local/bin/thing\n' >/tmp/d/DEBIAN/postinst && chmod 755 /tmp/d/DEBIAN/postinst
dpkg-deb -b /tmp/d /tmp/thing.deb >/dev/null && dpkg -i /tmp/thing.deb
getcap /usr/local/bin/thing | grep cap_net_raw
mkdir -p /tmp/layer/bin && mknod /tmp/layer/whiteout c 0 0 && cp /bin/busybox /tmp/layer/bin/ && chroot /tmp/layer /bin/busybox true && /usr/local/bin/thing
SCRIPT
}

# what runtimes of languages ask about where they are
b47() {
	work "$1" <<'SCRIPT'
cat /proc/self/cgroup /proc/self/mountinfo /proc/self/status /proc/1/cgroup >/dev/null; nproc; findmnt / | grep overlay; lscpu | grep -q CPU
systemd-detect-virt --container; python3 -c 'import os; print(len(os.sched_getaffinity(0)))'
SCRIPT
}

# a tunnel in the pod's own network
b48() {
	work "$1" caps=NET_ADMIN devices <<'SCRIPT'
mkdir -p /dev/net && mknod /dev/net/tun c 10 200
openvpn --genkey secret /tmp/key
for n in 1 2; do
	openvpn --dev tun$n --proto udp --port 300$n --rport 300$((3 - n)) --remote 127.0.0.1 --ifconfig 10.98.0.$n 10.98.0.$((3 - n)) --secret /tmp/key \
		--cipher AES-256-CBC --log /tmp/log$n --daemon
done
soon grep 'Initialization Sequence Completed' /tmp/log1
soon grep 'Initialization Sequence Completed' /tmp/log2
ip -br link | grep tun1
ip xfrm policy add src 10.0.0.0/8 dst 10.1.0.0/16 dir out && ip xfrm policy | grep -q 10.1.0.0
SCRIPT
}

# files that go from disk to network inside of the kernel
b50() {
	work "$1" <<'SCRIPT'
mkdir -p /tmp/w && head -c 3000000 /dev/urandom >/tmp/w/f
printf 'user root;\npid /tmp/pid;\nerror_log /tmp/err;\nevents {}\nhttp { access_log off; sendfile on; server { listen 8080; root /tmp/w; } }\n' >/tmp/n && nginx -c /tmp/n
printf 'defaults\n mode tcp\n timeout connect 5s\n timeout client 5s\n timeout server 5s\nfrontend f\n bind 127.0.0.1:8081\n option splice-auto\n option splice-response\n default_backend b\nbackend b\n option splice-response\n server s 127.0.0.1:8080\n' >/tmp/h && haproxy -D -f /tmp/h
soon curl -sf -o /dev/null http://127.0.0.1:8081/f
curl -s http://127.0.0.1:8081/f | cmp - /tmp/w/f
rsync -a /tmp/w/ /srv/w/ && cmp /srv/w/f /tmp/w/f
SCRIPT
}
