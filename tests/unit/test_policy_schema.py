#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_policy_schema.py WARDER: the schema of a policy says what warder does. What one takes and refuses the other does too, but for what
policy_bad.txt marks as beyond a schema; the keys of each mapping, the bounds and the words are the same; and what is printed as
built in, and README's example, are good by both."""
import json
import os
import subprocess
import sys
import tempfile

import jsonschema
import yaml

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WARDER = sys.argv[1]
passed = failed = 0


def expect(what, good, output=""):
    global passed, failed
    passed += bool(good)
    failed += not good
    if not good:
        print("FAIL %s\n%s" % (what, output))


def read(*path):
    with open(os.path.join(TREE, *path), encoding="utf-8") as file:
        return file.read()


def says(*args):
    done = subprocess.run([WARDER, "check", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout, done.stderr


schema = json.loads(read("userspace", "policy.schema.json"))
validator = jsonschema.Draft7Validator(schema)


def schema_takes(text):
    try:
        return validator.is_valid(yaml.safe_load(text))
    except yaml.YAMLError:
        return False


def schema_takes_any(text):
    """What it cannot see: it takes the document, or it is not one document of YAML's own."""
    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.YAMLError:
        return True
    return all(validator.is_valid(document) for document in documents)


def warder_says(text):
    """0 or the exit code, and the message."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        code, _, err = says(file.name)
    return code, err


def both_take(what, text):
    code, err = warder_says(text)
    expect("%s: warder takes it" % what, code == 0, err + text)
    expect("%s: the schema takes it" % what, schema_takes(text), text)


def both_refuse(what, text):
    code, err = warder_says(text)
    expect("%s: warder refuses it" % what, code == 3, err + text)
    expect("%s: the schema refuses it" % what, not schema_takes(text), text)


def bad_cases():
    for case in read("tests", "unit", "policy_bad.txt").split("\n=== ")[1:]:
        head, text = case.split("\n", 1)
        who, what = head.split(" | ", 1)
        yield who, what, text + "\n"


def at(*keys):
    """A part of the schema, by properties; "[]" is the items of a list, "{}" a mapping's values."""
    part = schema
    for key in keys:
        part = part["items"] if key == "[]" else part["additionalProperties"] if key == "{}" else part["properties"][key]
    return part


# Where each mapping of a policy is, and a policy with KEY in its place.
MAPPINGS = [
    ((), "zzz: 1\n"),
    (("budgets",), "budgets: {zzz: 1}\n"),
    (("trust",), "trust: {zzz: 1}\n"),
    (("trust", "rules", "[]"), "trust: {rules: [{zzz: 1}]}\n"),
    (("techniques", "{}"), "techniques: {M07: {zzz: 1}}\n"),
    (("exceptions", "[]"), "exceptions: [{zzz: 1}]\n"),
    (("sensitive", "[]"), "sensitive: [{zzz: 1}]\n"),
]

GOOD = """
defaults: true
---
strict: "true"
---
budgets:
---
trust: {levels: a, default: a, rules: [{level: a, labels: {x: '*', y: 1}, images: [b, c]}]}
---
trust: {levels: [1, 2], default: 1, rules: [{level: 2, runtimes: docker}]}
---
techniques: {M07: , ENVELOPE: {severity: low, enabled: false}}
---
exceptions: [{name: a, techniques: M07, pods: x, users: 0, owners: [host, unknown], executables: /bin/x}]
---
exceptions: [{name: a, techniques: [M07, X01], registries: ghcr.io, users: ['1', 2]}]
---
sensitive: [{path: /a}, {path: /a/}, {path: /a/b/*}, {path: /...}, {path: /a/..b, access: read, technique: P16}]
"""


def main():
    jsonschema.Draft7Validator.check_schema(schema)
    code, out, _ = says("--schema")
    expect("check --schema prints the schema", code == 0 and json.loads(out) == schema)
    code, out, _ = says("--default")
    expect("check --default prints what is built in", code == 0 and out == read("userspace", "policy.yaml"))
    both_take("the built-in policy", out)
    section = read("README.md").split("\n## Policy\n")[1].split("\n## ")[0]
    both_take("README's example", "\n".join(line[4:] for line in section.split("\n") if line.startswith("    ")) + "\n")

    for who, what, text in bad_cases():
        if who == "both":
            both_refuse(what, text)
        else:
            expect("%s: it is beyond a schema" % what, who == "warder" and schema_takes_any(text), text)
    for text in GOOD.split("---\n"):
        both_take("good", text)

    for keys, text in MAPPINGS:
        _, err = warder_says(text)
        known = err.strip().split("these are: ")[-1].split(", ")
        expect("keys of %s" % "/".join(keys), known == list(at(*keys)["properties"]), err)
    for name in ("telemetry", "findings"):
        low, high = [(n["minimum"], n["maximum"]) for n in at("budgets", name)["oneOf"] if "minimum" in n][0]
        for n in (low, high):
            both_take(name, "budgets: {%s: %d}\n" % (name, n))
        for n in (low - 1, high + 1):
            both_refuse(name, "budgets: {%s: %d}\n" % (name, n))
    for word in at("techniques", "{}", "severity")["enum"]:
        both_take(word, "techniques: {M07: {severity: %s}}\n" % word)
    for word in at("sensitive", "[]", "access")["enum"]:
        both_take(word, "sensitive: [{path: /a, access: %s}]\n" % word)
    for list_, item, n in (("exceptions", "{name: a%d, techniques: M07, pods: x}", at("exceptions")["maxItems"]),
                           ("sensitive", "{path: /a%d}", at("sensitive")["maxItems"])):
        both_take("as many of %s" % list_, "%s: [%s]\n" % (list_, ", ".join(item % i for i in range(n))))
        both_refuse("more of %s" % list_, "%s: [%s]\n" % (list_, ", ".join(item % i for i in range(n + 1))))
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


sys.exit(main())
