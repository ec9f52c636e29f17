#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sensitive.sh: the node's own files, reached by mounts that containers were given: what cron, ssh, the loader, systemd, PAM, the kubelet
# and the runtimes act by, secrets, logs, other pods' volumes (M47, O02, O05, O12, O16, P01 to P09, P13, P16, P17).
#
# The node's root is a directory of the suite's (--host-root) with the machine's own /run and temporary files in it: nothing of the
# machine's is written, and the files are told by their inodes all the same.
#
# Controls: B05 a plug-in's installer, B12 a driver's installer, B13 a log shipper, B22 a backup of pods' volumes, B32 the control plane's
# own pods, B46 the same names in the image, and volumes of a container's own on the same file system.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" sensitive
. "$here/rows.sh"

node=$work/node
pods=$node/var/lib/kubelet/pods
volumes=$pods/11111111-2222-3333-4444-555555555555/volumes

# WIDE: all of the node's files are mounted, at /host. A container acts once by each technique; other ways to the same are others'.
attacks="
plants P01+P02+P03+P04+P05+P06+P07+P08+P09+P13+O16+M47 host WIDE | write /host/etc/cron.d/job , write /host/root/.ssh/authorized_keys , write /host/etc/ld.so.preload , write /host/etc/systemd/system/x.service , write-open /host/etc/passwd , write /host/etc/kubernetes/manifests/x.yaml , write /host/usr/bin/tool , write /host/etc/docker/daemon.json , write /host/etc/profile.d/x.sh , write /host/var/lib/docker/image/repositories.json , write /host/opt/cni/bin/plugin , write /host/etc/motd
reads P16+P17+O02+O05+O12 host WIDE      | open /host/etc/shadow , empty /host/var/log/auth.log , open /host/var/lib/kubelet/pods/11111111-2222-3333-4444-555555555555/volumes/kubernetes.io~projected/token/token , open /host/etc/kubernetes/pki/etcd/server.key , open /host/etc/kubernetes/admin.conf
plants2 P01+P02+P04+P05+P08 host WIDE    | write-open /host/etc/crontab , write /host/home/user/.ssh/authorized_keys , write /host/etc/udev/rules.d/x.rules , write /host/etc/sudoers.d/x , write /host/etc/cdi/x.yaml
reads2 P16+O12 host WIDE                 | open /host/etc/ssh/ssh_host_ed25519_key , open /host/var/lib/kubelet/pki/kubelet-client-current.pem
spool P01+P16 host WIDE                  | write /host/var/spool/cron/crontabs/root , open /host/root/.aws/credentials
dropin P04 host NODE/etc/systemd/system/some.service.d:/d | write /d/x.conf
secret O02 host NODE/var/lib/kubelet:/k  | open /k/pods/11111111-2222-3333-4444-555555555555/volumes/kubernetes.io~secret/s/key
openat2 P01+P16 host WIDE                | openat2-write /host/etc/crontab , thread , open /host/etc/shadow
symlink P01+P16 host WIDE                | symlink /host/etc/crontab /tmp/x , write-open /tmp/x , link /host/etc/shadow /host/srv/harmless.RUNTIME , open /host/srv/harmless.RUNTIME
bind P01 host WIDE caps=SYS_ADMIN        | bind-to /host/etc/crontab /tmp/y , write-open /tmp/y
handle P16 host WIDE caps=DAC_READ_SEARCH | handle /host SHADOW
"

# where 32-bit calls are seen
compat="
shadow-32bit P16 host WIDE          | open32 /host/etc/shadow
"

# without an open of the file that it is about: no exit of a call shows these
changes="
moved P01+P05+P06+P04+P17 host WIDE      | write /host/srv/job.RUNTIME , rename /host/srv/job.RUNTIME /host/etc/cron.d/renamed.RUNTIME , write /host/srv/sudoers.RUNTIME , rename /host/srv/sudoers.RUNTIME /host/etc/sudoers , write /host/srv/pod.RUNTIME , link /host/srv/pod.RUNTIME /host/etc/kubernetes/manifests/linked.RUNTIME , symlink /usr/lib/x.service /host/etc/systemd/system/x.RUNTIME , unlink /host/var/log/audit/audit.RUNTIME
cut P17 host WIDE                        | truncate /host/var/log/syslog
"

# what is below MEDIUM: legal, and context at most
legal="
B05 NODE/opt/cni/bin:/plugins       | write /plugins/bridge
B12 NODE/etc/containerd:/config     | write /config/config.toml
B13 NODE/var/log:/logs              | open /logs/auth.log , append /logs/auth.log , write /logs/shipped.RUNTIME , unlink /logs/shipped.RUNTIME
B22 NODE/var/lib/kubelet/pods:/pods | open /pods/11111111-2222-3333-4444-555555555555/volumes/kubernetes.io~empty-dir/data/file
B32 NODE/etc/kubernetes/pki:/pki    | open /pki/ca.key
B32etcd NODE/var/lib/etcd:/etcd     | open /etcd/member.db , write /etcd/wal.RUNTIME
image-cron -                        | write /etc/crontab , write /etc/ld.so.preload , write /etc/passwd
volume NODE/var/lib/kubelet/pods/11111111-2222-3333-4444-555555555555/volumes/kubernetes.io~empty-dir/data:/data | write /data/x.RUNTIME , open /data/file
sibling NODE/srv:/srv               | write /srv/own.RUNTIME , open /srv/own.RUNTIME
readable WIDE                       | open /host/etc/passwd , open /host/etc/crontab , open /host/etc/ssh/ssh_host_ed25519_key.pub
"

missing() {
	:
}

fill() {
	local words=$2
	words=${words//WIDE/NODE:\/host}
	words=${words//SHADOW/$("$ACT" handle-of "$node/etc/shadow" | sed -n 's/^ok handle-of: //p')}
	words=${words//RUNTIME/$1}
	[[ $words != NODE* ]] || words=rbind=$words
	echo "${words//NODE/$node}" # last: what mktemp made of a path's name may hold any of the words
}

# the node: directories that it has, and a line in each file
make_node() {
	local file
	mkdir -p "$node"/{run,srv,boot,opt/cni/bin,usr/bin,usr/lib,root/.aws,root/.ssh,home/user/.ssh} "$node${work%/*}" \
		"$node"/etc/{cron.d,systemd/system/some.service.d,udev/rules.d,sudoers.d,pam.d,profile.d,docker,containerd,cdi,ssh} \
		"$node"/etc/kubernetes/{manifests,pki/etcd} "$node"/var/{spool/cron/crontabs,log/audit,lib/docker/image,lib/etcd,lib/kubelet/pki} \
		"$volumes"/kubernetes.io~{projected/token,secret/s,empty-dir/data}
	for file in etc/{crontab,passwd,shadow,sudoers,kubernetes/admin.conf,kubernetes/pki/ca.key,kubernetes/pki/etcd/server.key} \
		etc/ssh/ssh_host_ed25519_key{,.pub} root/.aws/credentials var/log/{auth.log,syslog,audit/audit.runc,audit/audit.crun,audit/audit.crun-v1} \
		var/lib/{etcd/member.db,kubelet/pki/kubelet-client-current.pem}; do
		echo "the node's $file" >"$node/$file"
	done
	# a pod's secrets are in memory
	mounted -t tmpfs tmpfs "$volumes/kubernetes.io~projected/token"
	mounted -t tmpfs tmpfs "$volumes/kubernetes.io~secret/s"
	for file in kubernetes.io~projected/token/token kubernetes.io~secret/s/key kubernetes.io~empty-dir/data/file; do
		echo "a pod's $file" >"$volumes/$file"
	done
	mounted --bind /run "$node/run"
	mounted --bind "${work%/*}" "$node${work%/*}"
}

# allowed RUNTIME: the rows of what is legal
allowed() {
	local runtime=$1 name features act words
	while IFS='|' read -r words act; do
		read -r name features <<<"$words"
		[ "$name" ] || continue
		[ "$features" != - ] || features=
		attack "$runtime" "$runtime-$name" "$(fill "$runtime" "$features")" "$(fill "$runtime" "$act")"
		expect_none "$runtime-$name"
	done <<<"$legal"
}

# the node writes its file anew, which is another inode then, and a file that it did not have
replaced_by_node() {
	local runtime=$1
	cp "$node/etc/shadow" "$node/etc/shadow.new"
	mv "$node/etc/shadow.new" "$node/etc/shadow"
	echo "new keys" >"$node/etc/krb5.keytab"
	sleep 5
	container "$runtime-anew" "$runtime" "bind=$node:/host" -- "act open /host/etc/shadow , open /host/etc/krb5.keytab"
	acts "$runtime-anew" ok 2
	expect "$runtime-anew" P16 SUCCEEDED host
	rm "$node/etc/krb5.keytab"
}

make_node
sensor_start --host-root "$node"
for runtime in $(runtimes); do
	rows "$runtime" "$attacks"
	if blind file_open 32-bit; then
		skip "$runtime-shadow-32bit: file_open does not see 32-bit calls here, and the sensor says so"
	else
		rows "$runtime" "$compat"
	fi
	if blind sensitive_change moved; then
		for row in moved cut; do
			skip "$runtime-$row: sensitive_change is unseen here, and the sensor says so"
		done
	else
		rows "$runtime" "$changes"
	fi
	allowed "$runtime"
	replaced_by_node "$runtime"
done
verdict
finish
