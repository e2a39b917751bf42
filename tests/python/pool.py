#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""pool.py - the pool of 4 processes and 5 tasks, in Python: what `schedviz run pool` does, done by multiprocessing.

usage: pool.py [SECONDS [HOW]]        each task sleeps so long (2, or $POOL_SLEEP)

HOW the tasks are handed in:
  apply_async     one by one, then wait for all (the default)
  map             at once, and wait for the results there
  map_async       at once, the results are fetched later
  terminate       as apply_async, but the pool is ended in the middle of the first tasks
"""
import os
import sys
import time
from multiprocessing import cpu_count, get_context

WORKERS, TASKS = 4, 5
fork = get_context("fork")


def say(text):
    """One line in one write: the lines of several processes do not mix."""
    os.write(1, (text + "\n").encode())


def task(number, seconds):
    say(f"process {os.getpid()} task {number}")
    time.sleep(seconds)
    say(f"process {os.getpid()} task {number}: 8^20 = {8 ** 20}")
    return number


def apply_async(pool, tasks):
    for args in tasks:
        pool.apply_async(task, args)
    say("waiting for all processes")


def by_map(pool, tasks):
    say(f"results of map: {pool.starmap(task, tasks, chunksize=1)}")


def map_async(pool, tasks):
    start = time.monotonic()
    result = pool.starmap_async(task, tasks, chunksize=1)
    say(f"map_async came back after {time.monotonic() - start:.4f} s")
    say(f"results of map_async: {result.get()}")


def terminate(pool, tasks):
    apply_async(pool, tasks)
    time.sleep(tasks[0][1] / 2)
    pool.terminate()


WAYS = {"apply_async": apply_async, "map": by_map, "map_async": map_async, "terminate": terminate}


def main():
    seconds = float(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("POOL_SLEEP", "2"))
    hand_in = WAYS[sys.argv[2] if len(sys.argv) > 2 else "apply_async"]
    say(f"parent {os.getpid()}, {cpu_count()} CPUs")
    pool = fork.Pool(WORKERS)
    time.sleep(0.1)  # all workers have come to wait for work, so that the first hand-over is seen whole
    start = time.monotonic()
    hand_in(pool, [(number, seconds) for number in range(TASKS)])
    pool.close()
    pool.join()
    say(f"all done after {time.monotonic() - start:.3f} s")


if __name__ == "__main__":
    main()
