#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_results.py: the programs that judge the live suites must fail where something is wrong: judge.py (one suite), matrix.py
(all kernels), static.py (cost of the BPF programs). Each case is an input, the exit code and what must be said."""
import json
import os
import subprocess
import sys
import tempfile

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
failed = 0


def run(program, *args):
    done = subprocess.run([sys.executable, os.path.join(TREE, "tests", program), *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def expect(what, good, output):
    global failed
    failed += not good
    print("%-4s %s%s" % ("ok" if good else "FAIL", what, "" if good else "\n" + output))


def coverage(*, gap="", **techniques):
    """What the sensor covers: each technique's state, and what file_open does not see."""
    rows = [{"id": t, "state": state, "unseen": "" if state == "SEEN" else "no hook"} for t, state in techniques.items()]
    return {"hooks": [{"hook": "file_open", "tier": "lsm", "unseen": gap}], "techniques": rows}


def told(**what):
    """The same as an event."""
    return json.dumps({"type": "COVERAGE", "coverage": coverage(**what)})


SEAL = json.dumps({"type": "CONTAINER_SEAL", "actor": {"workload": {"cgroup_path": "/t/id-c"}}})


def finding(technique, outcome="SUCCEEDED", severity="HIGH", name="id-c"):
    return json.dumps({"type": "FINDING", "severity": severity, "actor": {"workload": {"container": {"name": name, "runtime": "runc"}}},
                       "owner": {"kind": "OWNER_HOST"},
                       "finding": {"technique": technique, "outcome": outcome, "stage": "BREACH", "evidence": [{}]}})


DUE, BLIND = "finding\tc\trunc\tM34\tSUCCEEDED\thost\t", "blind\tc\trunc\tM34\tSUCCEEDED\thost\tfile_open\tio_uring"
# what, the row, the stream, what judge.py says first
JUDGED = [
    ("a due finding came", DUE, [told(M34="SEEN"), finding("M34")], "ok|c|M34|"),
    ("a due finding did not come", DUE, [told(M34="SEEN")], "FAIL|c|M34|"),
    ("degraded is due too", DUE, [told(M34="DEGRADED")], "FAIL|c|M34|"),
    ("it was refused only", DUE, [told(M34="SEEN"), finding("M34", "DENIED")], "FAIL|c|M34|"),
    ("unseen and not found", DUE, [told(M34="UNSEEN")], "unseen|c|M34|"),
    ("unseen and found all the same", DUE, [told(M34="UNSEEN"), finding("M34")], "FAIL|c|M34|"),
    ("one of two", DUE.replace("M34", "M34|X02"), [told(M34="SEEN", X02="SEEN"), finding("X02")], "ok|c|M34/X02|"),
    ("a door that a hook misses", BLIND, [told(M34="DEGRADED", gap="io_uring"), SEAL], "unseen|c|M34|"),
    ("a door that no hook misses", BLIND, [told(M34="SEEN"), SEAL], "FAIL|c|M34|"),
    ("a stream without coverage", DUE, [finding("M34")], "FAIL|||the stream does not say"),
    ("silence", "none\tc", [told(M34="SEEN"), SEAL], "ok|c||"),
    ("silence about a container that was never seen", "none\tc", [told(M34="SEEN")], "FAIL|c||"),
    ("no silence", "none\tc", [told(M34="SEEN"), SEAL, finding("M34")], "FAIL|c||"),
    ("context is silence", "none\tc", [told(M34="SEEN"), SEAL, finding("M34", severity="LOW")], "ok|c||"),
    ("a finding that nobody expected", "none\td", [told(M34="SEEN"), SEAL.replace("id-c", "id-d"), finding("M34")],
     "FAIL|||unexpected"),
]


def judged(tmp):
    for what, row, stream, said in JUDGED:
        code, out = run("live/judge.py", "final", "id", put(tmp + "/expected", row + "\n"),
                        put(tmp + "/events", "".join(line + "\n" for line in stream)))
        expect("judge: " + what, code == 0 and any(line.startswith(said) for line in out.splitlines()), out)


def suite(*tests, end=True, **techniques):
    lines = ["coverage\t6.1.0\t" + json.dumps(coverage(**(techniques or {"M34": "SEEN"})))]
    lines += ["test\t" + test for test in (*tests, "ok\t\t\tSIGTERM ends the sensor with 0")]
    return "\n".join(lines + ["end\t1\t0\t0"] * end) + "\n"


OK, ACT = "ok\trunc-m34\tM34\truns", "ok\t\t\trunc-m34 acts: ok"
# what, two columns with a suite each, whether matrix.py is content, what it says
MATRICES = [
    ("all passed", suite(OK, ACT), suite(OK, ACT), True, "4 pass"),
    ("a test failed", suite(OK), suite(OK, "FAIL\tcrun-m34\tM34\tcrun-m34: no"), False, "FAIL b: s: crun-m34: no"),
    ("an act failed", suite(OK), suite(OK, "FAIL\t\t\tcrun-m34 acts: no"), False, "FAIL b: s: crun-m34 acts: no"),
    ("a test is missing", suite(OK), suite("ok\t\t\tother"), False, "b: s m34 M34: it is in no state"),
    ("a test was skipped", suite(OK), suite("SKIP\t\t\trunc-m34: no disk"), True, "1 SKIP"),
    ("a suite was cut off", suite(OK), suite(OK, end=False), False, "s did not come to its end"),
    ("unseen as documented", suite(OK), suite("unseen\tm34\tM34\tno", M34="UNSEEN"), True, "1 unseen"),
    ("found where unseen", suite(OK), suite(OK, M34="UNSEEN"), False, "s m34: pass, where the coverage says UNSEEN"),
    ("not found where seen", suite(OK), suite("unseen\tm34\tM34\tno", M34="SEEN"), False, "unseen, where the coverage says SEEN"),
    ("a claim without a test", suite(OK, M34="SEEN", M35="SEEN"), suite(OK), True, "looked for by no test: M35"),
]


def matrices(tmp):
    for number, (what, first, second, content, said) in enumerate(MATRICES):
        root = "%s/%d" % (tmp, number)
        put(root + "/a/s.tsv", first)
        put(root + "/b/s.tsv", second)
        code, out = run("vm/matrix.py", "show", root, "-", "s", "a", "b")
        expect("matrix: " + what, (code == 0) == content and said in out, out)
    put(tmp + "/k/a/skip", "SKIP kernel a: no mirror")
    put(tmp + "/k/b/s.tsv", suite(OK, ACT))
    code, out = run("vm/matrix.py", "show", tmp + "/k", "-", "s", "a", "b")
    expect("matrix: a kernel that cannot be had is a SKIP, with its reason", code == 0 and "SKIP a: kernel a: no mirror" in out, out)


def maps(tmp):
    """The map in README: written, compared, and found out when it is wrong."""
    root = tmp + "/map"
    readme = put(root + "/README.md", "a\n<!-- blind-spot map: written by `make coverage-table`; native: - -->\n<!-- end of the map -->\nb\n")
    names = subprocess.run(["grep", "-oE", r'^\s*\{"([A-Z][0-9]{2}|[A-Z]+)"', TREE + "/userspace/technique.c"], stdout=subprocess.PIPE, text=True)
    every = {name: "SEEN" for name in names.stdout.replace("\t", "").replace('{"', "").replace('"', "").split()}
    put(root + "/a/s.tsv", suite(OK, **every))
    code, out = run("vm/matrix.py", "check", root, readme, "s", "a")
    expect("map: an empty one is found out", code != 0 and "README says nothing" in out, out)
    run("vm/matrix.py", "write", root, readme, "s", "a")
    code, out = run("vm/matrix.py", "check", root, readme, "s", "a")
    expect("map: what was written is what is compared", code == 0 and open(readme).read().endswith("b\n"), out)
    put(root + "/b/s.tsv", suite(**every))
    run("vm/matrix.py", "write", root, readme, "s", "a", "b")
    code, out = run("vm/matrix.py", "check", root, readme, "s", "a", "b")
    expect("map: a column that looks for no technique is not in it", "| ATT&CK | a |\n" in open(readme).read() and "map" not in out, out)
    put(root + "/a/s.tsv", suite("unseen\tm34\tM34\tno", **{**every, "M34": "UNSEEN"}))
    code, out = run("vm/matrix.py", "check", root, readme, "s", "a")
    expect("map: a technique that is not seen any more is found out", code != 0 and "M34 on a is U, README says S" in out, out)


def static(tmp):
    """Against the real record: its first program, as it is and grown by a half."""
    record = open(TREE + "/tests/bench/programs.tsv").read().splitlines()
    kernel = record[0].split("\t")[-1]
    name, cell = next((line.split("\t")[0], line.split("\t")[-1]) for line in record[1:] if not line.endswith("-"))
    verified, jited = map(int, cell.split("/"))
    for what, row, content in (
            ("as recorded", (name, verified, jited), True),
            ("the verifier's work grew", (name, verified * 3 // 2 + 1000, jited), False),
            ("the machine code grew", (name, verified, jited * 3 // 2 + 1000), False),
            ("a program without a record", ("lsm_nothing", 1, 1), False)):
        code, out = run("bench/static.py", "check", put(tmp + "/programs", "%s\t%s\t%d\t0\t%d\n" % (kernel, *row)))
        expect("static: " + what, (code == 0) == content, out)
    code, out = run("bench/static.py", "check", put(tmp + "/programs", "0.1\t%s\t1\t0\t1\n" % name))
    expect("static: a kernel without a record is a SKIP", code == 0 and "SKIP" in out, out)


COVERAGES = [
    # what, the claims, what the live suite found, FOUND, whether it is good, what is said
    ("as claimed", "A01\tstep\t\nA02\ttold\tA01\nA03\tnone\twhy\n", "A01", 2, True, "2 of the 2 in a real container"),
    ("less than must be", "A01\tstep\t\nA02\ttold\tA01\nA03\tnone\twhy\n", "A01", 3, False, "at least 3 must be found"),
    ("no test", "A01\tstep\t\nA02\tstep\t\nA03\tnone\twhy\n", "A01", 1, False, "A02: no test found it"),
    ("a row without a claim", "A01\tstep\t\nA03\tnone\twhy\n", "A01", 1, False, "A02: tests/coverage.tsv has no line"),
    ("no reason", "A01\tstep\t\nA02\ttold\tA01\nA03\tnone\t\n", "A01", 1, False, "A03: it is not found, and there is no reason"),
    ("found against the claim", "A01\tnone\twhy\nA02\tnone\twhy\nA03\tnone\twhy\n", "A01", 0, False, "A01: it is said not to be found"),
    ("a control is no proof", "A01\tstep\t\nA02\ttold\tA01\nA03\tnone\twhy\n", "no", 1, False, "A01: no test found it"),
]


def coverages(tmp):
    for number, (what, claims, found, least, good, said) in enumerate(COVERAGES):
        root = "%s/coverage%d" % (tmp, number)
        put(root + "/userspace/technique.c", "".join('\t{"A0%d", "title", "T1611", NULL},\n' % n for n in (1, 2, 3)))
        put(root + "/tests/coverage.tsv", "# comment\n" + claims)
        put(root + "/results/a/s.tsv", "test\tok\trunc-x\tA01\trunc-x: %s\n" % ("A01: A01 BREACH SUCCEEDED by 'x'" if found == "A01" else "no A01"))
        code, out = run("coverage.py", root, root + "/results", str(least), "1" if good else "0")
        expect("coverage: " + what, (code == 0) == good and said in out, out)
        if said.endswith("no test found it"):
            put(root + "/results/b/skip", "SKIP kernel b: no mirror")
            code, out = run("coverage.py", root, root + "/results", str(least), "0")
            expect("coverage: what a skipped column may have seen is a SKIP", code == 0 and "SKIP " + said in out, out)


with tempfile.TemporaryDirectory() as directory:
    for part in judged, matrices, maps, static, coverages:
        part(directory)
print("%d failed" % failed)
sys.exit(1 if failed else 0)
