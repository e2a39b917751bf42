#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""queue_rw.py - a process writes A, B and C into a queue at random times, another reads them for ever.

The parent waits for the writer, then ends the reader, which would never end by itself.

usage: queue_rw.py [SECONDS [SEED]]   the writer sleeps up to so long after each value (1); SEED of the random numbers
"""
import random
import sys
import time
from multiprocessing import get_context

fork = get_context("fork")


def write(queue, seconds, chance):
    for value in "ABC":
        print(f"put {value}", flush=True)
        queue.put(value)
        time.sleep(seconds * (0.5 + chance.random() / 2))


def read(queue):
    while True:
        value = queue.get()
        print(f"get {value}", flush=True)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    queue = fork.Queue()
    writer = fork.Process(target=write, args=(queue, seconds, chance))
    reader = fork.Process(target=read, args=(queue,))
    writer.start()
    reader.start()
    writer.join()
    reader.terminate()
    reader.join()
    print(f"exit codes: writer {writer.exitcode}, reader {reader.exitcode}", flush=True)


if __name__ == "__main__":
    main()
