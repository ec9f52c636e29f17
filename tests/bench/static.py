#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""static.py check|record FILE...

What each BPF program costs the verifier (instructions looked at: that is start-up time) and how long its machine code is, held
against tests/bench/programs.tsv. A FILE has a line a program, "KERNEL NAME VERIFIED INSNS JITED", as `make static` and the
guests of tests/vm write them from `warder doctor --programs`; KERNEL is a release's first two numbers.

  check    fails for a program that grew by more than a tenth and a bit over its record, and for one without a record; prints
           all of them. A kernel without any record is skipped, loudly.
  record   takes over the figures that FILE has; all others stay, those of programs that are gone too: remove programs.tsv to
           begin anew.

programs.tsv has a row a program and a column a kernel: VERIFIED/JITED, "-" for a program that is not loaded there, and 0
verified where the kernel does not say (before 5.16).
"""
import os
import sys

RECORD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs.tsv")
GROWTH = 1.1
SLACK = (300, 256)  # verified instructions, bytes: a small program may double


def by_number(kernel):
    return [int(part) for part in kernel.split(".")]


def measured(files):
    """{kernel: {program: (verified, jited)}}"""
    cost = {}
    for file in files:
        if not os.path.exists(file) or not os.path.getsize(file):
            sys.exit("FAIL %s: there are no figures" % file)
        for line in open(file):
            kernel, name, verified, _, jited = line.rstrip("\n").split("\t")
            cost.setdefault(kernel, {})[name] = (int(verified), int(jited))
    return cost


def recorded():
    cost = {}
    if not os.path.exists(RECORD):
        return cost
    kernels, *rows = [line.rstrip("\n").split("\t") for line in open(RECORD)]
    for name, *cells in rows:
        for kernel, cell in zip(kernels[1:], cells):
            if cell != "-":
                cost.setdefault(kernel, {})[name] = tuple(map(int, cell.split("/")))
    return cost


def write(cost):
    kernels = sorted(cost, key=by_number)
    names = sorted({name for programs in cost.values() for name in programs}, key=lambda n: (n.split("_", 1)[1], n))
    with open(RECORD, "w") as out:
        out.write("\t".join(["program"] + kernels) + "\n")
        for name in names:
            cells = ["%d/%d" % cost[kernel][name] if name in cost[kernel] else "-" for kernel in kernels]
            out.write("\t".join([name] + cells) + "\n")


def check(cost, record):
    """What is wrong, a line each; prints the table."""
    for kernel in sorted(cost, key=by_number):
        if kernel not in record:
            print("SKIP static cost on kernel %s: there is no record of it" % kernel)
            continue
        print("%-32s %8s %8s %8s %8s   kernel %s" % ("PROGRAM", "VERIFIED", "RECORD", "BYTES", "RECORD", kernel))
        for name, now in sorted(cost[kernel].items()):
            then = record[kernel].get(name)
            print("%-32s %8d %8s %8d %8s" % (name, now[0], then[0] if then else "-", now[1], then[1] if then else "-"))
            if not then:
                yield "%s on kernel %s has no record" % (name, kernel)
                continue
            for what, is_, was, slack in zip(("verified instructions", "bytes of machine code"), now, then, SLACK):
                if is_ > was * GROWTH + slack:
                    yield "%s on kernel %s grew from %d to %d %s" % (name, kernel, was, is_, what)
        print("%-32s %8d %8s %8d   %d programs" % (
            "all", sum(c[0] for c in cost[kernel].values()), "", sum(c[1] for c in cost[kernel].values()), len(cost[kernel])))


def main():
    mode, *files = sys.argv[1:]
    cost, record = measured(files), recorded()
    if mode == "record":
        for kernel, programs in cost.items():
            record.setdefault(kernel, {}).update(programs)
        write(record)
        return 0
    wrong = list(check(cost, record))
    for text in wrong:
        print("FAIL %s" % text)
    if wrong:
        print("if that is as it must be: make static-record")
    print("%d programs on %d kernels, %d over their limits or without a record" % (
        sum(map(len, cost.values())), len(cost), len(wrong)))
    return 1 if wrong else 0


sys.exit(main())
