#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""coroutines.py - many things at once in one task of the kernel, which sees it wait for the next of them only.

usage: coroutines.py [two|blocking|many [SECONDS]]

  two             two coroutines sleep at the same time (the default)
  blocking        the same, but with a sleep that does not let the other run: one after the other
  many            1000 coroutines sleep at the same time
"""
import asyncio
import sys
import time

COUNT = {"two": 2, "blocking": 2, "many": 1000}


async def wait(seconds):
    await asyncio.sleep(seconds)


async def block(seconds):
    time.sleep(seconds)


async def run(how, seconds):
    coroutine = block if how == "blocking" else wait
    await asyncio.gather(*[coroutine(seconds) for _ in range(COUNT[how])])


def main():
    how = sys.argv[1] if len(sys.argv) > 1 else "two"
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 1
    start = time.monotonic()
    asyncio.run(run(how, seconds))
    print(f"{how}: {COUNT[how]} coroutines done after {time.monotonic() - start:.4f} s", flush=True)


if __name__ == "__main__":
    main()
