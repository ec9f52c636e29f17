#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""screen.py NAME COMMAND...: runs COMMAND ("warder top ...") on a terminal, as a person would use it: it draws the container NAME, follows
keys, lives through a small window, ends by q and by ^C with 0 and leaves the terminal as it was. Says what did not hold; exit code 1."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

DEADLINE = 20
name, command = sys.argv[1].encode(), sys.argv[2:]
failed = False


def check(what, holds):
    global failed
    if not holds:
        failed = True
        print(what, flush=True)


class Screen:
    def __init__(self):
        self.master, self.slave = pty.openpty()
        self.size(120, 30)
        self.before = termios.tcgetattr(self.slave)
        self.out = b""
        self.process = subprocess.Popen(command, stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
                                        env={**os.environ, "TERM": "xterm"}, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        """Takes what is written by then."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and select.select([self.master], [], [], left)[0]:
            self.out += os.read(self.master, 65536)

    def shows(self, what):
        """Whether it is written since the last look, or soon."""
        end = time.monotonic() + DEADLINE
        while what not in self.out and time.monotonic() < end:
            self.read(0.1)
        found = what in self.out
        self.out = b""
        return found

    def key(self, key):
        self.read(0.2)
        self.out = b""
        os.write(self.master, key)

    def ends(self):
        """Its exit code; None: it goes on."""
        end = time.monotonic() + DEADLINE
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        self.read(0.2)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            return None
        return self.process.returncode

    def is_restored(self):
        return b"\x1b[?1049l" in self.out and termios.tcgetattr(self.slave) == self.before


s = Screen()
check("it draws no " + name.decode(), s.shows(name))
if failed:
    s.process.kill()
    sys.exit(1)
for order in (b"lost", b"findings", b"severity", b"core", b"name", b"activity"):
    s.key(b"s")
    check(f"key s: not sorted by {order.decode()}", s.shows(order))
s.key(b"p")
check("key p: it does not pause", s.shows(b"paused"))
for key in (b"p", b"\x1b[B", b"\x1b[A", b"\x1b[6~", b"\x1b[5~", b"x"):
    s.key(key)
for columns, rows in ((20, 5), (1, 1), (300, 100), (120, 30)):
    s.size(columns, rows)
    s.key(b"s")
    s.read(1)
    check(f"a window of {columns}x{rows} ends it", s.process.poll() is None)
s.key(b"q")
check(f"key q: exit code {s.ends()}, not 0", s.process.returncode == 0)
check("key q: the terminal is not as it was", s.is_restored())

s = Screen()
check("it draws nothing", s.shows(name))
s.key(b"\x03")
check(f"^C: exit code {s.ends()}, not 0", s.process.returncode == 0)
check("^C: the terminal is not as it was", s.is_restored())
sys.exit(failed)
