#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# capture.sh: what the flight recorder writes. Attacks and legal acts of real containers go to a capture while they are told; replayed,
# on this machine and in a container that has no privileges and no /sys, they make the same findings and incidents, byte by
# byte. What a container did before the first sign of an incident is in the file. A sensor that is killed leaves files that can be read.
# A container that nothing was found about is recorded when somebody asks for it: from before that until the time is over, and nobody else.
#
# Controls: with another policy the replay differs, and says how; a file that was altered is told as such; of a container that nothing was found
# about only birth and end are there.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" capture
. "$here/rows.sh"

# what is found
attacks="
m34 M34 host hostpid caps=SYS_PTRACE    | open /proc/HOLDER/rootSECRET
m36 M36 host hostpid caps=SYS_PTRACE    | ptrace seize HOLDER
m37 M37 host hostpid caps=SYS_PTRACE    | vm-read HOLDER
m38 M38 host hostpid caps=SYS_PTRACE    | mem-read HOLDER
m39 M39 host hostpid caps=SYS_PTRACE    | getfd HOLDER HOLDERFD
m01 M01 host hostpid caps=all           | setns-proc HOLDER SECRET
m02 M02 host hostpid caps=all           | setns-pidfd HOLDER SECRET
x04 X04 host hostpid                    | signal HOLDER 18
x04knob X04 host hostpid caps=SYS_NICE  | control HOLDER
m30 M30 host caps=all                   | bpf-load 2
m28 M28 host caps=SYSLOG                | log 3
m29 M29 host caps=all                   | perf -1
m54 M54 any -                           | uring
k17 K17 any -                           | socket 17 3 0
d03 D03 any -                           | hunt 20
d01 D01 any caps=none                   | try-caps 20
m05 M05 any caps=all                    | userns
m41 M34 host hostpid caps=SYS_PTRACE    | open /proc/HOLDER/rootSECRET , open /proc/HOLDER/rootSECRET , open /proc/HOLDER/rootSECRET
"

# what is not
legal="
own-files - | open /etc/hostname , write /tmp/x , own-open /etc/hostname
own-task - | own-ptrace seize , own-signal , own-control
own-ipc - | own-ipc , own-key
own-net - | socket 2 1 0 , socket 10 2 0
own-tree caps=all | own-mount /tmp/m , own-setns
own-fd - | own-getfd /etc/hostname , own-receive /etc/hostname
"

missing() {
	:
}

fill() {
	local words=${2//HOLDERFD/$holder_fd}
	words=${words//HOLDER/$holder}
	echo "${words//SECRET/$secret}"
}

# said TYPE FILE: the events of a type, as they were sent
said() {
	grep -F "\"type\":\"$1\"" "$2"
}

same() {
	cmp -s <(said "$1" "$2") <(said "$1" "$3")
}

# count TYPE FILE
count() {
	said "$1" "$2" | wc -l
}

# files: the captures, in order
files() {
	ls "$work"/capture/*.wcap
}

# told NAME WORD: the sensor has said that the container executed something with this word
told() {
	events_of PROCESS_EXEC "$1" | grep -qF -- "$2"
}

# marks NAME WORD: it does, and the sensor knows
marks() {
	inside "$1" echo "$2" >/dev/null 2>&1
	until_true "$DEADLINE" told "$1" "$2"
}

# asked NAME: it is recorded from now on; what was said is in $work/asked
asked() {
	"$WARDER" record --container "$id-$1" --for "$record_s" >"$work/asked" 2>&1 && grep -q "^recorded until 2" "$work/asked" &&
		grep -qF "  $id-$1" "$work/asked" && grep -q "^into $work/capture/.*\.wcap (" "$work/asked"
}

# refused CODE WORDS ARG...: it is not, one line says why
refused() {
	local code=$1 words=$2
	shift 2
	"$WARDER" record "$@" >"$work/asked" 2>&1
	[ $? = "$code" ] && [ "$(wc -l <"$work/asked")" = 1 ] && grep -qF -- "$words" "$work/asked"
}

host_secret
[ "$WARDER" = none ] || check "without a sensor nothing is recorded, and that is said" refused 5 "no sensor answers" --node
sensor_start -o "capture:$work/capture"
for runtime in $(runtimes); do
	rows "$runtime" "$attacks"
	while IFS='|' read -r words act; do
		read -r name features <<<"$words"
		[ "$name" ] || continue
		[ "$features" != - ] || features=
		attack "$runtime" "$runtime-$name" "$features" "$act"
		expect_none "$runtime-$name"
	done <<<"$legal"
	# a minute of its own, before the first sign
	container "$runtime-before" "$runtime" hostpid caps=SYS_PTRACE -- "cat /etc/hostname >/tmp/first; id >/tmp/second; act open /proc/$holder/root$secret"
	acts "$runtime-before" ok
	expect "$runtime-before" M34 SUCCEEDED host
done
# on request: one that does nothing wrong, and one beside it that does the same
record_s=$((DEADLINE / 2))
for runtime in $(runtimes); do
	container "$runtime-asked" "$runtime"
	container "$runtime-beside" "$runtime"
	expect_none "$runtime-asked"
	expect_none "$runtime-beside"
	[ "$WARDER" != none ] || continue
	check "$runtime-asked, -beside: what they do before is seen" eval "marks $runtime-asked mark-before && marks $runtime-beside mark-before"
	check "$runtime-asked: is recorded, and it is told until when and where" asked "$runtime-asked"
	check "$runtime-asked, -beside: what they do then is seen" eval "marks $runtime-asked mark-during && marks $runtime-beside mark-during"
done
if [ "$WARDER" != none ]; then
	check "a container that does not run is not recorded" refused 3 "no container 'nobody' runs here" --container nobody
	check "nor is one whose first letters others have too" refused 3 "containers, one with the id" --container "$id-$runtime-"
	check "nor a pod that is not here" refused 3 "no container of a pod" --pod default/nothing
	check "nor anything for longer than a day" refused 2 "no number of seconds" --node --for 86401
	sleep $((record_s + 1))
	for runtime in $(runtimes); do
		check "$runtime-asked: what it does after its time is seen" marks "$runtime-asked" mark-after
	done
fi
scenarios=$(find "$work/containers" -name runtime | wc -l)
verdict
if [ "$WARDER" = none ]; then
	finish
	exit
fi
check "the capture is whole" "$WARDER" verify -q $(files)
echo "     $scenarios scenarios, $(count FINDING "$events") findings, $(count INCIDENT "$events") incidents, $(du -ch $(files) | tail -n 1 | cut -f 1) of capture"
"$WARDER" replay -o "ndjson:$work/replayed" $(files) 2>"$work/replay.err"
sed 's/^/     /' "$work/replay.err"
check "replayed, the findings are the same bytes" same FINDING "$events" "$work/replayed"
check "replayed, the incidents are the same bytes" same INCIDENT "$events" "$work/replayed"
[ -z "${WARDER_KEEP:-}" ] || diff <(said FINDING "$events") <(said FINDING "$work/replayed") | cut -c 1-900 | head -n 6

# before NAME: what its container did before the finding is there
before() {
	"$WARDER" cat -C "$id-$1" -t process_exec $(files) 2>/dev/null | grep -q '"utf8":"id"\|/bin/busybox'
}
for runtime in $(runtimes); do
	check "$runtime-before: what it executed before the first sign is in the capture" before "$runtime-before"
	check "$runtime-own-files: of what nothing was found about, nothing is" test -z \
		"$("$WARDER" cat -C "$id-$runtime-own-files" -t file_open $(files) 2>/dev/null)"
done

# recorded NAME WORD: it is in the capture
recorded() {
	"$WARDER" cat -C "$id-$1" -t process_exec $(files) 2>/dev/null | grep -qF -- "$2"
}
for runtime in $(runtimes); do
	check "$runtime-asked: what it did before it was asked for is in the capture" recorded "$runtime-asked" mark-before
	check "$runtime-asked: so is what it did then" recorded "$runtime-asked" mark-during
	check "$runtime-asked: what it did after its time is not" eval "! recorded $runtime-asked mark-after"
	check "$runtime-beside: nothing of it is" test -z "$("$WARDER" cat -C "$id-$runtime-beside" -t process_exec $(files) 2>/dev/null)"
	"$WARDER" filter -C "$id-$runtime-asked" -o "$work/$runtime-asked.wcap" $(files) 2>/dev/null
	check "$runtime-asked: as a capture of its own it is whole" "$WARDER" verify -q "$work/$runtime-asked.wcap"
done

# the policy
builtin=$("$WARDER" check --default | sha256sum | cut -d ' ' -f 1)
check "the files name the policy, which is the built-in one" \
	[ "$("$WARDER" info $(files) | awk '$1 == "policy" { print $2 }' | sort -u)" = "$builtin" ]
check "of the same policy nothing is said" eval "! grep -q 'another policy' '$work/replay.err'"
printf 'techniques:\n  M34:\n    enabled: false\n' >"$work/other.yaml"
"$WARDER" replay --what-if --diff -c "$work/other.yaml" $(files) >"$work/difference" 2>/dev/null
check "another policy's replay differs, exit code 1" test $? = 1
check "another policy's replay that is not meant as such says so" \
	grep -q 'recorded under another policy' <("$WARDER" replay -c "$work/other.yaml" -o ndjson:/dev/null $(files) 2>&1)
check "it lacks M34 and nothing else" test "$(grep -c '^- M34' "$work/difference")/$(grep -vc '^- M34\|findings were' "$work/difference")" = \
	"$(grep -c '^- ' "$work/difference")/0"

# elsewhere: a container with nothing but the program, its libraries and the file
mkdir -p "$work/rootfs/replay"
cp "$WARDER" "$work/rootfs/replay/warder"
cp $(files) "$work/rootfs/replay/" && chmod 644 "$work"/rootfs/replay/*.wcap
for lib in $(ldd "$WARDER" | grep -o '/[^ ]*'); do
	mkdir -p "$work/rootfs${lib%/*}"
	cp -L "$lib" "$work/rootfs$lib"
done
container elsewhere crun caps=none user=65534 -- "/replay/warder replay -o ndjson:/tmp/replayed /replay/*.wcap 2>/tmp/said && echo ok replay: done"
acts elsewhere ok
check "in a container without privileges the findings are the same bytes" same FINDING "$events" "$(bundle elsewhere)/rootfs/tmp/replayed"

# altered: one byte of the first file's middle
first=$(files | head -n 1)
cp "$first" "$work/altered.wcap"
size=$(stat -c %s "$work/altered.wcap")
printf '\377' | dd of="$work/altered.wcap" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
"$WARDER" verify "$work/altered.wcap" >"$work/verified" 2>&1
check "a byte that was altered is told" test $? -ge 3
finish
