#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""coverage.py TREE RESULTS FOUND LIVE

How each row of the catalogue is found, and by which test that was seen. TREE/tests/coverage.tsv says how; the tests of the live suites
are in RESULTS (COLUMN/SUITE.tsv, as tests/vm/matrix.py reads them), the recorded ones in TREE/tests/golden/cases. Prints a table and
its sums; the exit code is 1 where a claim has no test, a row has no claim, or fewer rows are found than FOUND, or in a real container
than LIVE. Where a column of RESULTS was skipped, what only it may have seen is a SKIP.

  HOW    step: when it is done; after: by what follows from it; audit: when a container is sealed; told: as other rows are, which
         is what the test looked for; none. Rows whose worst finding is LOW or INFORMATIONAL are marked as context.
  TESTS  what found it in a real container, and in which columns; or the file of its recorded events, and why no container did it.
"""
import collections
import glob
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "vm"))
import matrix  # noqa: E402: it reads the same files

SEVERITIES = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
FOUND = re.compile(r": (\w+) (?:RECON|ATTEMPT|BREACH|POST_BREACH) ")  # judge.py's words for a finding


def read_catalogue(tree):
    """id -> title, for the rows that are no invariant's own."""
    source = open(os.path.join(tree, "userspace/technique.c")).read()
    return {i: t for i, t in re.findall(r'\{"([A-Z]\d\d)",\s*"((?:[^"\\]|\\.)*)"', source)}


def read_claims(tree):
    """id -> (how, the rest)."""
    claims = {}
    for line in open(os.path.join(tree, "tests/coverage.tsv")):
        if not line.startswith("#"):
            row, how, rest = line.rstrip("\n").split("\t")
            claims[row] = how, rest
    return claims


def read_live(results):
    """id -> {"suite/test": [column, ...]}"""
    live = collections.defaultdict(lambda: collections.defaultdict(list))
    for path in sorted(glob.glob(os.path.join(results, "*", "*.tsv"))):
        column, suite = path.split(os.sep)[-2], os.path.basename(path)[:-4]
        for test in matrix.Suite(path).tests:
            found = FOUND.search(test.text) if test.state == "ok" else None
            if found:
                columns = live[found[1]]["%s/%s" % (suite, test.name)]
                if column not in columns:
                    columns.append(column)
    return live


def read_golden(tree):
    """id -> (worst severity, its first file)"""
    golden = {}
    for path in sorted(glob.glob(os.path.join(tree, "tests/golden/cases/*.txt"))):
        for line in open(path, errors="replace"):
            match = re.match(r"finding (\w+) \w+ \w+ \w+ (\w+) ", line)
            if match:
                worst, first = golden.get(match[1], (0, os.path.basename(path)))
                golden[match[1]] = max(worst, SEVERITIES.index(match[2])), first
    return golden


class Table:
    def __init__(self, tree, results, found, live):
        self.least = int(found), int(live)
        self.skipped = [path.split(os.sep)[-2] for path in glob.glob(os.path.join(results, "*", "skip"))]
        self.titles, self.claims = read_catalogue(tree), read_claims(tree)
        self.live, self.golden = read_live(results), read_golden(tree)
        self.wrong, self.missing, self.sums = [], [], collections.Counter()

    def is_live(self, row):
        how, rest = self.claims[row]
        return all(r in self.live for r in rest.split()) if how == "told" else row in self.live

    def tests(self, row):
        """In words, what found it."""
        found = self.live[row]
        columns = []
        for test in found.values():
            columns += [c for c in test if c not in columns]
        names = sorted(found, key=lambda name: -len(found[name]))
        more = "" if len(names) < 3 else " and %d more" % (len(names) - 2)
        return "%s%s (%s)" % (" ".join(names[:2]), more, " ".join(sorted(columns, key=lambda c: (c != "native", c))))

    def judge(self, row):
        """What is said of a row; what is wrong with it goes to self.wrong."""
        if row not in self.claims:
            self.wrong.append("%s: tests/coverage.tsv has no line" % row)
            return "?", ""
        how, rest = self.claims[row]
        self.sums[how] += 1
        if how == "none":
            if not rest:
                self.wrong.append("%s: it is not found, and there is no reason" % row)
            if row in self.live or row in self.golden:
                self.wrong.append("%s: it is said not to be found, and it was" % row)
            return how, rest
        self.sums["live"] += self.is_live(row)
        if how == "told":
            for other in rest.split():
                if other not in self.live and other not in self.golden:
                    self.missing.append("%s: told as %s, which no test found" % (row, other))
            return how, "as %s" % rest
        context = row in self.golden and self.golden[row][0] < SEVERITIES.index("MEDIUM")
        self.sums["context"] += context
        if context:
            how += ", context"
        if row in self.live:
            return how, self.tests(row)
        if row not in self.golden:
            self.missing.append("%s: no test found it" % row)
        elif not rest:
            self.missing.append("%s: no container did it, and there is no reason" % row)
        return how, "golden/%s: %s" % (self.golden.get(row, (0, "-"))[1], rest)

    def show(self):
        for row, title in self.titles.items():
            how, tests = self.judge(row)
            print("%-4s %-15s %-74.74s %s" % (row, how, title.replace('\\"', '"'), tests))
        self.wrong += ["%s: it is no row of the catalogue" % row for row in self.claims if row not in self.titles]
        found = len(self.titles) - self.sums["none"]
        print("\n%d rows: %d found (%d at the step, %d after it, %d by audit, %d as other rows; of these %d as context), %d not by design or not yet"
              % (len(self.titles), found, self.sums["step"], self.sums["after"], self.sums["audit"], self.sums["told"],
                 self.sums["context"], self.sums["none"]))
        print("%d of the %d in a real container, the others by records" % (self.sums["live"], found))
        if found < self.least[0]:
            self.wrong.append("at least %d must be found" % self.least[0])
        if self.sums["live"] < self.least[1]:
            self.missing.append("at least %d must be found in a real container" % self.least[1])
        for line in self.wrong + self.missing:
            print("%s %s" % ("SKIP" if self.skipped and line in self.missing else "FAIL", line))
        return 1 if self.wrong or self.missing and not self.skipped else 0


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    sys.exit(Table(*sys.argv[1:]).show())
