#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cri_server.py SOCKET hang|big|garbage|error

A container runtime that is no good: it takes every call and never answers, answers with 100 MB, with what is no message, or with an
error. Prints "ready" when it can be asked."""
import concurrent.futures
import sys
import time

import grpc

ANSWERS = {"hang": lambda: time.sleep(3600), "big": lambda: bytes(100 << 20), "garbage": lambda: b"\xff" * 1000}


class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(self.answer)

    def answer(self, request, context):
        if sys.argv[2] == "error":
            context.abort(grpc.StatusCode.UNAVAILABLE, "no")
        return ANSWERS[sys.argv[2]]()


server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), options=[("grpc.max_send_message_length", -1)])
server.add_generic_rpc_handlers([Handler()])
server.add_insecure_port("unix://" + sys.argv[1])
server.start()
print("ready", flush=True)
server.wait_for_termination()
