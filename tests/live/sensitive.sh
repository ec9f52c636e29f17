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

# WIDE: all of the node's files are mounted, at /host
attacks="
cron P01 host WIDE                  | write /host/etc/cron.d/job
crontab P01 host WIDE               | write-open /host/etc/crontab
spool P01 host WIDE                 | write /host/var/spool/cron/crontabs/root
keys P02 host WIDE                  | write /host/root/.ssh/authorized_keys
homekeys P02 host WIDE              | write /host/home/user/.ssh/authorized_keys
preload P03 host WIDE               | write /host/etc/ld.so.preload
unit P04 host WIDE                  | write /host/etc/systemd/system/x.service
udev P04 host WIDE                  | write /host/etc/udev/rules.d/x.rules
dropin P04 host NODE/etc/systemd/system/some.service.d:/d | write /d/x.conf
passwd P05 host WIDE                | write-open /host/etc/passwd
sudo P05 host WIDE                  | write /host/etc/sudoers.d/x
staticpod P06 host WIDE             | write /host/etc/kubernetes/manifests/x.yaml
program P07 host WIDE               | write /host/usr/bin/tool
daemonjson P08 host WIDE            | write /host/etc/docker/daemon.json
cdi P08 host WIDE                   | write /host/etc/cdi/x.yaml
profile P09 host WIDE               | write /host/etc/profile.d/x.sh
image P13 host WIDE                 | write /host/var/lib/docker/image/repositories.json
shadow P16 host WIDE                | open /host/etc/shadow
hostkey P16 host WIDE               | open /host/etc/ssh/ssh_host_ed25519_key
cloud P16 host WIDE                 | open /host/root/.aws/credentials
emptied P17 host WIDE               | empty /host/var/log/auth.log
token O02 host WIDE                 | open /host/var/lib/kubelet/pods/11111111-2222-3333-4444-555555555555/volumes/kubernetes.io~projected/token/token
secret O02 host NODE/var/lib/kubelet:/k | open /k/pods/11111111-2222-3333-4444-555555555555/volumes/kubernetes.io~secret/s/key
etcd O05 host WIDE                  | open /host/etc/kubernetes/pki/etcd/server.key
admin O12 host WIDE                 | open /host/etc/kubernetes/admin.conf
kubelet O12 host WIDE               | open /host/var/lib/kubelet/pki/kubelet-client-current.pem
other M47 host WIDE                 | write /host/etc/motd
plugin O16 host WIDE                | write /host/opt/cni/bin/plugin
cron-openat2 P01 host WIDE          | openat2-write /host/etc/crontab
cron-symlink P01 host WIDE          | symlink /host/etc/crontab /tmp/x , write-open /tmp/x
cron-bind P01 host WIDE caps=SYS_ADMIN | bind-to /host/etc/crontab /tmp/y , write-open /tmp/y
shadow-thread P16 host WIDE         | thread , open /host/etc/shadow
shadow-handle P16 host WIDE caps=DAC_READ_SEARCH | handle /host SHADOW
shadow-link P16 host WIDE           | link /host/etc/shadow /host/srv/harmless.RUNTIME , open /host/srv/harmless.RUNTIME
"

# where 32-bit calls are seen
compat="
shadow-32bit P16 host WIDE          | open32 /host/etc/shadow
"

# without an open of the file that it is about: no exit of a call shows these
changes="
renamed P01 host WIDE               | write /host/srv/job.RUNTIME , rename /host/srv/job.RUNTIME /host/etc/cron.d/renamed.RUNTIME
replaced P05 host WIDE              | write /host/srv/sudoers.RUNTIME , rename /host/srv/sudoers.RUNTIME /host/etc/sudoers
linked P06 host WIDE                | write /host/srv/pod.RUNTIME , link /host/srv/pod.RUNTIME /host/etc/kubernetes/manifests/linked.RUNTIME
symlinked P04 host WIDE             | symlink /usr/lib/x.service /host/etc/systemd/system/x.RUNTIME
removed P17 host WIDE               | unlink /host/var/log/audit/audit.RUNTIME
cut P17 host WIDE                   | truncate /host/var/log/syslog
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
		skip "$runtime: 32-bit opens: file_open does not see them here, and the sensor says so"
	else
		rows "$runtime" "$compat"
	fi
	if blind sensitive_change moved; then
		skip "$runtime: files moved, linked and removed: sensitive_change is unseen here, and the sensor says so"
	else
		rows "$runtime" "$changes"
	fi
	allowed "$runtime"
	replaced_by_node "$runtime"
done
verdict
finish
