#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""matrix.py show|check|write DIR README SUITES COLUMN...

Puts together what the live suites found on each kernel and tier. DIR/COLUMN has a SUITE.tsv for each suite (tests/live/lib.sh
writes them) or a file "skip" or "died" that says why there are none. SUITES are one word.

  show    prints the matrix: a row a test, a column a kernel; pass, unseen (as the sensor's own coverage says) or SKIP, with the
          reasons after it. Everything else is a failure: a test that failed, or that is in no state; two suites that were told
          different coverage; a technique that was found where the coverage says unseen, or the other way round.
  check   also compares the blind-spot map in README with what was measured. Columns that were skipped are not compared.
  write   puts what was measured into README.

The map has a row a technique with a detector and a letter a column: S seen, D degraded, U unseen; small where no test of that
column looked for it. A column whose suites look for no technique (6.1-systemd) is not in it. "native" is compared where the
machine's kernel and tiers are those that README names.
"""
import collections
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
RUNTIME = re.compile(r"^(runc|crun-v1|crun)-")
BEGIN = "<!-- blind-spot map: written by `make coverage-table`; native: %s -->"
END = "<!-- end of the map -->"

Test = collections.namedtuple("Test", "state name technique text")


class Suite:
    """What one suite found in one column."""

    def __init__(self, path):
        self.tests, self.coverage, self.kernel, self.ended, self.skip = [], [], "", False, ""
        for line in open(path, errors="replace"):
            kind, *rest = line.rstrip("\n").split("\t")
            if kind == "test" and len(rest) >= 4:
                state, name, technique, text = rest[0], rest[1], rest[2], " ".join(rest[3:])
                self.tests.append(Test(state, RUNTIME.sub("", name), technique, text))
            elif kind == "coverage":
                self.kernel = rest[0]
                self.coverage.append(json.loads(rest[1]))
            elif kind == "skip":
                self.skip = rest[0]
            elif kind == "end":
                self.ended = True
        self.names = {test.name for test in self.tests if test.name}

    def about(self, test):
        """The name of the row that a line without one is about: what stands before its colon, or nothing."""
        if test.name:
            return test.name
        words = RUNTIME.sub("", test.text.split(":")[0]).split()
        return words[0] if words and (words[0] in self.names or test.state == "SKIP") else ""

    def state(self, name, technique):
        """pass, unseen, SKIP, FAIL or nothing."""
        if self.skip:
            return "SKIP"
        lines = [t for t in self.tests if self.about(t) == name]
        judged = [t.state for t in lines if t.name and t.technique == technique] if name else [t.state for t in lines]
        if any(t.state == "FAIL" and t.technique in ("", technique) for t in lines):
            return "FAIL"
        for state, word in ("ok", "pass"), ("unseen", "unseen"):
            if state in judged:
                return word
        named = [t for t in self.tests if t.state == "SKIP" and {name, technique} & set(re.findall(r"[\w-]+", RUNTIME.sub("", t.text)))]
        return "SKIP" if named or not name and lines else ""


class Column:
    def __init__(self, root, name, suites):
        self.name, self.skip, self.died, self.suites, self.wrong = name, "", "", {}, []
        self.techniques, self.kind, self.mapped = {}, "", False  # nothing where it was not measured
        path = os.path.join(root, name)
        for word in "skip", "died":
            if os.path.exists(os.path.join(path, word)):
                setattr(self, word, open(os.path.join(path, word)).read().strip())
        if name == "native" and not self.fresh(path, suites):
            self.skip = "SKIP native: make live did not run with this build"
        if self.skip:
            return
        for suite in suites:
            file = os.path.join(path, suite + ".tsv")
            if os.path.exists(file):
                self.suites[suite] = Suite(file)
            if suite not in self.suites or not self.suites[suite].ended:
                self.wrong.append("%s did not come to its end%s" % (suite, self.died and ": " + self.died))
        self.read_coverage()

    @staticmethod
    def fresh(path, suites):
        files = [os.path.join(path, suite + ".tsv") for suite in suites]
        built = os.path.getmtime(os.path.join(TREE, "build/warder"))
        return any(os.path.exists(f) and os.path.getmtime(f) >= built for f in files)

    def read_coverage(self):
        told = [(s, c) for s, suite in self.suites.items() for c in suite.coverage]
        if not told:
            return
        self.techniques = {row["id"]: row for row in told[0][1]["techniques"]}
        for suite, coverage in told[1:]:
            if coverage != told[0][1]:
                self.wrong.append("%s was told another coverage than %s" % (suite, told[0][0]))
        kernel = next(s.kernel for s in self.suites.values() if s.kernel)
        tiers = sorted({row["tier"] for row in told[0][1]["hooks"]} - {"none"})
        self.kind = "%s, %s" % (".".join(kernel.split(".")[:2]), " ".join(tiers))
        self.mapped = any(test.technique for suite in self.suites.values() for test in suite.tests)

    def cell(self, suite, name, technique):
        if self.skip:
            return "SKIP"
        found = self.suites.get(suite)
        state = found.state(name, technique) if found else ""
        if not state and not (found and found.ended):
            return "FAIL"  # it was cut off: that is said once
        known = [self.techniques.get(t, {}).get("state") for t in technique.split("/")]
        if state == "pass" and set(known) == {"UNSEEN"} or state == "unseen" and set(known) == {"SEEN"}:
            self.wrong.append("%s %s: %s, where the coverage says %s" % (suite, name, state, known[0]))
        return state or "none"

    def letter(self, technique, rows):
        """The map's letter, and whether its size counts: not where the test was skipped."""
        state = self.techniques.get(technique, {}).get("state", "?")
        cells = [self.suites[s].state(n, t) for s, n, t in rows if technique in t.split("/") and s in self.suites]
        return state[0] if {"pass", "unseen"} & set(cells) else state[0].lower(), "SKIP" not in cells


class Matrix:
    def __init__(self, root, suites, columns):
        self.suites = suites
        self.columns = [Column(root, name, suites) for name in columns]
        self.rows = []  # (suite, name, technique), in the order of the suites; no name: all that is no row of a table
        for suite in suites:
            seen = {}
            for column in self.columns:
                if suite in column.suites:
                    seen.update({(suite, t.name, t.technique): 1 for t in column.suites[suite].tests if t.name})
            self.rows += list(seen) + [(suite, "", "")]

    def show(self):
        failures, skips, count = [], {}, collections.Counter()
        width = max(len(" ".join(row)) for row in self.rows) + 2
        size = [max(6, len(column.name)) for column in self.columns]
        print("%-*s %s" % (width, "TEST", " ".join("%-*s" % (n, c.name) for n, c in zip(size, self.columns))))
        for row in self.rows:
            cells = [column.cell(*row) for column in self.columns]
            count.update(cells)
            title = " ".join(filter(None, row)) if row[1] else row[0] + " (all else)"
            print("%-*s %s" % (width, title, " ".join("%-*s" % pair for pair in zip(size, cells))))
            failures += ["%s: %s: it is in no state" % (c.name, title) for c, cell in zip(self.columns, cells) if cell == "none"]
        for column in self.columns:
            failures += ["%s: %s" % (column.name, text) for text in column.wrong]
            reasons = [column.skip.replace("SKIP ", "", 1)] if column.skip else []
            for suite, found in column.suites.items():
                failures += ["%s: %s: %s" % (column.name, suite, t.text) for t in found.tests if t.state == "FAIL"]
                reasons += ["%s: %s" % (suite, t.text) for t in found.tests if t.state == "SKIP"]
                reasons += [found.skip] if found.skip else []
            for text in reasons:  # the same but for its numbers, on other kernels, is one line
                skips.setdefault(re.sub(r"\d+", "N", text), [text]).append(column.name)
        print()
        for text, *where in skips.values():
            print("SKIP %s: %s" % (" ".join(dict.fromkeys(where)), text))
        self.untested()
        print("%d tests on %d kernels and tiers: %s" % (
            len(self.rows), len(self.columns), ", ".join("%d %s" % (n, word) for word, n in count.most_common())))
        return failures

    def untested(self):
        """Claims that nothing checks."""
        claimed = {t for c in self.columns for t, row in c.techniques.items() if row["state"] != "UNSEEN"}
        rest = sorted(claimed - {t for _, _, technique in self.rows for t in technique.split("/")})
        if rest:
            print("seen by the coverage, looked for by no test: %s" % " ".join(rest))

    def map(self):
        """{technique: {column: (letter, whether its size counts)}}"""
        return {t: {c.name: c.letter(t, self.rows) for c in self.columns if c.mapped}
                for t, _, _, hooks in catalogue() if hooks}


def catalogue():
    """(id, title, ATT&CK, hooks) of each row of technique.c."""
    text = open(os.path.join(TREE, "userspace/technique.c")).read()
    string = r'((?:"[^"]*"\s*)+)'
    for row in re.findall(r"\{%s,\s*%s,\s*%s,\s*(?:NULL|%s)\}" % (string, string, string, string), text):
        yield ["".join(re.findall(r'"([^"]*)"', part)) for part in row]


class Table:
    """The map as it stands in README: {technique: {column: letter}}, what its head says about native, and the text around it."""

    def __init__(self, path):
        self.path, self.text = path, open(path).read()
        pattern = re.escape(BEGIN).replace("%s", "(.*?)") + "\n(.*?)" + re.escape(END)
        self.found = re.search(pattern, self.text, re.DOTALL)
        if not self.found:
            sys.exit("%s has no place for the map" % path)
        self.native = self.found.group(1)
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in self.found.group(2).splitlines() if line.startswith("|")]
        self.columns = lines[0][3:] if lines else []
        self.cells = {line[0]: dict(zip(self.columns, line[3:])) for line in lines[2:]}

    def render(self, native, columns, cells):
        lines = ["| %s |" % " | ".join(["Id", "Technique", "ATT&CK"] + columns), "|---" * (3 + len(columns)) + "|"]
        blind = []
        for technique, title, attack, hooks in catalogue():
            if hooks:
                letters = [cells[technique].get(name, "") for name in columns]
                lines.append("| %s |" % " | ".join([technique, title.replace("|", "\\|"), attack] + letters))
            else:
                blind.append(technique)
        text = "\n".join([BEGIN % native] + lines + ["", "No detector yet, unseen everywhere:"])
        for at in range(0, len(blind), 30):
            text += "\n" + " ".join(blind[at:at + 30])
        return text + ".\n" + END

    def write(self, matrix):
        """Columns that were not measured keep what they have."""
        names = [c.name for c in matrix.columns if c.mapped or c.name in self.columns]
        cells = {t: {name: self.cells.get(t, {}).get(name, "?") for name in names} for t, _, _, _ in catalogue()}
        for technique, measured in matrix.map().items():
            cells[technique].update({name: letter for name, (letter, _) in measured.items()})
        native = next((c.kind for c in matrix.columns if c.name == "native" and c.kind), self.native)
        text = self.text.replace(self.found.group(0), self.render(native, names, cells))
        open(self.path, "w").write(text)

    def compare(self, matrix):
        """What differs; the size of a letter counts where its tests ran."""
        if self.render(self.native, self.columns, self.cells | {t: {} for t, *_ in catalogue() if t not in self.cells}) != self.found.group(0):
            yield "the rows are not those of technique.c"
        for column in matrix.columns:
            if not column.mapped:
                continue
            if column.name == "native" and column.kind != self.native:
                print("SKIP the map of native: it is of %s, this machine is %s" % (self.native, column.kind))
                continue
            if {row.get(column.name, "?") for row in self.cells.values()} == {"?"}:
                print("SKIP the map of %s: README has none yet (make coverage-table)" % column.name)
                continue
            for technique, measured in matrix.map().items():
                letter, exact = measured[column.name]
                stands = self.cells.get(technique, {}).get(column.name, "nothing")
                if stands != letter if exact else stands.lower() != letter.lower():
                    yield "%s on %s is %s, README says %s" % (technique, column.name, letter, stands)


def main():
    mode, root, readme, suites, *columns = sys.argv[1:]
    matrix = Matrix(root, suites.split(), columns)
    if mode == "write":
        Table(readme).write(matrix)
        return 0
    failures = matrix.show()
    if mode == "check":
        wrong = list(Table(readme).compare(matrix))
        failures += ["the map in README: %s" % text for text in wrong]
        if wrong:
            failures.append("the map in README is not what was measured: look why, then make coverage-table")
    for text in failures:
        print("FAIL %s" % text)
    print("%d failed" % len(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
