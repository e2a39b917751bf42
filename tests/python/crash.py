#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""crash.py - a process that crashes harms no other; a thread that crashes takes its whole process with it.

A crash is a fault of the hardware's kind, here a read of address 0. A Python exception is none: it ends its thread.

usage: crash.py [process|thread [SECONDS]]      the healthy ones sleep so long (1), the other crashes at half of it
"""
import ctypes
import resource
import sys
import threading
import time
from multiprocessing import get_context


def sleep(seconds):
    time.sleep(seconds)
    print("slept well", flush=True)


def crash(seconds):
    time.sleep(seconds / 2)
    ctypes.string_at(0)


def processes(seconds):
    fork = get_context("fork")
    children = [fork.Process(target=target, args=(seconds,)) for target in (sleep, crash)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print(f"parent is well, exit codes {[child.exitcode for child in children]}", flush=True)


def threads(seconds):
    for target in (sleep, sleep, crash):
        threading.Thread(target=target, args=(seconds,)).start()
    time.sleep(seconds)
    print("never printed", flush=True)


def main():
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 1
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # leave no core file
    {"process": processes, "thread": threads}[sys.argv[1] if len(sys.argv) > 1 else "process"](seconds)


if __name__ == "__main__":
    main()
