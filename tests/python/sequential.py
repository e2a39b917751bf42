#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""sequential.py - one process does two tasks, one after the other.

usage: sequential.py [SECONDS]        each task sleeps so long (2)
"""
import os
import sys
import time


def task(number, seconds):
    print(f"process {os.getpid()} task {number}", flush=True)
    time.sleep(seconds)
    print(f"process {os.getpid()} task {number}: 8^20 = {8 ** 20}", flush=True)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2
    start = time.monotonic()
    for number in range(2):
        task(number, seconds)
    print(f"all done after {time.monotonic() - start:.4f} s", flush=True)


if __name__ == "__main__":
    main()
