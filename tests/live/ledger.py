#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ledger.py EVENTS FLOODER...

Adds up what became of each container's records in a whole stream of NDJSON: the kernel's count of what it made against what came
through the rings and what was lost at each stage; what came against what is in the stream; and who lost anything at all.
Prints a line "ok ..." or "FAIL ..." a check.
"""
import json
import sys

# made by userspace: in no container's account
OWN_TYPES = {"FINDING", "COVERAGE", "LOST", "IDENTITY", "HEARTBEAT", "CAPABILITY_MATRIX", "LEDGER", "POSTURE", "SEAL_DIFFERENCE", "HOST_GRANT", "NODE_FACTS",
             "TRUST_MIX", "INVENTORY", "INCIDENT", "EXCEPTIONS"}


def origin_of(workload):
    return workload.get("origin_id", "0")


def name_of(workload):
    return workload.get("container", {}).get("name") or workload.get("cgroup_path") or "the host"


class Stream:
    def __init__(self, path):
        self.accounts, self.came, self.lost, self.sink = {}, {}, {}, 0
        with open(path, "rb") as stream:
            for line in stream:
                self.take(json.loads(line))

    def take(self, event):
        if event["type"] not in OWN_TYPES:
            origin = origin_of(event["actor"]["workload"])
            self.came[origin] = self.came.get(origin, 0) + 1
        for row in event.get("ledger", {}).get("rows", []):
            # An account that was closed goes on while it is remembered; after that it is another one, with numbers of its own: of a
            # container that is long gone, when the host uses what it wrote.
            accounts = self.accounts.setdefault(origin_of(row["workload"]), [])
            if accounts and not (accounts[-1].get("closed") and number([row], "made") < number([accounts[-1]], "made")):
                accounts.pop()
            accounts.append(row)
        for count in event.get("lost", {}).get("counts", []):
            if "workload" not in count:
                self.sink += int(count["records"]) if count["stage"] == "SINK" else 0
                continue
            key = origin_of(count["workload"]), count["stage"]
            self.lost[key] = self.lost.get(key, 0) + int(count["records"])


def number(rows, field):
    return sum(int(row.get(field, 0)) for row in rows)


def say(holds, text):
    print("ok" if holds else "FAIL", text)


def main():
    path, flooders = sys.argv[1], sys.argv[2:]
    stream = Stream(path)
    missing = 0
    for origin, rows in stream.accounts.items():
        made, received, lost = (number(rows, field) for field in ("made", "received", "lost"))
        losses = {}
        for loss in [loss for row in rows for loss in row.get("losses", [])]:
            losses[loss["stage"]] = losses.get(loss["stage"], 0) + int(loss["records"])
        name = name_of(rows[-1]["workload"])
        say(made == received + lost and lost == sum(losses.values()),
            "%s: made %d = received %d + lost %d %s" % (name, made, received, lost, losses or ""))
        told = {stage: n for (of, stage), n in stream.lost.items() if of == origin and stage != "TABLE"}
        say(told == losses, "%s: the LOST events tell the same losses: %s" % (name, told or "none"))
        if origin != "0":
            missing += received - stream.came.get(origin, 0)
        if name not in flooders:
            say(lost == 0, "%s: nothing of it was lost" % name)
    say(set(stream.came) <= set(stream.accounts), "each of the %d containers in the stream has an account" % len(stream.came))
    say(missing == 0 or 0 < missing <= stream.sink,
        "what came is in the stream: %d of it are not, and the sinks say that they lost %d" % (missing, stream.sink))
    for flooder in flooders:
        lost = sum(number(rows, "lost") for rows in stream.accounts.values() if name_of(rows[-1]["workload"]) == flooder)
        say(lost > 0, "%s: the flood was over its budget: %d records" % (flooder, lost))


main()
