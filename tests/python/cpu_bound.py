#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""cpu_bound.py - 8^E in decimal: once, by two threads, by two processes.

One thread of Python at a time has the global interpreter lock: two threads take twice as long as one, two processes as
long as one if there are two CPUs. The decimal digits are one long call of C, which does not give the lock back; from
Python 3.12 on most of the work is done in Python, which does so every 5 ms.

usage: cpu_bound.py [alone|threads|processes [E]]      E: 180000, from Python 3.12 on 800000, which takes some 0.3 s
"""
import sys
import threading
import time
from multiprocessing import get_context

EXPONENT = 180000 if sys.version_info < (3, 12) else 800000  # the cost grows as E^2, from 3.12 on more slowly

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)  # newer Pythons refuse more than 4300 digits otherwise


def task(number, exponent):
    start = time.monotonic()
    digits = len(str(8 ** exponent))
    print(f"task {number}: 8^{exponent} has {digits} digits, after {time.monotonic() - start:.3f} s", flush=True)


def together(make, exponent):
    workers = [make(target=task, args=(number, exponent)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def main():
    how = sys.argv[1] if len(sys.argv) > 1 else "threads"
    exponent = int(sys.argv[2]) if len(sys.argv) > 2 else EXPONENT
    start = time.monotonic()
    if how == "alone":
        task(0, exponent)
    else:
        together({"threads": threading.Thread, "processes": get_context("fork").Process}[how], exponent)
    print(f"{how}: all done after {time.monotonic() - start:.3f} s", flush=True)


if __name__ == "__main__":
    main()
