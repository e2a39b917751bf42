#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""producer_consumer.py - a thread makes 4 items, another uses them; between them a queue.

Whoever is slower is never waited for by itself: a slow producer keeps the consumer waiting, a slow consumer only finds
its items there.

usage: producer_consumer.py [PRODUCE [CONSUME]]        seconds to make (0.5) and to use (0.2) an item
"""
import queue
import sys
import threading
import time

ITEMS = 4


def produce(items, seconds):
    for number in range(ITEMS):
        time.sleep(seconds)
        print(f"produced {number}", flush=True)
        items.put(number)


def consume(items, seconds):
    for _ in range(ITEMS):
        number = items.get()
        time.sleep(seconds)
        print(f"consumed {number}", flush=True)


def main():
    make = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5
    use = float(sys.argv[2]) if len(sys.argv) > 2 else 0.2
    items = queue.Queue()
    start = time.monotonic()
    threads = [threading.Thread(target=produce, args=(items, make)),
               threading.Thread(target=consume, args=(items, use))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"all done after {time.monotonic() - start:.3f} s", flush=True)


if __name__ == "__main__":
    main()
