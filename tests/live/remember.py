#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""remember.py OBJECT PID FIELD VALUE

Changes what the running sensor remembers of a process: sets FIELD of its entry in the map `origins` to VALUE ("flip": to another
value than it has). The process itself is not touched. To the sensor, a process that has less than is remembered of it looks as one
whose kernel state an exploit cleared: what no test may do for real. OBJECT is the BPF object, whose types say where the field is.
"""
import json
import struct
import subprocess
import sys


def bpftool(*words):
    return json.loads(subprocess.run(["bpftool", "-j"] + list(words), check=True, stdout=subprocess.PIPE).stdout or "null")


def field_of(path, struct_name, field):
    types = {t["id"]: t for t in bpftool("btf", "dump", "file", path)["types"]}
    for t in types.values():
        if t["kind"] != "STRUCT" or t.get("name") != struct_name:
            continue
        for member in t["members"]:
            if member["name"] == field:
                kind = types[member["type_id"]]
                while kind["kind"] == "TYPEDEF":
                    kind = types[kind["type_id"]]
                return member["bits_offset"] // 8, kind["size"]
    sys.exit("no field %s in %s" % (field, struct_name))


def octets(data):
    return ["0x%02x" % byte for byte in data]


def main():
    path, pid, field, value = sys.argv[1:]
    offset, size = field_of(path, "origin", field)
    maps = [m["id"] for m in bpftool("map", "show") if m.get("name") == "origins"]
    if len(maps) != 1:
        sys.exit("%d maps are called origins" % len(maps))
    key = octets(struct.pack("=I", int(pid)))
    entry = bpftool("map", "lookup", "id", str(maps[0]), "key", *key)
    data = bytearray(int(byte, 16) for byte in entry["value"])
    now = int.from_bytes(data[offset : offset + size], sys.byteorder)
    want = now ^ 0x5A5A if value == "flip" else int(value)
    data[offset : offset + size] = want.to_bytes(size, sys.byteorder)
    bpftool("map", "update", "id", str(maps[0]), "key", *(key + ["value"] + octets(data) + ["exist"]))
    print("%s of %s: was %d, is %d" % (field, pid, now, want))


main()
