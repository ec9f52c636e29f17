#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nested.sh: a container in a container, made by a runc or crun in it, makes an escape attempt (M09 of what it sees as its root; M34 where
# it has the host's pid namespace, by way of the outer one): the finding has the outer container as origin and names the inner one too.
# Inner ones are called by a name of somebody's choice, as runc's, or by 64 hex digits, as engines'. Controls: the outer one does the
# same itself, from its own cgroup, and from one that it made for itself, as engines in containers do; there is no inner one.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" nested

hex=$(echo "$id" | sha256sum | cut -d ' ' -f 1)

# nest: what the outer containers need besides: the runtimes, and a script that makes their cgroup a place for others
nest() {
	local file
	# shellcheck disable=SC2046 # words
	for file in $(command -v runc crun) $(ldd $(command -v runc crun) | grep -o '/[^ ]*' | grep -v ':$'); do
		mkdir -p "$work/rootfs${file%/*}"
		cp -L "$file" "$work/rootfs$file"
	done
	[ -z "$hybrid" ] || cp "$work/norlim.so" "$work/rootfs/norlim.so"
	cat >"$work/rootfs/bin/nest" <<-'END'
		#!/bin/sh
		# nest CMD...: runs it in a cgroup below the container's, beside which there may be others
		busybox mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
			mkdir -p /sys/fs/cgroup/init /run &&
			echo 0 >/sys/fs/cgroup/init/cgroup.procs &&
			exec "$@"
	END
	chmod 755 "$work/rootfs/bin/nest"
}

# outer NAME RUNTIME CMD [FEATURE...]: a container that may make others
outer() {
	local name=$1 runtime=$2 command=$3
	shift 3
	container "$name" "$runtime" caps=all devices unmasked "$@" -- "$command"
}

# inner NAME RUNTIME ID CMD [FEATURE...]: an outer container in which the same runtime makes one called ID, which runs CMD
inner() {
	local outer=$1 runtime=$2 inner=$3 command=$4 dir=$work/inner/$1 preload='' name
	shift 4
	name=$outer-inner
	mkdir -p "$dir" "$(bundle "$name")"
	spec "$command; sleep 2" caps=all devices unmasked "$@" | jq -c --arg c "/$inner" '.linux.cgroupsPath = $c' >"$dir/config.json"
	rm -r "$(bundle "$name")"
	mkdir -p "$dir/rootfs"
	cp -a "$work/rootfs/." "$dir/rootfs/"
	[ -z "$hybrid" ] || preload='LD_PRELOAD=/norlim.so '
	outer "$outer" "$runtime" "nest busybox env $preload$(command -v "$runtime") --root /run/state run --bundle /data $inner" "bind=$dir:/data" "$@"
	acts "$outer" ok
}

# found NAME TECHNIQUE INNER: a finding about the container, with this inner one ("none")
found() {
	jq -e -n --arg n "$id-$1" --arg t "$2" --arg i "$3" 'any(inputs; .type == "FINDING" and .finding.technique == $t and
		.actor.workload.container.name == $n and (.actor.inner.container.id // "none") == $i)' "$events" >/dev/null
}

# inners NAME: what is called an inner one of it, in whatever event
inners() {
	jq -r --arg n "$id-$1" 'select(.actor.inner and .actor.workload.container.name == $n) |
		.actor.inner | [.container.id, .resolution, .cgroup_path] | join(" ")' "$events" | sort -u
}

# due NAME TECHNIQUE INNER
due() {
	until_true 10 found "$@"
	check "$1: $2 is told of it, and the inner one is $3: $(inners "$1" | tr '\n' ' ')" found "$@"
	if [ "$3" = none ]; then
		check "$1: and no event has an inner one" [ -z "$(inners "$1")" ]
	else
		check "$1: and no other is one" [ "$(inners "$1" | cut -d ' ' -f 1,2)" = "$3 CGROUP_ONLY" ]
	fi
}

host_secret
nest
sensor_start
for runtime in $(runtimes); do
	[ "$runtime" != crun-v1 ] || continue # what is made below it would be in version 2
	act="act open-tree / etc/hostname"
	outer "$runtime-own" "$runtime" "$act" && acts "$runtime-own" ok
	due "$runtime-own" M09 none
	outer "$runtime-init" "$runtime" "nest busybox unshare -m -p -f $act" && acts "$runtime-init" ok
	due "$runtime-init" M09 none
	inner "$runtime-named" "$runtime" job "$act"
	due "$runtime-named" M09 job
	inner "$runtime-engine" "$runtime" "$hex" "act open /proc/$holder/root$secret" hostpid
	due "$runtime-engine" M34 "$hex"
done
check "SIGTERM ends the sensor with 0" sensor_stop
finish
