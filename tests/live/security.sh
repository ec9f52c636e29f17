#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# security.sh: what no call takes away from a thread: its seccomp mode (K05), no_new_privs (K05), its security label (K06).
#
# Only a write to kernel memory clears them, and no test may make one. So the sensor's memory is changed instead: it is made to
# remember more of a process than the process has, which to the kernel program is the same comparison with the same result. The
# controls are real: threads with different filters, forks and execs by each, execs into a container by the runtime.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" security

[ "$WARDER" != none ] || die "there is nothing to test without a sensor"
object=$tree/build/warder.bpf.o

# remembers NAME FIELD VALUE
remembers() {
	local said code
	said=$("$python" "$here/remember.py" "$object" "$(container_pid "$1")" "$2" "$3" 2>&1)
	code=$?
	check "$1: the sensor remembers $said" [ $code = 0 ]
}

sensor_start --sweep 0.5
for runtime in $(runtimes); do
	container "$runtime-seccomp" "$runtime"
	container "$runtime-nnp" "$runtime"
	container "$runtime-label" "$runtime"
	container "$runtime-threads" "$runtime" -- "act threads-seccomp 2"
	acts "$runtime-threads" ok
	container "$runtime-entered" "$runtime"
	check "$runtime-entered: execs" [ "$(inside "$runtime-entered" echo hello)" = hello ]
done
sleep 2 # some sweeps: all is remembered as it is
for runtime in $(runtimes); do
	remembers "$runtime-seccomp" seccomp_mode 2
	expect "$runtime-seccomp" K05 SUCCEEDED host
	remembers "$runtime-nnp" no_new_privs 1
	expect "$runtime-nnp" K05 SUCCEEDED host
	if unseen K06; then
		skip "$runtime-label: K06: no active security module has labels, and the sensor says that it is unseen"
	else
		remembers "$runtime-label" label flip
		expect "$runtime-label" K06 SUCCEEDED host
	fi
	check "$runtime-entered: one exec more" [ "$(inside "$runtime-entered" echo hello)" = hello ]
	expect_none "$runtime-threads"
	expect_none "$runtime-entered"
done
verdict
finish
