#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sticky.sh: a process of a container escapes, moves itself to another cgroup, lets its parents die, executes the host's own
# copy of its program five times, and then reaches for a host process. By then nothing that the kernel says about it names
# the container: the last act must be attributed to its origin all the same.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" sticky

host_secret
sensor_start
for runtime in $(runtimes); do
	# any cgroup will do that is not the container's: it is made by a first container, which stays as it is
	container "$runtime-other" "$runtime" || continue
	away=()
	for dir in $(cgroup_dirs "$(container_pid "$runtime-other")"); do
		cgroup_make "${dir%/*}/$id-away"
		away+=("${dir%/*}/$id-away")
	done
	container "$runtime-sticky" "$runtime" hostpid hostcgroup caps=all -- \
		"act setns-pidfd $holder $secret , cgroup-move ${away[*]} , orphan , reexec 5 $ACT , ptrace attach $holder"
	acts "$runtime-sticky" ok 5
	expect "$runtime-sticky" M02 SUCCEEDED host
	expect "$runtime-sticky" M57 SUCCEEDED any
	expect "$runtime-sticky" M36 SUCCEEDED host
	expect_none "$runtime-other"
done
verdict
finish
