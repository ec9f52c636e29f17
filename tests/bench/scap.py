#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scap.py FILE OUT COUNT: a recording of sysdig's with COUNT events, made of those in FILE over and over (blocks as of pcapng)."""
import struct
import sys

EVENTS = range(0x204, 0x240)  # types of blocks; what is told of the machine is in some of them, and in front
MACHINE = {0x215, 0x218, 0x219, 0x220}

source, target, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
data = open(source, "rb").read()
at, head, events = 0, [], []
while at + 12 <= len(data):
    kind, size = struct.unpack_from("<II", data, at)
    if size < 12:
        break
    (events if kind in EVENTS and kind not in MACHINE else head).append(data[at : at + size])
    at += size
with open(target, "wb") as out:
    out.write(b"".join(head))
    for _ in range(count // len(events)):
        out.write(b"".join(events))
    out.write(b"".join(events[: count % len(events)]))
