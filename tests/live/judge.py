#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""judge.py due|final ID EXPECTED EVENTS DOCTOR

Compares the sensor's NDJSON with what a live suite expects (lib.sh writes EXPECTED, one tab-separated row each):
  finding NAME RUNTIME TECHNIQUE OUTCOME OWNER [OWNER_NAME]   one must have come
  none    NAME                                                no finding may be about this container
  denied  NAME                                                only attempts that the kernel denied
  silent  SEALS                                               no finding in the stream but those that are due, and so many
                                                              containers were seen to be born
Containers of the suite are called ID-NAME. A technique that DOCTOR (warder doctor --json) calls UNSEEN is not due; the row
then reads "doctor says so". "due" only tells by its exit code whether all that is due has come; "final" prints a line a row,
and one for each finding that nobody expected.
"""
import json
import os
import sys

OWNERS = {"host": "OWNER_HOST", "container": "OWNER_CONTAINER"}


def read_stream(path):
    """The findings, the cgroups of the containers that were sealed, and what is wrong with the stream."""
    findings, sealed, wrong = [], [], []
    if not os.path.exists(path):
        return findings, sealed, ["there is no stream of events"]
    with open(path, "rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.endswith(b"\n"):
                break  # still being written
            try:
                event = json.loads(line)
            except ValueError as error:
                wrong.append("line %d of the stream is not JSON: %s" % (number, error))
                continue
            if event.get("type") == "FINDING":
                findings.append(event)
            elif event.get("type") == "CONTAINER_SEAL":
                sealed.append(event["actor"]["workload"].get("cgroup_path", ""))
    return findings, sealed, wrong


def container_of(workload):
    return workload.get("container", {})


class Finding:
    def __init__(self, event):
        finding = event.get("finding", {})
        workload = event.get("actor", {}).get("workload", {})
        owner = event.get("owner", {})
        self.name = container_of(workload).get("name", "")
        self.runtime = container_of(workload).get("runtime", "")
        self.cgroup = workload.get("cgroup_path", "")
        self.pid = event.get("actor", {}).get("process", {}).get("pid", 0)
        self.comm = event.get("actor", {}).get("process", {}).get("comm", "")
        self.technique = finding.get("technique", "")
        self.title = finding.get("title", "")
        self.stage = finding.get("stage", "")
        self.outcome = finding.get("outcome", "")
        self.activity = finding.get("activity", "")
        self.evidence = finding.get("evidence", [])
        self.owner = owner.get("kind", "")
        self.owner_name = container_of(owner.get("workload", {})).get("name", "")

    def __str__(self):
        return "%s %s %s by '%s' (%s %s pid %s), owner %s %s: %s" % (
            self.technique, self.stage, self.outcome, self.name, self.runtime, self.comm, self.pid, self.owner, self.owner_name,
            self.title)


class Suite:
    def __init__(self, own, expected, events, doctor):
        self.own = own
        self.rows = [line.rstrip("\n").split("\t") for line in open(expected)]
        records, self.sealed, self.wrong = read_stream(events)
        self.findings = [Finding(record) for record in records]
        self.unseen = {}
        try:
            for technique in json.load(open(doctor)).get("techniques", []):
                if technique.get("state") == "UNSEEN":
                    self.unseen[technique["id"]] = technique.get("unseen", "")
        except (OSError, ValueError) as error:
            self.wrong.append("warder doctor --json: %s" % error)

    def full(self, name):
        return "%s-%s" % (self.own, name)

    def about(self, name):
        """Findings about a container, by its name or, where the name was not resolved, by its cgroup."""
        full = self.full(name)
        return [f for f in self.findings if f.name == full or full in f.cgroup.split("/")]

    def blind(self, name):
        """Silence about a container that the sensor never saw proves nothing."""
        full = self.full(name)
        return "" if any(full in path.split("/") for path in self.sealed) else "\n       but its seal was not seen"

    def ours(self, finding):
        return finding.name.startswith(self.own + "-") or self.own + "-" in finding.cgroup or not finding.name

    def mismatch(self, finding, row):
        """What is wrong with this finding as an answer to the row; nothing if it is the one."""
        _, name, runtime, _, outcome, owner, owner_name = row
        if finding.name != self.full(name):
            return "container '%s'" % finding.name
        if finding.runtime != runtime:
            return "runtime '%s'" % finding.runtime
        if finding.outcome != outcome:
            return "outcome '%s'" % finding.outcome
        if owner != "any" and finding.owner != OWNERS[owner]:
            return "owner '%s'" % finding.owner
        if owner_name and finding.owner_name != self.full(owner_name):
            return "owner's name '%s'" % finding.owner_name
        if not finding.evidence:
            return "no evidence"
        return ""

    def answer(self, row):
        """(True, what was found) or (False, why nothing fits)."""
        near = [f for f in self.about(row[1]) if f.technique == row[3]]
        for finding in near:
            if not self.mismatch(finding, row):
                return True, str(finding)
        if near:
            return False, "%s: %s" % (self.mismatch(near[0], row), near[0])
        others = self.about(row[1])
        return False, "no such finding" + (", but %s" % others[0] if others else "")

    def due(self):
        return all(self.answer(row)[0] or row[3] in self.unseen for row in self.rows if row[0] == "finding")

    def unexpected(self):
        """A container may have the techniques that its rows name, what leads to a breach and what follows it; a "denied" one, attempts."""
        allowed, denied, quiet = {}, set(), set()
        for row in self.rows:
            if row[0] == "finding":
                allowed.setdefault(self.full(row[1]), set()).add(row[3])
            elif row[0] == "denied":
                denied.add(self.full(row[1]))
            elif row[0] == "none":
                quiet.add(self.full(row[1]))
        for finding in self.findings:
            name = finding.name or finding.cgroup.rsplit("/", 1)[-1]
            if not self.ours(finding):
                yield "note", finding
            elif finding.technique in allowed.get(name, ()):
                continue
            elif name in allowed and finding.stage in ("RECON", "ATTEMPT", "POST_BREACH"):
                yield "note", finding
            elif name in denied and finding.outcome == "DENIED":
                continue
            elif name not in quiet and name not in denied:
                yield "FAIL", finding

    def judge(self):
        for text in self.wrong:
            yield "FAIL", text
        for row in self.rows:
            if row[0] == "finding":
                found, text = self.answer(row)
                what = "%s: %s" % (row[1], row[3])
                if found:
                    yield "ok", "%s: %s" % (what, text)
                elif row[3] in self.unseen:
                    yield "ok", "%s: UNSEEN here, and doctor says so: %s" % (what, self.unseen[row[3]])
                else:
                    yield "FAIL", "%s: %s" % (what, text)
            elif row[0] == "none":
                wrong = self.blind(row[1]) + "".join("\n       but %s" % f for f in self.about(row[1]))
                yield ("FAIL" if wrong else "ok"), "%s: no finding%s" % (row[1], wrong)
            elif row[0] == "denied":
                findings = [f for f in self.about(row[1]) if f.outcome != "DENIED"]
                attempts = len(self.about(row[1])) - len(findings)
                wrong = self.blind(row[1]) + "".join("\n       but %s" % f for f in findings)
                if not attempts:
                    wrong += "\n       but no attempt was reported"
                yield ("FAIL" if wrong else "ok"), "%s: nothing succeeded (%d attempts reported)%s" % (row[1], attempts, wrong)
            elif row[0] == "silent":
                due = {self.full(other[1]) for other in self.rows if other[0] == "finding"}
                findings = [f for f in self.findings if self.ours(f) and f.name not in due]
                yield ("FAIL" if findings else "ok"), "no finding at all but what was due: %d came%s" % (
                    len(findings), "".join("\n       %s" % f for f in findings[:20]))
                seen = len(self.sealed)
                yield ("ok" if seen >= int(row[1]) else "FAIL"), "%d containers seen to be born, of %s" % (seen, row[1])
        if any(row[0] == "silent" for row in self.rows):
            return
        for kind, finding in self.unexpected():
            yield kind, "unexpected: %s" % finding


def main():
    mode, own, expected, events, doctor = sys.argv[1:]
    suite = Suite(own, expected, events, doctor)
    if mode == "due":
        sys.exit(0 if suite.due() else 1)
    for kind, text in suite.judge():
        print(kind, text)


main()
