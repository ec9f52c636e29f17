#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# record.sh FILE: three attacks in real containers, recorded by the sensor as the proto sink writes events: what tests of the report read
# (chains.pb). A breakout of several steps by a script with processes of its own, one container in another, and one whose names of files
# and arguments are hostile to whatever shows them.
# shellcheck source-path=SCRIPTDIR/../live
out=$(realpath -m "$1")
rm -f "$out"
export WARDER_ARGS="-o proto:$out"
. "$(dirname "$0")/../live/lib.sh" record

# What a terminal, a shell and a page would do something with.
hostile=('<img src=x onerror=document.title="owned">' $'\e]0;owned\a\e[2J' $'gpj.\xe2\x80\xaeexe' $'\xff\xfe' '</script><script>document.title="owned"</script>'
	"'; touch owned #" '"&amp;<!--')

audited() {
	grep -F '"type":"POSTURE"' "$events" | grep -qF "\"name\":\"$id-$1\""
}

runtime=runc
host_secret
scratch_disk record && mount_disk=$disk_number || die "no loop device to be had"
sensor_start
container victim $runtime -- "echo $token >/etc/victim"
victim=$(container_pid victim)
outside=$(outside $runtime "$victim")
container breakout $runtime hostpid devices hostcgroup caps=all
container peer $runtime "pid=$victim" caps=SYS_PTRACE
container hostile $runtime hostpid caps=SYS_PTRACE
for name in breakout peer hostile; do
	until_true "$DEADLINE" audited $name
done

inside breakout /bin/sh -c "act hunt 16; sh -c 'act mount $mount_disk /tmp/disk ext4 secret; true'; act setns-pidfd $holder $secret; true"
inside peer /bin/sh -c "act open /proc/1/root/etc/victim; true"
inside peer act ptrace seize 1
for name in "${hostile[@]}"; do
	cp "$ACT" "$(bundle hostile)/rootfs/tmp/${name//\//_}"
done
inside hostile /bin/sh -c "for f in /tmp/*; do \"\$f\" getfd $holder $holder_fd \"\$f\"; done"
inside breakout act cgroup-move $outside
sleep 3
sensor_stop
finish
