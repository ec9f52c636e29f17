#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# policy.sh: what an operator decides about findings, with a real sensor and real containers: an exception is for one container and one
# technique and nobody else, a technique is not looked for or weighs something else, and what was silenced is counted in the stream.
# Then 300 reloads, good files and bad ones in turns, while two containers act as fast as they can: no act of theirs goes missing.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" policy

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

# counted NAME EXCEPTION: how often the stream says that it silenced NAME
counted() {
	jq -rs --arg n "$id-$1" --arg x "$2" '[.[] | select(.type == "EXCEPTIONS") | .exceptions.rows[]? |
		select(.name == $x and .workload.container.name == $n) | .count | tonumber] | max // 0' "$events"
}

# opens NAME: records of files that it opened out of its reach
opens() {
	events_of FILE_OPEN "$1" | wc -l
}

# severity NAME TECHNIQUE
severity() {
	events_of FINDING "$1" | jq -rs --arg t "$2" '[.[] | select(.finding.technique == $t) | .severity] | unique | join(" ")'
}

acts_of() {
	local name=$1 runtime=$2
	container "$name" "$runtime" hostpid caps=SYS_PTRACE || return
	inside "$name" act open "/proc/$holder/root$secret" , open "/proc/$holder/environ" , ptrace seize "$holder" >>"$(bundle "$name")/log" 2>&1
	acts "$name" ok 3
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

host_secret
good >"$work/policy.yaml"
runtimes=$(runtimes)
runtimes=${runtimes% crun-v1}
sensor_start -c "$work/policy.yaml"
for runtime in $runtimes; do
	acts_of "$runtime-quiet" "$runtime"
	acts_of "$runtime-loud" "$runtime"
done
sleep 2
check "SIGTERM ends the sensor with 0" sensor_stop
for runtime in $runtimes; do
	for name in quiet loud; do
		check "$runtime-$name: M35 is LOW by the policy" [ "$(severity "$runtime-$name" M35)" = LOW ]
		check "$runtime-$name: M36 is not enabled, and that is counted" [ "$(severity "$runtime-$name" M36)" = "" ] &&
			check "$runtime-$name: so many times" [ "$(counted "$runtime-$name" "techniques: M36")" -ge 1 ]
	done
	check "$runtime-quiet: M34 is no finding, by its exception" [ "$(severity "$runtime-quiet" M34)" = "" ]
	check "$runtime-quiet: the exception is counted: $(opens "$runtime-quiet")" [ "$(counted "$runtime-quiet" "a debugger that may")" -ge 1 ]
	check "$runtime-loud: M34 is HIGH: the exceptions are not for it" [ "$(severity "$runtime-loud" M34)" = HIGH ]
	check "$runtime-loud: nothing of it was silenced by them" [ "$(counted "$runtime-loud" "another executable")" = 0 ]
done

# the storm: both act all the while
: >"$events"
sensor_start -c "$work/policy.yaml"
runtime=${runtimes%% *}
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
