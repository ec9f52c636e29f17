#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""remember.py OBJECT PID [container.]FIELD VALUE

Changes what the running sensor remembers of a process: sets FIELD of its entry in the map `origins` to VALUE ("flip": to another
value than it has), or of its container's in `containers`. The map is frozen, so that only a BPF program can write it: one is loaded and run once. The process itself
is not touched. To the sensor, a process that has less than is remembered of it looks as one
whose kernel state an exploit cleared: what no test may do for real. OBJECT is the BPF object, whose types say where the field is.
"""
import ctypes
import json
import os
import platform
import struct
import subprocess
import sys


def bpftool(*words):
    return json.loads(subprocess.run(["bpftool", "-j"] + list(words), check=True, stdout=subprocess.PIPE).stdout or "null")


STORE = {4: 0x63, 8: 0x7B}  # *(u32 *), *(u64 *)


def field_of(path, struct_name, field):
    types = {t["id"]: t for t in bpftool("btf", "dump", "file", path)["types"]}
    for t in types.values():
        if t["kind"] != "STRUCT" or t.get("name") != struct_name:
            continue
        for member in t["members"]:
            if member["name"] == field:
                kind = types[member["type_id"]]
                while kind["kind"] in ("TYPEDEF", "ARRAY"):  # of an array its first
                    kind = types[kind["type_id"]]
                return member["bits_offset"] // 8, kind["size"]
    sys.exit("no field %s in %s" % (field, struct_name))


def octets(data):
    return ["0x%02x" % byte for byte in data]


def bpf(command, attr):
    buffer = ctypes.create_string_buffer(attr, 128)
    number = {"x86_64": 321, "aarch64": 280}[platform.machine()]
    result = ctypes.CDLL(None, use_errno=True).syscall(number, command, buffer, 128)
    if result < 0:
        sys.exit("bpf(%d): %s" % (command, os.strerror(ctypes.get_errno())))
    return result, buffer


def insn(code, registers=0, off=0, imm=0):
    return struct.pack("=BBhi", code, registers, off, imm)


def constant(register, value):
    low, high = struct.unpack("=ii", struct.pack("=Q", value))
    return insn(0x18, register, 0, low) + insn(0, 0, 0, high)


def poke(map_fd, key, offset, size, value):
    """Runs: entry = map[key]; *(entry + offset) = value"""
    program = b"".join(
        [
            constant(0x03, int.from_bytes(key, sys.byteorder)),
            insn(STORE[len(key)], 0x3A, -8),  # *(r10 - 8) = key
            insn(0x18, 0x11, 0, map_fd),  # r1 = the map
            insn(0),
            insn(0xBF, 0xA2),  # r2 = r10
            insn(0x07, 0x02, 0, -8),
            insn(0x85, 0, 0, 1),  # map_lookup_elem
            insn(0x55, 0x00, 2, 0),  # if there is one, go on
            insn(0xB7, 0x00, 0, 1),
            insn(0x95),
            constant(0x03, value),
            insn(STORE[size], 0x30, offset),
            insn(0xB7, 0x00, 0, 0),
            insn(0x95),
        ]
    )
    code, licence, packet = ctypes.create_string_buffer(program), ctypes.create_string_buffer(b"GPL"), ctypes.create_string_buffer(64)
    load = struct.pack("=IIQQIIQ", 1, len(program) // 8, ctypes.addressof(code), ctypes.addressof(licence), 0, 0, 0)
    fd, _ = bpf(5, load)  # BPF_PROG_LOAD of a socket filter
    _, answer = bpf(10, struct.pack("=IIIIQQ", fd, 0, 64, 0, ctypes.addressof(packet), 0))  # BPF_PROG_TEST_RUN
    if struct.unpack_from("=I", answer, 4)[0]:
        sys.exit("the sensor remembers nothing of %s" % key.hex())


def entry_of(name, key):
    """The map's number, and the value of the key."""
    maps = [m["id"] for m in bpftool("map", "show") if m.get("name") == name]
    if len(maps) != 1:
        sys.exit("%d maps are called %s" % (len(maps), name))
    entry = bpftool("map", "lookup", "id", str(maps[0]), "key", *octets(key))
    return maps[0], bytes(int(byte, 16) for byte in entry["value"])


def main():
    path, pid, field, value = sys.argv[1:]
    key, kind = struct.pack("=I", int(pid)), "origin"
    number, data = entry_of("origins", key)
    if field.startswith("container."):
        offset, size = field_of(path, kind, "container")
        key, kind, field = data[offset : offset + size], "container", field[len("container.") :]
        number, data = entry_of("containers", key)
    offset, size = field_of(path, kind, field)
    now = int.from_bytes(data[offset : offset + size], sys.byteorder)
    want = 0x5A5A5A if value == "flip" else int(value)
    fd, _ = bpf(14, struct.pack("=II", number, 0))  # BPF_MAP_GET_FD_BY_ID
    poke(fd, key, offset, size, want)
    print("%s of %s: was %d, is %d" % (field, pid, now, want))


main()
