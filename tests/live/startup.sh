#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# startup.sh: how the sensor begins and ends: containers that ran before it, a second instance, missing rights, SIGTERM, what
# it leaves in the kernel, and its protobuf file as stock protoc reads it.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh" startup

proto=$work/events.pb

# refused WHAT CMD...: CMD ends by itself, not with 0, and says why in one line
refused() {
	local what=$1 code lines
	shift
	timeout "$DEADLINE" "$@" </dev/null >"$work/refused.out" 2>"$work/refused.err"
	code=$?
	lines=$(grep -c . "$work/refused.err")
	if [ $code != 0 ] && [ $code != 124 ] && [ "$lines" = 1 ] && grep -q '^warder: ' "$work/refused.err"; then
		pass "$what is refused ($code): $(cat "$work/refused.err")"
	else
		fail "$what: exit code $code, $lines lines: $(head -n 3 "$work/refused.err")"
	fi
}

rights() {
	refused "a user without rights" setpriv --reuid 65534 --regid 65534 --clear-groups "$WARDER" run
	refused "root without CAP_BPF" setpriv --bounding-set=-bpf,-sys_admin,-perfmon --inh-caps=-bpf,-sys_admin,-perfmon "$WARDER" run
	refused "a kernel without BTF" unshare -m --propagation private sh -c \
		"mount -t tmpfs none /sys/kernel/btf && exec '$WARDER' run"
}

# held KIND: ids of the BPF objects (prog, link, map) that the sensor has open
held() {
	sed -n "s/^$1_id:[[:space:]]*//p" "/proc/$sensor/fdinfo/"* 2>/dev/null | sort -u
}

# left KIND: those of them that the kernel still has
left() {
	comm -12 "$work/held.$1" <(bpftool -j "$1" show 2>/dev/null | jq -r '.[].id' | sort)
}

some_there() {
	[ "$(left prog)" ] && [ "$(left map)" ]
}

all_gone() {
	[ -z "$(left prog)$(left link)$(left map)" ]
}

# first_event_ms: from exec to the first line of the stream; 999999 where none comes
first_event_ms() {
	local fifo=$work/first start pid line ms
	[ -e "$fifo" ] || mkfifo "$fifo"
	start=$EPOCHREALTIME
	"$WARDER" run -o ndjson:- </dev/null >"$fifo" 2>"$work/first.err" 9>&- &
	pid=$!
	ms=999999
	if IFS= read -r -t $((DEADLINE * 4)) line <"$fifo"; then
		ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	else
		echo "no event: $(tail -n 1 "$work/first.err")" >&2
	fi
	echo $ms
	kill -TERM $pid
	wait $pid
}

# The best of five: the machine may be busy with something else, and what it is differs by more than a regression would. Half of the
# time is the verifier's, which `make static` holds to its record by count.
first_event() {
	local ms best=1000000 n
	if [ "${WARDER_SLOW:-}" ]; then
		skip "the first event within 500 ms: this machine is emulated ($(first_event_ms) ms)"
		return
	fi
	for n in 1 2 3 4 5; do
		ms=$(first_event_ms)
		[ "$ms" -ge $best ] || best=$ms
	done
	check "the first event came after $best ms, the best of $n (aim: 500; 2000 fails)" [ "$best" -le 2000 ]
}

# One protobuf message for the whole file: each frame gets the tag of a repeated field in front of its length.
decode() {
	printf 'syntax = "proto3"; import "warder/v1/event.proto"; message Frames { repeated warder.v1.Event frame = 1; }' >"$work/frames.proto"
	"$python" - "$proto" "$work/frames.bin" "$work/frame." <<-'END'
		import sys
		data, out, at, count = open(sys.argv[1], "rb").read(), open(sys.argv[2], "wb"), 0, 0
		while at < len(data):
		    size = shift = 0
		    start = at
		    while True:
		        byte = data[at]
		        size |= (byte & 127) << shift
		        at, shift = at + 1, shift + 7
		        if byte < 128:
		            break
		    if at + size > len(data):
		        sys.exit("the last frame is cut")
		    out.write(b"\n" + data[start:at + size])
		    if count < 20:
		        open(sys.argv[3] + str(count), "wb").write(data[at:at + size])
		    at, count = at + size, count + 1
		print(count)
	END
}

protobuf() {
	local frames n=0 file good=0
	frames=$(decode) || {
		fail "the protobuf file is framed: $frames"
		return
	}
	protoc -I "$tree/proto" -I "$work" --decode=Frames frames.proto <"$work/frames.bin" >"$work/frames.txt" 2>"$work/protoc.err" || n=1
	check "protoc decodes the $frames frames $(head -n 1 "$work/protoc.err")" [ $n = 0 ]
	check "as many events came out" [ "$(grep -c '^frame {' "$work/frames.txt")" = "$frames" ]
	check "no field is unknown to the schema" eval "! grep -qE '^ +[0-9]+(:| \{)' '$work/frames.txt'"
	check "the escape is among them" grep -q 'technique: "M02"' "$work/frames.txt"
	check "as many lines of NDJSON" [ "$(wc -l <"$events")" = "$frames" ]
	n=0
	for file in "$work"/frame.[0-9]*; do
		n=$((n + 1))
		protoc -I "$tree/proto" --decode=warder.v1.Event warder/v1/event.proto <"$file" >"$work/frame.txt" 2>&1 && good=$((good + 1))
	done
	check "protoc decodes the first frames one by one: $good of $n" [ "$good" = $n ]
}

host_secret
for runtime in $(runtimes); do
	container "$runtime-early" "$runtime" hostpid caps=all
	container "$runtime-quiet" "$runtime"
done
if [ "$WARDER" = none ]; then
	skip "all of it: there is no sensor (WARDER=none)"
	finish
	exit
fi
rights
first_event
sensor_start -o "proto:$proto"
refused "a second instance" "$WARDER" run
check "doctor says what the sensor says of itself" doctor_agrees
check "the first instance goes on" kill -0 "$sensor"
for kind in prog link map; do
	held $kind >"$work/held.$kind"
done
check "it holds $(wc -l <"$work/held.prog") BPF programs, $(wc -l <"$work/held.link") links, $(wc -l <"$work/held.map") maps" some_there
for runtime in $(runtimes); do
	inside "$runtime-early" act setns-pidfd "$holder" "$secret" >>"$(bundle "$runtime-early")/log" 2>&1
	acts "$runtime-early" ok
	expect "$runtime-early" M02 SUCCEEDED host
	inside "$runtime-quiet" act open /etc/hostname >>"$(bundle "$runtime-quiet")/log" 2>&1
	acts "$runtime-quiet" ok
	expect_none "$runtime-quiet"
done
verdict
check "no BPF program, link or map of it is left" until_true "$DEADLINE" all_gone
protobuf
finish
