# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2016
# workload_agents.sh: what a node's own agents do (rows B.. of the catalogue's benign workloads): containers that were given much of the
# host on purpose, and use it. Where that is what an escape does too, workloads.yaml declares it, by who it is and what it does.

# disk_end NAME: scratch_disk's ends with its workload, and its number may be another's by the end of the suite
disk_end() {
	losetup -d "$disk"
	sed -i "\\|^$disk\$|d" "$work/loops"
	rm "$work/$1.img"
}

# a network plug-in: installed by a container, executed by the host for a pod; and one that enters the pod's network from a container
b05() {
	local bin=/opt/cni/bin plugin=wt-$1-$$ pid node code
	mkdir -p $bin
	work "$1-install" "bind=$bin:/host/bin" <<<"cp /usr/lib/cni/bridge /usr/lib/cni/host-local /host/bin/ && mv /host/bin/bridge /host/bin/$plugin && mv /host/bin/host-local /host/bin/$plugin-ipam" || return
	serve "$1-pod" <<<'sleep 1000' || return
	pid=$(container_pid "$1-pod")
	printf '{"cniVersion":"1.0.0","name":"x","type":"%s","bridge":"wt0","ipam":{"type":"%s-ipam","dataDir":"%s","ranges":[[{"subnet":"10.97.0.0/24"}]]}}' \
		$plugin $plugin "$work/$1-ipam" >"$work/$1.net"
	unshare -n sleep 300 9>&- & # the node's network, which is not the machine's
	node=$!
	CNI_COMMAND=ADD CNI_CONTAINERID=x CNI_NETNS=/proc/$pid/ns/net CNI_IFNAME=eth0 CNI_PATH=$bin timeout 60 \
		nsenter -t $node -n $bin/$plugin <"$work/$1.net" >"$work/$1.out" 2>&1 &&
		work "$1-agent" hostpid caps=all <<<"nsenter -t $pid -n ip -br addr show eth0 | grep 10.97.0"
	code=$?
	kill $node
	rm -f $bin/$plugin*
	leave "$1-pod"
	return $code
}

# the node's filters and settings of its network
b06() {
	work "$1-proxy" hostnet caps=all unmasked <<SCRIPT
sysctl -w net.ipv4.ip_forward=\$(sysctl -n net.ipv4.ip_forward)
nft add table ip $id-$1 && nft add chain ip $id-$1 services && nft list table ip $id-$1 | grep services; nft delete table ip $id-$1
modprobe nf_conntrack || true
ip -br link | grep lo
SCRIPT
}

b07() {
	work "$1-node-exporter" hostpid hostnet ro=/:/host user=65534 <<'SCRIPT'
prometheus-node-exporter --path.rootfs=/host --path.procfs=/host/proc --path.sysfs=/host/sys --web.listen-address=127.0.0.1:19100 --collector.processes --collector.mountstats 2>/tmp/err &
soon curl -sf -o /tmp/m http://127.0.0.1:19100/metrics
grep -c ^node_ /tmp/m; grep -q '^node_filesystem_size_bytes.*mountpoint="/"' /tmp/m; grep -q ^node_processes_pids /tmp/m
kill %1
SCRIPT
}

# every container's cgroup is read, and the kernel's log
b08() {
	serve "$1-app" <<<'sleep 1000' || return
	work "$1-cadvisor" caps=all devices ro=/sys/fs/cgroup:/cgroup ro=/dev/kmsg:/dev/kmsg ro=/:/rootfs <<SCRIPT || return
find /cgroup -path '*$id-$1-app*' -name cgroup.procs -o -path '*$id-$1-app*' -name 'pids.current' | xargs cat | grep -q .
find /cgroup -name 'memory.*usage*' -o -name memory.current -o -name cpuacct.usage -o -name cpu.stat | head -n 200 | xargs cat 2>/dev/null | grep -q .
df /rootfs | grep -q rootfs
# EPIPE: the oldest message was overwritten before it was read, and the next one follows
python3 -c 'import os; fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK); os.read(fd, 8192)' 2>/dev/null || head -n 1 /dev/kmsg | grep -q .
SCRIPT
	leave "$1-app"
}

# the kernel's log is followed, and the service manager asked
b09() {
	mkdir -p "$work/$1-bus"
	dbus-daemon --session --nofork --nopidfile --address="unix:path=$work/$1-bus/socket" >/dev/null 2>&1 9>&- &
	local bus=$! code
	until_true "$DEADLINE" test -S "$work/$1-bus/socket" || return
	work "$1-problem-detector" caps=SYSLOG unmasked "bind=$work/$1-bus:/run/dbus-host" <<'SCRIPT'
dmesg | tail -n 1
dbus-send --bus=unix:path=/run/dbus-host/socket --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames | grep org.freedesktop.DBus
SCRIPT
	code=$?
	kill $bus
	return $code
}

# a disk is formatted, mounted, and the mount is the host's too
b10() {
	local kubelet=$work/$1-kubelet code
	scratch_disk "$1" || return
	mkdir -p "$kubelet" && mount --bind "$kubelet" "$kubelet" && mount --make-shared "$kubelet" || return
	runtime=runc work "$1-csi" caps=all devices unmasked hostpid "shared=$kubelet:/var/lib/kubelet" bind=/dev:/dev ro=/:/host <<SCRIPT
wipefs -qa $disk && mkfs.ext4 -q $disk
mkdir -p /var/lib/kubelet/volume && mount $disk /var/lib/kubelet/volume && echo staged >/var/lib/kubelet/volume/file
chroot /host /bin/true
SCRIPT
	code=$?
	[ "$(cat "$kubelet/volume/file")" = staged ] || code=1
	umount "$kubelet/volume"
	umount "$kubelet"
	disk_end "$1"
	return $code
}

# a driver's socket in a directory of the host: its registrar talks to it, and so does the kubelet
b11() {
	local dir=$work/$1-plugins
	mkdir -p "$dir"
	serve "$1-driver" "bind=$dir:/csi" <<<'exec socat UNIX-LISTEN:/csi/csi.sock,fork SYSTEM:"echo driver-7"' || return
	until_true "$DEADLINE" test -S "$dir/csi.sock" || return
	work "$1-registrar" "bind=$dir:/csi" <<<'socat -u UNIX-CONNECT:/csi/csi.sock - | grep driver-7' || return
	[ "$(socat -u "UNIX-CONNECT:$dir/csi.sock" -)" = driver-7 ] || return
	leave "$1-driver"
}

# an agent that profiles the node: perf on all processors, a program of its own in the kernel, the host's procfs
b15() {
	[ -e "$work/agent.bpf.o" ] || clang -O2 -target bpf -I/usr/include/x86_64-linux-gnu -c "$here/agent.bpf.c" -o "$work/agent.bpf.o" || return
	work "$1-apm" hostpid caps=all devices unmasked ro=/proc:/host/proc "ro=$work/agent.bpf.o:/agent.bpf.o" <<'SCRIPT'
grep -q . /host/proc/1/status /host/proc/1/stat /host/proc/loadavg
perf stat -a -e cpu-clock sleep 0.2 2>&1 | grep cpu-clock
mkdir -p /tmp/bpf && mount -t bpf bpf /tmp/bpf && bpftool prog load /agent.bpf.o /tmp/bpf/agent && bpftool prog show pinned /tmp/bpf/agent | grep tracepoint
SCRIPT
}

# a back-up of the pods' volumes
b22() {
	local pods=$work/$1-pods
	mkdir -p "$pods/a/volumes/data"
	work "$1-app" "bind=$pods/a/volumes/data:/data" <<<'head -c 1000000 /dev/urandom >/data/blob; echo mine >/data/file' || return
	work "$1-backup" caps=DAC_READ_SEARCH "ro=$pods:/host_pods" <<'SCRIPT'
export RESTIC_PASSWORD=x RESTIC_REPOSITORY=/srv/r
restic init -q && restic backup -q /host_pods && restic restore -q latest --target /srv/back && diff -r /host_pods /srv/back/host_pods && restic snapshots | grep -q host_pods
SCRIPT
}

b30() {
	work "$1-sysctl" caps=all unmasked <<'SCRIPT'
for name in vm.max_map_count fs.inotify.max_user_watches fs.file-max; do sysctl -w $name=$(sysctl -n $name); done
sysctl -w net.core.somaxconn=4096
SCRIPT
}

# looks from a container whether the host wants a restart, as the host
b31() {
	local host code
	sleep 300 9>&- & # a process of the host's: some machines let nobody near their first
	host=$!
	work "$1-kured" hostpid caps=all <<<"nsenter -m/proc/$host/ns/mnt -- /usr/bin/test -f /etc/debian_version && nsenter -m/proc/$host/ns/mnt -- /bin/systemctl --version | grep systemd"
	code=$?
	kill $host
	return $code
}

# the control plane's store, on the host's network
b32() {
	serve "$1-etcd" hostnet <<<'exec etcd --data-dir /tmp/e --listen-client-urls http://127.0.0.1:12379 --advertise-client-urls http://127.0.0.1:12379 --listen-peer-urls http://127.0.0.1:12380 --log-level error' || return
	work "$1-apiserver" hostnet <<<'export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=http://127.0.0.1:12379; soon etcdctl put k state; etcdctl get k | grep state' || return
	leave "$1-etcd"
}

# a cloud's metadata service, by its address, asked for a token and then by it
b35() {
	local cloud pid code
	serve "$1-driver" <<<'sleep 1000' || return
	pid=$(container_pid "$1-driver")
	unshare -n python3 -c "$metadata" 9>&- &
	cloud=$!
	until_true "$DEADLINE" [ ! "/proc/$cloud/ns/net" -ef /proc/self/ns/net ] &&
		nsenter -t $cloud -n sh -c "ip link add cloud0 type veth peer name eth0 netns $pid && ip addr add 169.254.169.254/16 dev cloud0 && ip link set cloud0 up" &&
		nsenter -t "$pid" -n sh -c 'ip addr add 169.254.1.1/16 dev eth0 && ip link set eth0 up' &&
		inside "$1-driver" bash -euc "$soon"'at=http://169.254.169.254/latest
			soon curl -sf -m 5 -X PUT $at/api/token
			curl -sf -H "X-aws-ec2-metadata-token: $(curl -sf -X PUT $at/api/token)" $at/meta-data/instance-id | grep i-0123'
	code=$?
	kill $cloud
	leave "$1-driver"
	return $code
}

metadata='
from http.server import BaseHTTPRequestHandler, HTTPServer
class Cloud(BaseHTTPRequestHandler):
    def answer(self, text):
        self.send_response(200); self.end_headers(); self.wfile.write(text)
    def do_PUT(self): self.answer(b"a-token")
    def do_GET(self): self.answer(b"i-0123" if self.headers["X-aws-ec2-metadata-token"] == "a-token" else b"")
    def log_message(self, *args): pass
HTTPServer(("0.0.0.0", 80), Cloud).serve_forever()'

# a build job that starts containers by the engine's socket
b36() {
	work "$1-runner" "bind=${docker_socket%/*}:/sockets" <<SCRIPT
export DOCKER_HOST=unix:///sockets/docker.sock DOCKER_CONFIG=/tmp
docker ps >/dev/null && docker run --rm --network none --name $id-$1-job warder-test echo built-it | grep built-it
SCRIPT
}

# an administrator looks into a container
b37() {
	local pid tracer
	serve "$1" <<<'echo own >/tmp/own; while :; do sleep 0.1; done' || return
	pid=$(container_pid "$1")
	until_true "$DEADLINE" test -s "/proc/$pid/root/tmp/own" || return
	[ "$(nsenter -t "$pid" -a /bin/cat /tmp/own)" = own ] && nsenter -t "$pid" -n ip -br addr | grep -q '^lo' &&
		[ "$(cat "/proc/$pid/root/tmp/own")" = own ] && gdb -batch -p "$pid" -ex 'info registers rip' -ex detach 2>&1 | grep -q '^rip' || return
	strace -f -p "$pid" -o "$work/$1.trace" 2>/dev/null 9>&- &
	tracer=$!
	until_true "$DEADLINE" grep -qs clone "$work/$1.trace" || return
	kill $tracer
	leave "$1"
}

# a virtual machine in a container: what is on its serial line was written by its own firmware
b39() {
	work "$1" devices bind=/dev/kvm:/dev/kvm <<'SCRIPT'
python3 - <<E
code = b"".join(bytes([0xb0, c, 0xba, 0xf8, 0x03, 0xee]) for c in b"from the guest\n") + b"\xf4\xeb\xfd"
open("/tmp/firmware", "wb").write(code.ljust(0xfff0, b"\0") + b"\xea\0\0\0\xf0".ljust(16, b"\0"))
E
exec 5<>/dev/kvm
qemu-system-x86_64 -accel tcg -display none -serial file:/tmp/serial -bios /tmp/firmware -sandbox on -m 32 2>/tmp/err & qemu=$!
soon grep 'from the guest' /tmp/serial || { cat /tmp/err; exit 1; }
kill $qemu
SCRIPT
}

# a pod whose containers share their processes: one reloads the other and reads its log
b40() {
	local pod=$RANDOM app
	serve "$1-app" pod=c$pod <<'SCRIPT' || return
printf 'daemon off;\nuser root;\npid /tmp/pid;\nerror_log /tmp/error.log notice;\nevents {}\nhttp { access_log off; server { listen 8080; } }\n' >/tmp/c
exec nginx -c /tmp/c
SCRIPT
	app=$(container_pid "$1-app")
	until_true "$DEADLINE" test -s "/proc/$app/root/tmp/pid" || return
	work "$1-sidecar" pod=c$pod "sandbox=$app" "pid=$app" caps=SYS_PTRACE <<'SCRIPT' || return
kill -HUP 1
soon grep reconfiguring /proc/1/root/tmp/error.log
tr '\0' ' ' </proc/1/cmdline | grep nginx
SCRIPT
	leave "$1-app"
}

# a filesystem that a sidecar serves, and the application's container has too
b41() {
	local volume=$work/$1-volume code
	mkdir -p "$volume" && mount --bind "$volume" "$volume" && mount --make-shared "$volume" || return
	runtime=runc serve "$1-fuse" caps=SYS_ADMIN devices "shared=$volume:/volume" bind=/dev/fuse:/dev/fuse <<'SCRIPT' || return
mkdir -p /srv/remote /volume/mnt && echo remote >/srv/remote/file
printf '#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n' >/tmp/ssh && chmod 755 /tmp/ssh
exec sshfs -f -o ssh_command=/tmp/ssh,allow_other x:/srv/remote /volume/mnt
SCRIPT
	until_true "$DEADLINE" test -s "$volume/mnt/file" &&
		runtime=runc work "$1-app" "ro=$volume:/volume" <<<'grep remote /volume/mnt/file'
	code=$?
	umount -l "$volume/mnt" 2>/dev/null
	leave "$1-fuse"
	umount "$volume"
	return $code
}

# a disk that is given is labelled and looked at
b42() {
	local code
	scratch_disk "$1" || return
	work "$1-osd" caps=all devices unmasked bind=/dev:/dev <<SCRIPT
wipefs -qa $disk && pvcreate -qq -y --config 'devices/filter=["a|$disk|","r|.*|"] activation/udev_sync=0' $disk && blkid -p $disk | grep LVM2 && blockdev --getsize64 $disk
SCRIPT
	code=$?
	disk_end "$1"
	return $code
}

# what the node has is asked for, and the kernel to tell of its devices again
b43() {
	work "$1-feature-discovery" caps=all unmasked ro=/sys:/host-sys ro=/boot:/host-boot ro=/etc:/host-etc <<'SCRIPT'
grep -q . /host-sys/devices/system/cpu/online && grep -m 1 flags /proc/cpuinfo | head -c 20 && cat /host-etc/os-release | grep -q ID && ls /host-sys/bus/pci/devices >/dev/null
[ "$(udevadm trigger -v -c change -s mem | wc -l)" -ge 3 ] && udevadm info -e | grep -q DEVPATH
SCRIPT
}

# files of the node are looked at for what is bad, and all that is opened is told
b44() {
	mkdir -p "$work/$1-host" && echo 'harmless words, and marker-of-a-virus' >"$work/$1-host/file"
	work "$1-scanner" "caps=SYS_ADMIN DAC_READ_SEARCH" ro=/:/host <<SCRIPT
printf 'Test.Marker:0:*:%s\n' \$(printf marker-of-a-virus | od -An -tx1 | tr -d ' \n') >/tmp/x.ndb
clamscan --no-summary -d /tmp/x.ndb /host$work/$1-host | grep -q 'Test.Marker.*FOUND'
cd /host
fatrace -c -o /tmp/trace & fatrace=\$!
traced() { cat /host$work/$1-host/file; grep "cat.*$1-host/file" /tmp/trace; }
soon traced
kill \$fatrace
SCRIPT
}

# a time server, which leaves the node's clock alone (-x)
b45() {
	work "$1-ntp" caps=none <<'SCRIPT'
printf 'port 1123\ncmdport 0\nbindaddress 127.0.0.1\nallow\nlocal stratum 8\ndriftfile /tmp/drift\npidfile /tmp/pid\nbindcmdaddress /tmp/sock\n' >/tmp/c
chronyd -u root -x -f /tmp/c
printf 'server 127.0.0.1 port 1123 iburst maxsamples 1\npidfile /tmp/pid2\nport 0\ncmdport 0\nbindcmdaddress /\n' >/tmp/c2
timeout 60 chronyd -u root -x -Q -f /tmp/c2 -t 50 2>&1 | grep 'System clock'
SCRIPT
}
