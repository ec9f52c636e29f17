#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""workloads.py ID ROWS POLICY EVENTS

What the sensor said while benign workloads ran (workload_rows.sh), row by row. ROWS has a line "ROW ok|failed" for each run; a row's
containers are called ID-bNN..., after it. Prints STATE|TEXT a line: ok or FAIL a check, no state for what belongs to it.

A row is good if a container of its was seen to be born, no finding of MEDIUM or worse and no incident is about it, and each exception of
the policy that is called after it ("B31: ...") was needed. LOW and INFORMATIONAL findings are listed, all of them.
"""
import collections
import json
import re
import sys

CONTEXT = ("INFORMATIONAL", "LOW")


def row_of(own, workload):
    """The row that a container is of: by its name, else by its cgroup."""
    for text in (workload.get("container", {}).get("name", ""), workload.get("cgroup_path", "")):
        found = re.search(r"(?:^|/)%s-b(\d\d)" % re.escape(own), text)
        if found:
            return "B" + found.group(1)
    return None


class Stream:
    def __init__(self, own, path):
        self.born, self.pages, self.context, self.needed = collections.Counter(), {}, {}, {}
        self.lost = collections.Counter()
        for line in open(path, "rb"):
            event = json.loads(line)
            row = row_of(own, event.get("actor", {}).get("workload", {}))
            if event["type"] == "CONTAINER_SEAL":
                self.born[row] += 1
            elif event["type"] in ("FINDING", "INCIDENT"):
                self.take(row, event)
            elif event["type"] == "EXCEPTIONS":
                for silenced in event["exceptions"].get("rows", []):
                    who = silenced.get("workload", {})
                    key = row_of(own, who), silenced["name"], silenced.get("technique", ""), who.get("origin_id")
                    self.needed[key] = int(silenced["count"])  # so far
            elif event["type"] == "LOST":
                for count in event["lost"].get("counts", []):
                    self.lost[count["stage"]] += int(count["records"])

    def take(self, row, event):
        finding = event.get("finding", {})
        what = "%s %s: %s" % (finding.get("technique") or "incident", event.get("severity", ""), event.get("message", ""))
        if event.get("severity") not in CONTEXT:
            self.pages.setdefault(row, []).append(what)
        elif finding.get("activity") == "CREATE":
            key = finding["technique"], event["severity"]
            self.context.setdefault(row, collections.Counter())[key] += 1


def listed(counts):
    return ", ".join("%s %s%s" % (technique, severity, " x%d" % n if n > 1 else "") for (technique, severity), n in sorted(counts.items()))


def main():
    own, rows, policy, events = sys.argv[1:]
    runs = collections.Counter(line.split()[0] for line in open(rows))
    exceptions = re.findall(r'^ *- name: "(B\d\d): ([^"]*)"', open(policy).read(), re.M)
    stream = Stream(own, events)
    for row in sorted(runs):
        pages = stream.pages.get(row, [])
        silenced = collections.Counter()
        for (of, _, technique, _), n in stream.needed.items():
            if of == row:
                silenced[technique] += n
        text = "%s: %d run%s, %d containers born" % (row, runs[row], "s" if runs[row] > 1 else "", stream.born[row])
        text += "; declared: " + ", ".join("%s x%d" % item for item in sorted(silenced.items())) if silenced else ""
        text += "; context: " + listed(stream.context[row]) if row in stream.context else ""
        print("%s|%s" % ("FAIL" if pages or not stream.born[row] else "ok", text))
        for page, n in collections.Counter(pages).most_common(12):
            print("|  but %s%s" % (page, " (%d times)" % n if n > 1 else ""))
        for of, name in exceptions:
            if of == row and not any(o == of and x == "%s: %s" % (of, name) for o, x, _, _ in stream.needed):
                print("FAIL|%s: the policy's exception '%s' was not needed" % (row, name))
    others = stream.pages.get(None, [])
    print("%s|no finding of MEDIUM or worse about anybody else: %d" % ("FAIL" if others else "ok", len(others)))
    for page in others[:12]:
        print("|  but %s" % page)
    total = collections.Counter()
    for counts in stream.context.values():
        total.update(counts)
    print("|all that is context: %s" % listed(total))
    # TABLE is a bound that README names: more than the last 32,768 written files are not remembered, and that is told
    findings = {stage: n for stage, n in stream.lost.items() if stage not in ("RING_TELEMETRY", "TABLE")}
    print("%s|nothing was lost that findings hang on; of telemetry, on a busy machine: %d; writers forgotten for newer ones: %d%s" % (
        "FAIL" if findings else "ok", stream.lost["RING_TELEMETRY"], stream.lost["TABLE"], " %s" % findings if findings else ""))


main()
