#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""measure.py COMMAND...: runs it on one processor, its output thrown away, and prints SECONDS PEAK_KIB READ_BYTES EXIT_CODE."""
import os
import sys
import time

null = os.open(os.devnull, os.O_RDWR)
start = time.monotonic()
pid = os.fork()
if not pid:
    os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    for fd in 0, 1, 2:
        os.dup2(null, fd)
    os.execvp(sys.argv[1], sys.argv[1:])
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # it has ended, and its counters are still there
seconds = time.monotonic() - start
with open(f"/proc/{pid}/io") as f:
    read = dict(line.split() for line in f)["rchar:"]
_, status, usage = os.wait4(pid, 0)
print(f"{seconds:.3f} {usage.ru_maxrss} {read} {os.waitstatus_to_exitcode(status)}")
