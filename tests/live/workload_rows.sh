# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# workload_rows.sh: the table of benign workloads (rows B01 to B50 of the catalogue), how one is run, and what the sensor said of each;
# sourced after lib.sh by workloads.sh, which runs each once, and mixed.sh, which runs them over and over. Environment: WARDER_ROWS
# (only these, such as "B19 B28").
. "$here/machine.sh"
. "$here/workload_apps.sh"
. "$here/workload_agents.sh"

DEADLINE=${WARDER_DEADLINE:-60} # browsers and databases, on a machine that may be busy
policy=$here/workloads.yaml
summary=$work/rows # a line a run: ROW STATE
said=

# ROW | WHAT | PROGRAMS that it needs. What is not here, and why, is in README.
workloads="
B01 | containers of runc, crun and Docker start and stop | docker
B02 | commands executed in a running container           |
B03 | crun and podman's conmon, which copy themselves     | podman
B04 | a pod's sandbox, and who joins its namespaces       | curl python3
B05 | a CNI plug-in installed, executed, and one that enters a pod | /usr/lib/cni/bridge nsenter ip
B06 | kube-proxy's nftables and sysctls, host's network   | nft sysctl modprobe
B07 | node-exporter, host's processes, network and files  | prometheus-node-exporter curl
B08 | cAdvisor's look at all cgroups and the kernel's log | python3
B09 | node-problem-detector: kernel's log and D-Bus       | dbus-daemon dbus-send dmesg
B10 | CSI node plug-in: mkfs, Bidirectional mount, chroot | mkfs.ext4 wipefs
B11 | CSI driver's and registrar's sockets                | socat
B13 | rsyslog on the node's logs, and their rotation      | rsyslogd
B14 | links and rotation that the kubelet makes in a log directory |
B15 | an APM agent: perf on all processors, BPF, host's procfs | perf bpftool clang
B16 | systemd as process 1, a service with PrivateTmp     | /lib/systemd/systemd
B17 | buildah in a container                              | buildah
B18 | Chromium's own sandbox, and bubblewrap              | chromium bwrap
B19 | gdb and strace; an ephemeral container that debugs  | gdb strace
B20 | a mesh's iptables and its proxy                     | iptables haproxy curl
B21 | tcpdump beside an application, gratuitous ARP       | tcpdump arping ping ip
B22 | restic on the directory of the pods' volumes        | restic
B23 | sshd, sudo, su, cron and a chroot in the image      | /usr/sbin/sshd sudo cron ssh
B24 | every socket family, getent, ss                     | python3 ss
B25 | overlayfs: read, changed, renamed, removed          |
B26 | nginx that logs to /dev/stdout, and reopens it      | nginx curl
B27 | fio with io_uring, userfaultfd, memfd               | fio stress-ng
B28 | PostgreSQL with System V shared memory              | psql /usr/lib/postgresql
B30 | a privileged container that sets sysctls            | sysctl
B31 | kured: asks the host by nsenter                     | nsenter
B32 | etcd and its client on the host's network           | etcd etcdctl
B33 | the kubelet's atomic writer, a program from an init container |
B35 | a driver that asks the cloud's metadata service   | curl python3 ip nsenter
B36 | a CI job on docker.sock                             | docker
B37 | an administrator: nsenter, gdb, /proc/PID/root      | nsenter gdb
B39 | a virtual machine in a container                    | qemu-system-x86_64
B40 | a pod with shared processes: SIGHUP, /proc/PID/root | nginx
B41 | sshfs by a sidecar, Bidirectional                   | sshfs
B42 | LVM on a disk that is given                         | pvcreate blkid
B43 | node-feature-discovery and udevadm trigger          | udevadm
B44 | clamscan and fatrace on the node's files            | clamscan fatrace
B45 | chronyd, which leaves the clock alone               | chronyd
B46 | dpkg, setcap, mknod and chroot                      | dpkg-deb setcap
B47 | what runtimes read of their cgroup and mounts       | systemd-detect-virt
B48 | openvpn's tunnel and xfrm policies in a pod         | openvpn
B50 | nginx's sendfile, HAProxy's splice, rsync           | nginx haproxy rsync curl
"

# rows: those of the table that are wanted
rows() {
	local row
	while read -r row _; do
		[ -z "$row" ] || [[ " ${WARDER_ROWS:-$row} " != *" $row "* ]] || echo "$row"
	done <<<"$workloads"
}

# column ROW NUMBER
column() {
	awk -F '|' -v r="$1" -v n="$2" '$1 ~ "^" r " *$" { gsub(/^ +| +$/, "", $n); print $n }' <<<"$workloads"
}

# missing ROW: why it cannot run here
missing() {
	local need
	for need in $(column "$1" 3); do
		[ -e "$need" ] || command -v "$need" >/dev/null || { echo "${need##*/} is not installed (scripts/deps.sh test)"; return; }
	done
	if [ "$1" = B36 ] && [ -z "$docker_socket" ]; then
		echo "dockerd does not start: $(tail -n 1 "$work/docker/log" 2>&1)"
	fi
}

# workload ROW NAME: odd ones by runc, even ones by crun; how it went is in $summary
workload() {
	local row=$1 name=$2 runtime=runc
	[ $((10#${row#B} % 2)) = 1 ] || runtime=crun
	if "${row/B/b}" "$name"; then
		echo "$row ok" >>"$summary"
		rm -rf --one-file-system "$work/$name"[.-]*
		return
	fi
	echo "$row failed" >>"$summary"
	said="$said $(tail -qn 3 "$work/containers/"*"-$name"*/log 2>/dev/null)"
	return 1
}

# workloads_start: what all rows share, and the sensor under the policy
workloads_start() {
	machine_start
	mkdir -p "$work/podman"
	printf '[containers]\ndefault_ulimits = []\n' >"$work/podman/containers.conf"
	if dockerd_start; then
		export DOCKER_HOST=unix://$docker_socket
		tar -C "$work/rootfs" -c . | docker import -c 'ENV PATH=/bin' - warder-test >/dev/null || docker_socket=
	else
		docker_socket=
	fi
	: >"$summary"
	if [ "$WARDER" != none ]; then
		check "warder check $(basename "$policy")" "$WARDER" check "$policy"
		sensor_start -c "$policy"
	fi
}

# workloads_judge: by row what was found, and what should not have been
workloads_judge() {
	local state text
	if [ "$WARDER" = none ]; then
		skip "what the sensor says: there is none (WARDER=none)"
		return
	fi
	sleep "${WARDER_SETTLE:-3}"
	check "SIGTERM ends the sensor with 0" sensor_stop
	while IFS='|' read -r state text; do
		case $state in
		ok) pass "$text" ;;
		FAIL) fail "$text" ;;
		*) echo "     $text" ;;
		esac
	done < <("$python" "$here/workloads.py" "$id" "$summary" "$policy" "$events" || echo "FAIL|the judge failed")
}
