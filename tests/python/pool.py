#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""pool.py - the pool of 4 processes and 5 tasks, in Python: what `schedviz run pool` does, done by multiprocessing.

usage: pool.py [SECONDS]        each task sleeps so long (2, or $POOL_SLEEP)
"""
import os
import sys
import time
from multiprocessing import Pool, cpu_count

WORKERS, TASKS = 4, 5


def say(text):
    """One line in one write: the lines of several processes do not mix."""
    os.write(1, (text + "\n").encode())


def task(number, seconds):
    say(f"process {os.getpid()} task {number}")
    time.sleep(seconds)
    say(f"process {os.getpid()} task {number}: 8^20 = {8 ** 20}")


def main():
    seconds = float(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("POOL_SLEEP", "2"))
    say(f"parent {os.getpid()}, {cpu_count()} CPUs")
    start = time.monotonic()
    pool = Pool(WORKERS)
    for number in range(TASKS):
        pool.apply_async(task, args=(number, seconds))
    say("waiting for all processes")
    pool.close()
    pool.join()
    say(f"all done after {time.monotonic() - start:.3f} s")


if __name__ == "__main__":
    main()
