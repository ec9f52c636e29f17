#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# policy.sh: what an operator decides, with a real sensor and real containers. An exception is for one container and one technique and nobody
# else, a technique is not looked for or weighs something else, and what was silenced is counted in the stream; a built-in exception is for
# the agent of its namespace and image alone. What a container does with namespaces of its own is silent in production mode and found in
# strict mode; a smaller budget is what a flooder loses by. All of it by SIGHUP to one sensor. Then 300 reloads, good files and bad ones in
# turns, while two containers act as fast as they can: no act of theirs goes missing.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" policy
. "$here/daemons.sh"

# good: the policy
good() {
	cat <<-END
		techniques:
		  M35: {severity: low}
		  M36: {enabled: false}
		exceptions:
		  - name: a debugger that may
		    techniques: [M34]
		    containers: ['$id-*-quiet']
		    users: [0]
		    owners: host
		  - name: another executable
		    techniques: [M34]
		    containers: ['$id-*-loud']
		    executables: ['/bin/other']
	END
}

# again LINE...: the sensor reads the good policy with these lines before it
again() {
	local before
	before=$(grep -c 'read again' "$work/sensor.err")
	{ printf '%s\n' "$@"; good; } >"$work/policy.yaml"
	kill -HUP "$sensor"
	until_true "$DEADLINE" more_reloads "$before" || fail "SIGHUP: $(tail -n 1 "$work/sensor.err")"
}

more_reloads() {
	[ "$(grep -c 'read again' "$work/sensor.err")" -gt "$1" ]
}

# counted NAME EXCEPTION: how often the stream says that it silenced NAME
counted() {
	jq -rs --arg n "$id-$1" --arg x "$2" '[.[] | select(.type == "EXCEPTIONS") | .exceptions.rows[]? |
		select(.name == $x and .workload.container.name == $n) | .count | tonumber] | max // 0' "$events"
}

# opens NAME: records of files that it opened out of its reach
opens() {
	events_of FILE_OPEN "$1" | wc -l
}

# came NAME: telemetry of it that is in the stream
came() {
	grep -F "\"name\":\"$id-$1\"" "$events" | jq -c --arg n "$id-$1" \
		'select(.actor.workload.container.name == $n and (.type | startswith("PROCESS_")))' | wc -l
}

# severity NAME TECHNIQUE
severity() {
	events_of FINDING "$1" | jq -rs --arg t "$2" '[.[] | select(.finding.technique == $t) | .severity] | unique | join(" ")'
}

# weighty NAME: its techniques that are MEDIUM or worse
weighty() {
	events_of FINDING "$1" | jq -rs '[.[] | select(.severity == ("MEDIUM", "HIGH", "CRITICAL")) | .finding.technique] | unique | join(" ")'
}

# says NAME WORDS: a finding of it of at least MEDIUM has these words
says() {
	events_of FINDING "$1" | jq -es --arg w "$2" 'any(.[]; .severity == "MEDIUM" and (.message | contains($w)))' >/dev/null
}

# lost NAME STAGE: how much of it was lost there
lost() {
	jq -rs --arg n "$id-$1" --arg s "$2" '[.[] | select(.type == "LOST") | .lost.counts[] |
		select(.stage == $s and .workload.container.name == $n) | .records | tonumber] | add // 0' "$events"
}

acts_of() {
	local name=$1 runtime=$2
	container "$name" "$runtime" hostpid caps=SYS_PTRACE || return
	inside "$name" act open "/proc/$holder/root$secret" , open "/proc/$holder/environ" , ptrace seize "$holder" >>"$(bundle "$name")/log" 2>&1
	acts "$name" ok 3
}

# own NAME RUNTIME: all that a sandbox or an engine in a container does with namespaces and mounts of its own
own() {
	container "$1" "$2" unmasked caps=SYS_ADMIN -- "act own-setns , own-clone , own-mount /tmp/m , userns"
	acts "$1" ok 4
}

# agent NAME NAMESPACE IMAGE: a container of a pod, by the bundle that containerd would have made; it uses an engine's socket
agent() {
	local name=$1 dir=$work/io.containerd.runtime.v2.task/k8s.io/$id-$1
	mkdir -p "$dir" "$work/containers"
	ln -s "$dir" "$work/containers/$id-$name"
	cp -a "$work/rootfs" "$dir/rootfs"
	spec "act send stream /data/docker.sock; exec act pause" "bind=$work/share:/data" |
		jq --arg c "$id-$name" --arg n "$2" --arg i "$3" '.annotations = {"io.kubernetes.cri.container-type": "container",
			"io.kubernetes.cri.container-name": $c, "io.kubernetes.cri.image-name": $i,
			"io.kubernetes.cri.sandbox-name": "pod-0", "io.kubernetes.cri.sandbox-namespace": $n}' >"$dir/config.json"
	echo runc >"$dir/runtime"
	oci runc run -d --bundle "$dir" --pid-file "$dir/pid" "$id-$name" >>"$dir/log" 2>&1 || rm "$dir/runtime"
	acts "$name" ok
}

# flood NAME SECONDS: a container that floods telemetry, one that floods records that findings hang on
flood() {
	container "$1-telemetry" "$runtime" caps=SYS_ADMIN -- "act flood $2"
	container "$1-findings" "$runtime" hostpid caps=SYS_PTRACE -- "act open-flood $2 /proc/$holder/root$secret"
	acts "$1-telemetry" ok
	acts "$1-findings" ok
}

# done_by NAME: how often its incident says that it did it
done_by() {
	events_of INCIDENT "$1" | jq -rs '[.[] | .incident.evidence[] | select(.technique == "M34") | .count] | max // 0'
}

storm() {
	local n
	for n in $(seq 300); do
		if [ $((n % 2)) = 0 ]; then good; else echo "exceptions: [{name: nothing}]"; fi >"$work/policy.new"
		mv "$work/policy.new" "$work/policy.yaml"
		kill -HUP "$sensor"
		sleep 0.02
	done
	good >"$work/policy.yaml"
	kill -HUP "$sensor"
}

runner=registry.gitlab.com/gitlab-org/gitlab-runner:alpine-v17.0.0
host_secret
mkdir "$work/share"
daemon engine listen activated "$work/share/docker.sock" >/dev/null
good >"$work/policy.yaml"
runtimes=$(runtimes)
runtimes=${runtimes% crun-v1}
runtime=${runtimes%% *}
sensor_start -c "$work/policy.yaml"
for each in $runtimes; do
	acts_of "$each-quiet" "$each"
	acts_of "$each-loud" "$each"
	own "$each-production" "$each"
done
agent runner gitlab-runner "$runner"
agent imitator shop "$runner"
agent other-image gitlab-runner docker.io/library/alpine:3
flood wide 2
again "strict: true" "budgets: {telemetry: 24, findings: 20}"
flood narrow 2
again "strict: true" "defaults: false"
agent alone gitlab-runner "$runner"
for each in $runtimes; do
	own "$each-strict" "$each"
done
again "strict: false"
for each in $runtimes; do
	own "$each-again" "$each"
done
sleep 1
check "SIGTERM ends the sensor with 0" sensor_stop
for each in $runtimes; do
	for name in quiet loud; do
		check "$each-$name: M35 is LOW by the policy" [ "$(severity "$each-$name" M35)" = LOW ]
		check "$each-$name: M36 is not enabled, and that is counted" [ "$(severity "$each-$name" M36)" = "" ] &&
			check "$each-$name: so many times" [ "$(counted "$each-$name" "techniques: M36")" -ge 1 ]
	done
	check "$each-quiet: M34 is no finding, by its exception" [ "$(severity "$each-quiet" M34)" = "" ]
	check "$each-quiet: the exception is counted: $(opens "$each-quiet")" [ "$(counted "$each-quiet" "a debugger that may")" -ge 1 ]
	check "$each-loud: M34 is HIGH: the exceptions are not for it" [ "$(severity "$each-loud" M34)" = HIGH ]
	check "$each-loud: nothing of it was silenced by them" [ "$(counted "$each-loud" "another executable")" = 0 ]
	for name in production again; do
		check "$each-$name: what it does for itself is its own: $(weighty "$each-$name")" [ "$(weighty "$each-$name")" = "" ]
		check "$each-$name: a user namespace is context" [ "$(severity "$each-$name" M05)" = INFORMATIONAL ]
	done
	check "$each-strict: and is found in strict mode: $(weighty "$each-strict")" [ "$(weighty "$each-strict")" = "ENVELOPE M05" ]
	check "$each-strict: namespaces by unshare" says "$each-strict" "made the mnt, net, uts, ipc, cgroup namespaces for itself, with unshare"
	check "$each-strict: namespaces by clone" says "$each-strict" "made the mnt, uts namespaces for itself, with clone"
	check "$each-strict: a filesystem by mount" says "$each-strict" "mounted a filesystem (tmpfs) for itself, with mount(2)"
	check "$each-strict: and by fsmount" says "$each-strict" "mounted a filesystem (tmpfs) for itself, with fsopen and fsmount"
done
name="GitLab runner with an engine's socket"
check "runner: M41 is no finding, by a built-in exception" [ "$(severity runner M41)" = "" ]
check "runner: and counted" [ "$(counted runner "$name")" -ge 1 ]
for each in imitator other-image alone; do
	check "$each: M41 is CRITICAL: none is for it" [ "$(severity "$each" M41)" = CRITICAL ]
	check "$each: nothing of it was silenced" [ "$(counted "$each" "$name")" = 0 ]
done
# how much a flooder makes, and so loses, is the machine's; what comes through is the budget's
check "narrow-telemetry: 24 KiB a second come through: $(came narrow-telemetry) events, before: $(came wide-telemetry)" \
	[ $((4 * $(came narrow-telemetry))) -le "$(came wide-telemetry)" ]
check "narrow-telemetry: lost by its budget: $(lost narrow-telemetry BUDGET)" [ "$(lost narrow-telemetry BUDGET)" -gt 0 ]
check "narrow-findings: 5 of a type a second come through: $(opens narrow-findings), before: $(opens wide-findings)" \
	[ "$(opens narrow-findings)" -le 20 ] && check "wide-findings: 50" [ "$(opens wide-findings)" -ge 50 ]
check "narrow-findings: lost by its budget: $(lost narrow-findings BUDGET_CRITICAL)" [ "$(lost narrow-findings BUDGET_CRITICAL)" -gt 0 ]

# the storm: both act all the while
: >"$events"
good >"$work/policy.yaml"
sensor_start -c "$work/policy.yaml"
for name in quiet loud; do
	container "$runtime-storm-$name" "$runtime" hostpid caps=SYS_PTRACE -- "act open-flood 12 /proc/$holder/root$secret"
done
sleep 1
storm
for name in quiet loud; do
	acts "$runtime-storm-$name" ok
done
sleep 12 # what is told by and by
check "the sensor lives on" kill -0 "$sensor"
check "SIGTERM ends the sensor with 0, after 300 reloads" sensor_stop
check "good files were read: $(grep -c 'read again' "$work/sensor.err")" [ "$(grep -c 'read again' "$work/sensor.err")" -gt 20 ]
check "bad ones were refused, with their place: $(grep -c 'policy.yaml:1:' "$work/sensor.err")" [ "$(grep -c 'policy.yaml:1:.*the exception has no .techniques.' "$work/sensor.err")" -gt 20 ]
name=$runtime-storm-quiet
check "$name: each record was silenced, and counted: $(opens "$name")" [ "$(counted "$name" "a debugger that may")" = "$(opens "$name")" ]
check "$name: none is a finding" [ "$(severity "$name" M34)" = "" ]
name=$runtime-storm-loud
check "$name: each record is in its incident: $(opens "$name")" [ "$(done_by "$name")" = "$(opens "$name")" ]
check "$name: none was silenced" [ "$(counted "$name" "a debugger that may")" = 0 ]
finish
