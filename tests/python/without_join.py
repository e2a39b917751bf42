#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""without_join.py - the parent does not wait for its two processes: its stopwatch stops at once.

The parent itself does not: multiprocessing joins all children when the interpreter ends.

usage: without_join.py [SECONDS]      each task sleeps so long (2)
"""
import os
import sys
import time
from multiprocessing import get_context

fork = get_context("fork")


def task(number, seconds):
    print(f"process {os.getpid()} task {number}", flush=True)
    time.sleep(seconds)
    print(f"process {os.getpid()} task {number}: 8^20 = {8 ** 20}", flush=True)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2
    start = time.monotonic()
    for number in range(2):
        fork.Process(target=task, args=(number, seconds)).start()
    print(f"parent {os.getpid()}: not waiting after {time.monotonic() - start:.4f} s", flush=True)


if __name__ == "__main__":
    main()
