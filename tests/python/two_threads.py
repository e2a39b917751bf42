#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""two_threads.py - two threads of one process do a task each, at the same time: who sleeps needs no GIL.

usage: two_threads.py [SECONDS]       each task sleeps so long (2)
"""
import os
import sys
import threading
import time


def task(number, seconds):
    print(f"process {os.getpid()} {threading.current_thread().name} task {number}", flush=True)
    time.sleep(seconds)
    print(f"process {os.getpid()} task {number}: 8^20 = {8 ** 20}", flush=True)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2
    start = time.monotonic()
    threads = [threading.Thread(target=task, args=(number, seconds)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"all done after {time.monotonic() - start:.4f} s", flush=True)


if __name__ == "__main__":
    main()
