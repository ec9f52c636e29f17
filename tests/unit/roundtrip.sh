#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# 1,000 generated events, hostile names among them, through every sink and out again with other people's parsers: Python's
# JSON in strict mode, jq, and the stock protoc. Usage: tests/unit/roundtrip.sh [BUILD]; gen_events lies in BUILD.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-${BUILD:-$root/build}}
gen=$(realpath "$build/gen_events") || exit 2
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
n=1000
passed=0
failed=0

check() { # NAME COMMAND...
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		passed=$((passed + 1))
		echo "ok   $name${out:+ ($out)}"
	else
		failed=$((failed + 1))
		echo "FAIL $name: ${out:0:2000}"
	fi
}

cat >"$tmp/listen.py" <<'PY'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
c, _ = s.accept()
with open(sys.argv[2], "wb") as f:
    while d := c.recv(65536):
        f.write(d)
PY

cat >"$tmp/check.py" <<'PY'
import json, os, pty, re, subprocess, sys, unicodedata
from concurrent.futures import ThreadPoolExecutor

n, what, args = int(sys.argv[1]), sys.argv[2], sys.argv[3:]

def unique(pairs):
    d = dict(pairs)
    assert len(d) == len(pairs), "duplicate keys"
    return d

def refuse(x):
    raise ValueError(x)

def events(path):
    data = open(path, "rb").read()
    assert data.endswith(b"\n")
    lines = data[:-1].split(b"\n")
    assert len(lines) == n == len(data.decode("utf-8", "strict").splitlines()), len(lines)
    strict = {"strict": True, "object_pairs_hook": unique, "parse_constant": refuse}
    return [json.loads(l.decode("utf-8", "strict"), **strict) for l in lines]

def varint(b, i):
    v = s = 0
    while True:
        v |= (b[i] & 127) << s
        s += 7
        i += 1
        if not b[i - 1] & 128:
            return v, i

def frames(path):
    b, i, out = open(path, "rb").read(), 0, []
    while i < len(b):
        size, i = varint(b, i)
        assert i + size <= len(b), "half a frame"
        out.append(b[i:i + size])
        i += size
    return out

def fields(b):
    """The top-level fields of a message, by wire format alone."""
    i, out = 0, {}
    while i < len(b):
        key, i = varint(b, i)
        wire = key & 7
        if wire == 0:
            v, i = varint(b, i)
        else:
            size, i = (8, i) if wire == 1 else (4, i) if wire == 5 else varint(b, i)
            v, i = b[i:i + size], i + size
            assert len(v) == size
        out[key >> 3] = v
    return out

def check_ndjson(path, proto):
    seen = events(path)
    assert [int(e["seq"]) for e in seen] == list(range(1, n + 1))
    types = {e["type"] for e in seen}
    enum = re.search(r"^enum EventType \{(.*?)^\}", open(proto).read(), re.M | re.S)[1]
    declared = set(re.findall(r"^  ([A-Z_]+) = [1-9]\d*;", enum, re.M))
    assert types == declared, types ^ declared
    def keys(v):
        if isinstance(v, dict):
            for k, w in v.items():
                assert re.fullmatch(r"[a-z][a-z0-9_]*", k), k
                keys(w)
        elif isinstance(v, list):
            for w in v:
                keys(w)
    keys(seen)
    print(f"{len(seen)} events of {len(types)} types")

def check_proto(path, ndjson, protodir):
    fs, es = frames(path), events(ndjson)
    assert len(fs) == n, len(fs)
    for f, e in zip(fs, es):
        f = fields(f)
        assert f[4] == int(e["seq"])
        assert f.get(12, b"").decode("utf-8", "strict") == e.get("message", "")
    def decode(f):
        protoc = ["protoc", "--decode=warder.v1.Event", "-I", protodir, "-I", "/usr/include", "warder/v1/event.proto"]
        p = subprocess.run(protoc, input=f, capture_output=True)
        assert p.returncode == 0 and not p.stderr, p.stderr
        text = p.stdout.decode("utf-8", "strict")
        unknown = re.search(r"^\s*\d+[: ]", text, re.M)
        assert not unknown, text[unknown.start():][:200]
        return len(text) > 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        print(sum(pool.map(decode, fs)), "frames decoded by protoc")

def check_console(path, want):
    data = open(path, "rb").read().decode("utf-8", "strict")
    lines = data.split("\n")
    assert lines.pop() == "" and len(lines) == int(want), (len(lines), want)
    for c in set(data):
        assert c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp"), hex(ord(c))
    for l in lines:
        assert re.match(r"(    )?(\d\d:\d\d:\d\dZ|--:--:-- ) |    and \d+ more$", l), l
        if l[0] != " ":
            assert re.match(r".{10}(-|INFO|LOW|MEDIUM|HIGH|CRITICAL|LOST|COVERAGE|TRUST) ", l), l
            judged = re.search(r", confidence [a-z ]+(, node (may be )?open to \S*)*(, view incomplete: \d+ records lost)?$", l)
            incident = re.match(r".{10}\S+ +INCIDENT (-|CREATE|UPDATE|CLOSE) ", l)
            assert l.count(" | ") == 2 if judged or incident else l.count(" | ") <= 1, l
    print(len(lines), "lines")

def check_colour(gen):
    def run(env):
        out, (master, slave) = b"", pty.openpty()
        p = subprocess.Popen([gen, "200", "console"], stdout=slave, stderr=subprocess.DEVNULL, env=env)
        os.close(slave)
        try:
            while d := os.read(master, 65536):
                out += d
        except OSError:
            pass
        assert p.wait() == 0
        return out
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    escapes = set(re.findall(rb"\x1b[^m]*m?", run(env)))
    assert escapes and escapes <= {b"\x1b[0m", b"\x1b[36m", b"\x1b[33m", b"\x1b[31m", b"\x1b[1;31m"}, escapes
    assert b"\x1b" not in run({**env, "NO_COLOR": "1"})

globals()["check_" + what](*args)
PY

python3 "$tmp/listen.py" "$tmp/sock" "$tmp/socket.pb" &
listener=$!
for _ in $(seq 100); do
	[ -S "$tmp/sock" ] && break
	sleep 0.05
done
taken() { # the events that the sinks of a run took: all, and none lost
	[ "$(grep -c "^written $n lost 0 " "$1")" = "$2" ] || { cat "$1"; return 1; }
}
json_by_jq() {
	[ "$(jq -c . "$1" | wc -l)" = $n ] && [ "$(jq -s 'map(.seq | tonumber) == [range(1; length + 1)]' "$1")" = true ]
}

"$gen" $n console >"$tmp/console.txt" 2>"$tmp/run.console"
"$gen" $n ndjson:- 2>"$tmp/run.stdout" | cat >"$tmp/stdout.ndjson"
"$gen" $n "ndjson:$tmp/file.ndjson" "proto:$tmp/file.pb" "proto:unix:$tmp/sock" 2>"$tmp/run.files"
wait $listener

check "console took all" taken "$tmp/run.console" 1
check "ndjson:- took all" taken "$tmp/run.stdout" 1
check "files and socket took all" taken "$tmp/run.files" 3
check "ndjson file, strict JSON" python3 "$tmp/check.py" $n ndjson "$tmp/file.ndjson" "$root/proto/warder/v1/event.proto"
check "ndjson file, jq" json_by_jq "$tmp/file.ndjson"
check "ndjson on a pipe is the same" cmp "$tmp/file.ndjson" "$tmp/stdout.ndjson"
check "proto file, protoc" python3 "$tmp/check.py" $n proto "$tmp/file.pb" "$tmp/file.ndjson" "$root/proto"
check "proto on a socket is the same" cmp "$tmp/file.pb" "$tmp/socket.pb"
check "console lines" python3 "$tmp/check.py" $n console "$tmp/console.txt" \
	"$(sed -n 's/^console lines //p' "$tmp/run.console")"
check "console colours on a terminal only" python3 "$tmp/check.py" $n colour "$gen"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
