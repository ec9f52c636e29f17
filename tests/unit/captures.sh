#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The commands on capture files, with 1,000 generated events, hostile names among them: what goes in comes out; what was cut,
# changed, taken out or put into another order is told, by its exit code too. Usage: tests/unit/captures.sh [BUILD].
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(realpath "${1:-${BUILD:-$root/build}}") || exit 2
warder=$build/warder
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 2
n=1000
passed=0
failed=0

check() { # NAME COMMAND...
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		passed=$((passed + 1))
		echo "ok   $name"
	else
		failed=$((failed + 1))
		echo "FAIL $name: ${out:0:1500}"
	fi
}

# code N COMMAND...: it ends with this exit code
code() {
	local want=$1 got
	shift
	"$@"
	got=$?
	[ $got = "$want" ] || { echo "exit code $got, not $want"; return 1; }
}

# says WORDS COMMAND...: these words are in what it prints, whatever its exit code
says() {
	local words=$1 out
	shift
	out=$("$@" 2>&1)
	grep -qE -- "$words" <<<"$out" || { echo "not in: $out"; return 1; }
}

same() { # COMMAND FILE: what the command prints is the file
	bash -c "$1" 2>err.txt | cmp - "$2" || { cat err.txt; return 1; }
}

"$build/tests/unit/gen_events" $n "proto:$tmp/events.pb" "ndjson:$tmp/events.ndjson" 2>written.txt || cat written.txt
"$build/tests/unit/capture_torture" --write events.pb all.wcap || exit 2

# What a hostile or clumsy hand does to a file, with checksums that are good again.
cat >edit.py <<'PY'
import struct, sys, zlib

TABLE = []
for i in range(256):
    c = i
    for _ in range(8):
        c = c >> 1 ^ (0x82f63b78 if c & 1 else 0)
    TABLE.append(c)

def crc32c(b):
    c = 0xffffffff
    for x in b:
        c = c >> 8 ^ TABLE[(c ^ x) & 255]
    return c ^ 0xffffffff

def blocks(data):
    """As wcap(5) has them; written from that page alone."""
    at, out = 0, []
    while data[at:at + 8] == b"\x89WCAP\r\n\x1a":
        stored = struct.unpack_from("<I", data, at + 20)[0]
        size = 120 + (stored + 7 & ~7) + 8
        assert struct.unpack_from("<Q", data, at + size - 8)[0] == size
        head = bytearray(data[at:at + 120])
        crc = struct.unpack_from("<I", head, 12)[0]
        head[12:16] = bytes(4)
        assert crc == crc32c(head) and struct.unpack_from("<I", head, 16)[0] == crc32c(data[at + 120:at + 120 + stored])
        out.append(data[at:at + size])
        at += size
    return out, data[at:]

def rewrite(block, payload):
    """Another payload, and everything about it right."""
    head = bytearray(block[:120])
    stored = zlib.compress(payload, 1)
    head[9] = 1
    head[12:16] = bytes(4)
    struct.pack_into("<III", head, 16, crc32c(stored), len(stored), len(payload))
    struct.pack_into("<I", head, 12, crc32c(head))
    pad = -len(stored) % 8
    return bytes(head) + stored + bytes(pad) + struct.pack("<Q", 128 + len(stored) + pad)

what, source, to = sys.argv[1:4]
data = open(source, "rb").read()
b, footer = blocks(data)
assert len(footer) == 24 and footer[:8] == b"\x89WCEND\r\n"
if what == "same":
    pass
elif what == "takeout":
    del b[7]
elif what == "swap":
    b[5], b[6] = b[6], b[5]
elif what == "double":
    b.insert(5, b[5])
elif what == "change":
    stored = struct.unpack_from("<I", b[5], 20)[0]
    raw = bytearray(zlib.decompress(b[5][120:120 + stored]))
    at = raw.index(b"busybox")
    raw[at:at + 7] = b"innocen"
    b[5] = rewrite(b[5], bytes(raw))
elif what == "foreign":
    other, _ = blocks(open(sys.argv[4], "rb").read())
    b[6] = other[6]
elif what == "damage":
    b[5] = b[5][:300] + bytes([b[5][300] ^ 4]) + b[5][301:]
elif what == "notail":
    footer, b = b"", b[:-3]
elif what == "cut":
    footer, b = b"", b[:9] + [b[9][:len(b[9]) // 2]]
open(to, "wb").write(b"".join(b) + footer)
PY
for what in same takeout swap double change damage notail cut; do
	python3 edit.py $what all.wcap $what.wcap || exit 2
done
"$build/tests/unit/capture_torture" --write events.pb other.wcap
python3 edit.py foreign all.wcap foreign.wcap other.wcap || exit 2
head=$("$warder" verify all.wcap | sed 's/.*head //')
before=$("$warder" verify notail.wcap | sed -n 's/.*head //p')

check "a reader written from the manual page reads it" cmp all.wcap same.wcap
check "cat prints what was written" same "$warder cat all.wcap" events.ndjson
check "cat reads a pipe" same "cat all.wcap | $warder cat -" events.ndjson
check "cat --console is what the console prints" same "$warder cat --console all.wcap | wc -l" \
	<("$build/tests/unit/gen_events" $n console 2>/dev/null | wc -l)
check "cat -o proto: gives back the frames" same "$warder cat -o proto:- all.wcap" events.pb
check "export --format ndjson is cat" same "$warder export --format ndjson all.wcap" events.ndjson
check "replay judges them again, whatever they say" says "replayed $n events" "$warder" replay all.wcap -o proto:/dev/null
# paced: the nine seconds of these chains, twenty times as fast
paced() {
	local began=$EPOCHREALTIME
	"$warder" replay --speed 20 -o ndjson:- chains.wcap 2>/dev/null >paced.ndjson || return
	[ $((${EPOCHREALTIME/./} - ${began/./})) -ge 450000 ] || { echo "it took no time"; return 1; }
}
"$build/tests/unit/capture_torture" --write "$root/tests/report/chains.pb" chains.wcap || exit 2
check "replay --speed takes its time" paced
check "replay --speed says the same" same "$warder replay -o ndjson:- chains.wcap" paced.ndjson
check "replay --speed: what is no factor" code 2 "$warder" replay --speed 0 chains.wcap
check "inventory: what they say ran, whatever they say" code 0 "$warder" inventory all.wcap
check "info counts them" says "events +$n, numbers 1 to $n" "$warder" info all.wcap
check "info says how it is" says "state +whole, and untouched" "$warder" info all.wcap
check "info of a changed one ends with 4" code 4 "$warder" info takeout.wcap
check "info reads a pipe" says "state +whole" bash -c "cat all.wcap | $warder info -"

check "verify: whole" code 0 "$warder" verify all.wcap
check "verify: its own head" code 0 "$warder" verify --head "$head" all.wcap
check "verify: a head from the middle" says "head is that of block" "$warder" verify --head "$before" all.wcap
check "verify: a head of something else" code 4 "$warder" verify --head "${head//[0-7]/8}" all.wcap
check "verify: the end was cut off, and the head tells" code 4 "$warder" verify --head "$head" notail.wcap
check "verify: a block taken out" code 4 "$warder" verify takeout.wcap
check "verify: says how many" says "1 blocks were taken out: block 8 follows on 6" "$warder" verify takeout.wcap
check "verify: two exchanged" code 4 "$warder" verify swap.wcap
check "verify: says where" says "block 5 stands where block 7 belongs" "$warder" verify swap.wcap
check "verify: one doubled" code 4 "$warder" verify double.wcap
check "verify: one changed, its checksums too" code 4 "$warder" verify change.wcap
check "verify: says which" says "block 6 or the one before it was changed" "$warder" verify change.wcap
check "verify: one of another file" code 4 "$warder" verify foreign.wcap
check "verify: says so" says "block of another capture" "$warder" verify foreign.wcap
check "verify: damage is no change" code 3 "$warder" verify damage.wcap
check "verify: never closed" says "NOT CLOSED" "$warder" verify notail.wcap
check "verify: a cut" says "DAMAGED.*cut" "$warder" verify cut.wcap
check "verify: no capture at all" code 3 "$warder" verify events.pb
check "verify -q says nothing" code 0 bash -c "[ -z \"\$($warder verify -q takeout.wcap)\" ]"

check "cat of a damaged one ends with 3" code 3 bash -c "$warder cat damage.wcap >damage.ndjson"
check "and has all but one block" test "$(wc -l <damage.ndjson)" -ge $((n - 100))
check "cat of one that was never closed is no error" code 0 bash -c "$warder cat notail.wcap >/dev/null"
check "recover says what is lost" says "contents fail their checksum" "$warder" recover -o mended.wcap damage.wcap
check "what was recovered is whole" code 0 "$warder" verify mended.wcap
check "and has what could be read" same "$warder cat mended.wcap" damage.ndjson
check "recover of a cut one" code 0 "$warder" recover -o cut2.wcap cut.wcap
check "says what it was made of" says "made of +[0-9a-f]{32}" "$warder" info cut2.wcap
check "recover of nothing" code 3 "$warder" recover -o nothing.wcap events.pb
check "and there is no file then" test ! -e nothing.wcap -a ! -e nothing.wcap.part
check "nothing is written over" code 3 "$warder" recover -o all.wcap cut.wcap

jq -c 'select(.type == "FINDING")' events.ndjson >findings.ndjson
check "filter by type" same "$warder filter -t finding -o f.wcap all.wcap && $warder cat f.wcap | jq -c ." findings.ndjson
check "filter by type, by a pipe" same "$warder filter -t finding -o - all.wcap | $warder cat - | jq -c ." findings.ndjson
check "cat takes the same options" same "$warder cat -t finding all.wcap | jq -c ." findings.ndjson
jq -c 'select(.severity == "CRITICAL" or .severity == "HIGH")' events.ndjson >severe.ndjson
severe() { "$warder" cat -s high all.wcap | jq -c 'select(.severity == "CRITICAL" or .severity == "HIGH")' | cmp - severe.ndjson; }
check "filter by severity" severe
jq -c 'select(.time >= "2023-11-14T22:13:20Z" and .time < "2023-11-20T00:00:00Z")' events.ndjson >days.ndjson
check "filter by time" same "$warder cat --from 2023-11-14T22:13:20Z --to 1700438399.999999999 all.wcap | jq -c ." days.ndjson
check "a time that is none" code 2 "$warder" cat --from yesterday all.wcap
check "a type that is none" code 2 "$warder" cat -t FINDINGS all.wcap
check "a container that is none" code 3 "$warder" cat -C nobody-here all.wcap

"$warder" filter --to 2023-11-19T00:00:00Z -o one.wcap all.wcap 2>/dev/null
"$warder" filter --from 2023-11-19T00:00:00.000000001Z -o two.wcap all.wcap 2>/dev/null
check "merge gives all again" code 0 "$warder" merge -o both.wcap two.wcap one.wcap
check "in the order of their numbers" same "$warder cat both.wcap" events.ndjson
"$build/tests/unit/capture_torture" --write events.pb node-b.wcap node-b
"$warder" cat all.wcap node-b.wcap >nodes.ndjson
check "two nodes as one" test "$(wc -l <nodes.ndjson)" = $((2 * n))
check "merge of two nodes" code 0 "$warder" merge -o nodes.wcap node-b.wcap all.wcap
check "keeps their order, though numbers are there twice" same "$warder cat nodes.wcap" nodes.ndjson
check "and says whose they are" says "order +as it stands" "$warder" info nodes.wcap
check "a merge is whole" code 0 "$warder" verify nodes.wcap
check "no output is a matter of usage" code 2 "$warder" merge one.wcap two.wcap

cat >ocsf.py <<'PY'
import json, sys
# What OCSF 1.8.0 asks for in each class that is used, beside the Base Event's.
base = {"activity_id", "category_uid", "class_uid", "type_uid", "severity_id", "time", "metadata"}
need = {0: set(), 1001: {"actor", "device", "file"}, 1002: {"actor", "device", "driver"}, 1003: {"device", "kernel"},
        1007: {"actor", "device", "process"}, 2004: {"finding_info"}}
acts = {0: {99}, 1001: {3, 12, 14}, 1002: {1, 2}, 1003: {1, 4}, 1007: {1, 2, 4, 99}, 2004: {0, 1, 2, 3, 99}}
seen, n = set(), 0
for line in open(sys.argv[1], encoding="ascii"):
    e, n = json.loads(line), n + 1
    c = e["class_uid"]
    assert not base - e.keys() and not need[c] - e.keys(), (c, need[c] - e.keys())
    assert e["type_uid"] == c * 100 + e["activity_id"] and e["category_uid"] == c // 1000 and e["activity_id"] in acts[c], e["type_uid"]
    assert e["metadata"]["version"] == "1.8.0" and e["metadata"]["product"]["vendor_name"] and isinstance(e["time"], int)
    assert e["severity_id"] in range(6) and ("activity_name" in e) == (e["activity_id"] == 99)
    if "device" in need[c]:
        assert e["device"]["type_id"] == 1 and e["device"]["os"]["type_id"] == 200
    if "file" in need[c]:
        assert e["file"]["name"] and e["file"]["type_id"] in range(8)
    if c == 2004:
        assert e["finding_info"]["uid"]
        for v in e.get("evidences", []):
            assert v["actor"]["process"]
    def walk(o):
        if isinstance(o, dict):
            for k, v in o.items():
                if k == "container":
                    assert {"uid", "name"} & v.keys(), v
                if k == "image":
                    assert "uid" in v
                if k != "unmapped" and k != "data":
                    walk(v)
        elif isinstance(o, list):
            for v in o:
                walk(v)
    walk(e)
    seen.add(c)
assert n == int(sys.argv[2]) and seen == set(need), (n, seen)
PY
"$warder" export all.wcap >ocsf.json
# so many that each class is among them: a driver's is one kind of one type
"$build/tests/unit/gen_events" $((5 * n)) proto:classes.pb 2>/dev/null
"$build/tests/unit/capture_torture" --write classes.pb classes.wcap
"$warder" export classes.wcap >classes.json
check "export: OCSF has what it asks for, in all its classes" python3 ocsf.py classes.json $((5 * n))

# completes WANT WORD...: what bash offers after these words
completes() {
	local want=$1 got
	shift
	got=$(PATH=$build:$PATH
		. "$root/scripts/completion.bash"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_warder
		echo "${COMPREPLY[*]}")
	[ "$got" = "$want" ] || { echo "'$got', not '$want'"; return 1; }
}
commands=$(sed -n 's/^\t{"\([a-z]*\)", ".*/\1/p' "$root/userspace/main.c" | paste -sd' ')
check "completion: the commands of the table" completes "$commands" warder ""
check "completion: of a command's start" completes "filter" warder fi
check "completion: its options" completes "--container --pod --from --to --type --severity --output --help" warder filter --
check "completion: files" completes "swap.wcap" warder cat sw
help_of_all() {
	local c
	for c in $commands; do
		[ "$c" = version ] || "$warder" "$c" --help >/dev/null || return 1
	done
}
check "each command has its help" help_of_all

echo "$passed passed, $failed failed"
[ $failed = 0 ]
