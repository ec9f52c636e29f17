#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""judge.py due|final ID EXPECTED EVENTS

Compares the sensor's NDJSON with what a live suite expects (lib.sh writes EXPECTED, one tab-separated row each):
  finding NAME RUNTIME TECHNIQUE OUTCOME OWNER [OWNER_NAME] [GAP]   one must have come (TECHNIQUE: one id, or several with "|" between)
  blind   NAME RUNTIME TECHNIQUE OUTCOME OWNER HOOK WORDS     one may have come: the coverage says that HOOK does not see WORDS
  host    WORDS TECHNIQUE                                     one must have come about no container, with WORDS in its message
  none    NAME                                                no finding of MEDIUM or more may be about this container, and no incident
  without NAME TECHNIQUE                                      none of this technique, of whatever severity
  denied  NAME                                                only attempts that the kernel denied
  silent  SEALS                                               no finding and no incident in the stream but those that are due, and so
                                                              many containers were seen to be born
Containers of the suite are called ID-NAME. What the stream's own COVERAGE event calls UNSEEN is not due and must not come: the
map of blind spots is exact. The same goes for a row with a GAP that the event's text about the technique names. "due" only
tells by its exit code whether all that is due has come; "final" prints
STATE|NAME|TECHNIQUE|TEXT a row, with the state ok, unseen (not seen, as the coverage says), FAIL or note, and FAIL for each
finding that nobody expected; what belongs to the line before has no state.
"""
import json
import os
import sys

OWNERS = {"host": "OWNER_HOST", "container": "OWNER_CONTAINER"}


def read_stream(path):
    """The findings, the incidents, the cgroups of the containers that were sealed, the coverage, and what is wrong with the stream."""
    findings, incidents, sealed, coverage, wrong = [], [], [], None, []
    if not os.path.exists(path):
        return findings, incidents, sealed, None, ["there is no stream of events"]
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
            elif event.get("type") == "INCIDENT":
                incidents.append(event)
            elif event.get("type") == "CONTAINER_SEAL":
                sealed.append(event["actor"]["workload"].get("cgroup_path", ""))
            elif event.get("type") == "COVERAGE":
                coverage = event["coverage"]
    return findings, incidents, sealed, coverage, wrong if coverage else wrong + ["the stream does not say what it covers"]


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
        self.message = event.get("message", "")
        # what honest programs do as well: it is told, and pages nobody
        self.context = event.get("severity") in ("INFORMATIONAL", "LOW")
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


class Incident:
    def __init__(self, event):
        workload = event.get("actor", {}).get("workload", {})
        self.name = container_of(workload).get("name", "")
        self.cgroup = workload.get("cgroup_path", "")
        self.uid = event["incident"].get("uid", "")
        self.message = event.get("message", "")

    def __str__(self):
        return "incident %s of '%s': %s" % (self.uid, self.name or self.cgroup, self.message)


class Suite:
    def __init__(self, own, expected, events):
        self.own = own
        self.rows = [line.rstrip("\n").split("\t") for line in open(expected)]
        findings, incidents, self.sealed, coverage, self.wrong = read_stream(events)
        self.findings = [Finding(event) for event in findings]
        self.incidents = [Incident(event) for event in incidents]
        self.techniques = {row["id"]: row for row in coverage["techniques"]} if coverage else {}
        self.hooks = {row["hook"]: row.get("unseen", "") for row in coverage["hooks"]} if coverage else {}

    def full(self, name):
        return "%s-%s" % (self.own, name)

    def about(self, name):
        """Findings about a container, by its name or, where the name was not resolved, by its cgroup."""
        return [f for f in self.findings if self.is_about(f, name)]

    def is_about(self, event, name):
        full = self.full(name)
        return event.name == full or full in event.cgroup.split("/")

    def blind(self, name):
        """Silence about a container that the sensor never saw proves nothing."""
        full = self.full(name)
        return "" if any(full in path.split("/") for path in self.sealed) else "\n       but its seal was not seen"

    def ours(self, finding):
        return finding.name.startswith(self.own + "-") or self.own + "-" in finding.cgroup or not finding.name

    def unseen(self, row):
        """Why the row's finding cannot come here; nothing where it is due."""
        known = [self.techniques.get(technique, {}) for technique in row[3].split("|")]
        gap = row[7] if len(row) > 7 else ""
        if gap and gap in known[0].get("unseen", "") or all(technique.get("state") == "UNSEEN" for technique in known):
            return known[0]["unseen"]
        return ""

    def mismatch(self, finding, row):
        """What is wrong with this finding as an answer to the row; nothing if it is the one."""
        _, name, runtime, _, outcome, owner, owner_name = row[:7]
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
        near = [f for f in self.about(row[1]) if f.technique in row[3].split("|")]
        for finding in near:
            if not self.mismatch(finding, row):
                return True, str(finding)
        if near:
            return False, "%s: %s" % (self.mismatch(near[0], row), near[0])
        others = self.about(row[1])
        return False, "no such finding" + (", but %s" % others[0] if others else "")

    def about_host(self, row):
        return [f for f in self.findings if not f.cgroup and f.technique == row[2] and row[1] in f.message]

    def due(self):
        return all(self.unseen(row) or self.answer(row)[0] for row in self.rows if row[0] == "finding") and all(
            self.about_host(row) for row in self.rows if row[0] == "host")

    def unexpected(self):
        """A container may have the techniques that its rows name, what leads to a breach and what follows it; a "denied" one, attempts."""
        allowed, denied, quiet = {}, set(), set()
        for row in self.rows:
            if row[0] in ("finding", "blind"):
                allowed.setdefault(self.full(row[1]), set()).update(row[3].split("|"))
            elif row[0] == "denied":
                denied.add(self.full(row[1]))
            elif row[0] == "none":
                quiet.add(self.full(row[1]))
        for finding in self.findings:
            name = finding.name or finding.cgroup.rsplit("/", 1)[-1]
            if not self.ours(finding):
                yield "note", finding
            elif any(row[0] == "host" and finding in self.about_host(row) for row in self.rows):
                continue
            elif finding.technique in allowed.get(name, ()) or finding.context:
                continue
            elif name in allowed and finding.stage in ("RECON", "ATTEMPT", "POST_BREACH"):
                yield "note", finding
            elif name in denied and finding.outcome == "DENIED":
                continue
            elif name not in quiet and name not in denied:
                yield "FAIL", finding

    def judge_finding(self, row):
        found, text = self.answer(row)
        unseen = self.unseen(row)
        if not unseen:
            return "ok" if found else "FAIL", text
        if found:
            return "FAIL", "found, where the coverage says unseen (%s): %s" % (unseen, text)
        return "unseen", "UNSEEN here, as the coverage says: %s" % unseen

    def judge_blind(self, row):
        """A door that a hook does not see here: by its words in the coverage, and nothing else excuses it."""
        hook, words = row[6], row[7]
        found, text = self.answer(row[:6] + [""])
        if words not in self.hooks.get(hook, ""):
            return "FAIL", "the coverage does not say that %s misses '%s'" % (hook, words)
        if found:
            return "ok", "seen all the same: %s" % text
        wrong = self.blind(row[1]) + "".join("\n       but %s" % f for f in self.about(row[1]))
        return "FAIL" if wrong else "unseen", "UNSEEN by this door, as the coverage says: %s misses %s%s" % (hook, words, wrong)

    def judge(self):
        """(state, row, technique, text) for each row and each finding that nobody expected."""
        for text in self.wrong:
            yield "FAIL", "", "", text
        for row in self.rows:
            if row[0] in ("finding", "blind"):
                state, text = self.judge_finding(row) if row[0] == "finding" else self.judge_blind(row)
                technique = row[3].replace("|", "/")
                yield state, row[1], technique, "%s: %s: %s" % (row[1], technique, text)
            elif row[0] == "host":
                found = self.about_host(row)
                yield "ok" if found else "FAIL", row[1], row[2], "%s: %s: %s" % (row[1], row[2], found[0] if found else "no such finding")
            elif row[0] == "without":
                wrong = self.blind(row[1]) + "".join("\n       but %s" % f for f in self.about(row[1]) if f.technique == row[2])
                blind = self.techniques.get(row[2], {}).get("state") == "UNSEEN"
                yield "FAIL" if wrong else "unseen" if blind else "ok", row[1], row[2], "%s: no %s%s" % (row[1], row[2], wrong)
            elif row[0] == "none":
                wrong = self.blind(row[1]) + "".join("\n       but %s" % f for f in self.about(row[1]) if not f.context)
                wrong += "".join("\n       but %s" % i for i in self.incidents if self.is_about(i, row[1]))
                yield "FAIL" if wrong else "ok", row[1], "", "%s: no finding%s" % (row[1], wrong)
            elif row[0] == "denied":
                attempts = len([f for f in self.about(row[1]) if f.outcome == "DENIED"])
                findings = [f for f in self.about(row[1]) if f.outcome != "DENIED" and not f.context]
                wrong = self.blind(row[1]) + "".join("\n       but %s" % f for f in findings)
                if not attempts:
                    wrong += "\n       but no attempt was reported"
                yield "FAIL" if wrong else "ok", row[1], "", "%s: nothing succeeded (%d attempts reported)%s" % (
                    row[1], attempts, wrong)
            elif row[0] == "silent":
                due = {self.full(other[1]) for other in self.rows if other[0] == "finding"}
                findings = [f for f in self.findings if self.ours(f) and f.name not in due and not f.context]
                yield "FAIL" if findings else "ok", "", "", "no finding at all but what was due: %d came%s" % (
                    len(findings), "".join("\n       %s" % f for f in findings[:20]))
                incidents = [i for i in self.incidents if self.ours(i) and i.name not in due]
                yield "FAIL" if incidents else "ok", "", "", "no incident but what was due: %d came%s" % (
                    len(incidents), "".join("\n       %s" % i for i in incidents[:20]))
                seen = len(self.sealed)
                yield "ok" if seen >= int(row[1]) else "FAIL", "", "", "%d containers seen to be born, of %s" % (seen, row[1])
        if any(row[0] == "silent" for row in self.rows):
            return
        for kind, finding in self.unexpected():
            yield kind, "", "", "unexpected: %s" % finding


def main():
    mode, own, expected, events = sys.argv[1:]
    suite = Suite(own, expected, events)
    if mode == "due":
        sys.exit(0 if suite.due() else 1)
    for state, name, technique, text in suite.judge():
        print("%s|%s|%s|%s" % (state, name, technique, text.replace("\n", "\n|||")))


main()
