#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""two_processes.py - two processes do a task each, at the same time; their parent waits for both.

usage: two_processes.py [SECONDS]     each task sleeps so long (2)
"""
import os
import sys
import time
from multiprocessing import get_context

fork = get_context("fork")  # Linux's own way to make a process, and the default before Python 3.14


def task(number, seconds):
    print(f"process {os.getpid()} task {number}", flush=True)
    time.sleep(seconds)
    print(f"process {os.getpid()} task {number}: 8^20 = {8 ** 20}", flush=True)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2
    start = time.monotonic()
    processes = [fork.Process(target=task, args=(number, seconds)) for number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    print(f"parent {os.getpid()}: all done after {time.monotonic() - start:.4f} s", flush=True)


if __name__ == "__main__":
    main()
