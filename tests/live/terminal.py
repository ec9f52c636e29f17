#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""terminal.py SOCKET: takes a container's terminal from its runtime, as an engine does, says its name, and keeps it to the end."""
import os
import socket
import sys

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
connection, _ = listener.accept()
_, (terminal,), _, _ = socket.recv_fds(connection, 4096, 1)
print("terminal" if os.isatty(terminal) else "something else", flush=True)
try:
    while os.read(terminal, 4096):
        pass
except OSError:  # the container ended
    pass
