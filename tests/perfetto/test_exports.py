#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_exports.py - the Perfetto traces of hand-drawn recordings: every rule, every row; whole, cut, filtered, gzipped.

Prints "PASS name" or "FAIL name: why". An argument runs only the tests whose name contains it.
"""
import collections
import os
import subprocess
import sys

import decode
import exports
import harness
import real
import streams
from harness import check

# Numbers of which no trace of Perfetto's can say right whose they are: an exec by another thread than the leader makes
# two threads one, and of the second life of a number nobody saw the birth.
TWO_AT_ONCE = {"only_the_living_are_spoken_of", "a_thread_has_one_track", "the_dead_are_freed",
               "who_runs_has_a_name_and_a_process"}
EXCUSED = {
    "model_exec-by-non-leader": TWO_AT_ONCE,
    "model_exec-takes-the-number-of-a-leader-not-yet-off-its-cpu": TWO_AT_ONCE,
    "model_tid-reuse": {"only_the_living_are_spoken_of"},
    "model_never-introduced": {"only_the_living_are_spoken_of", "a_thread_has_one_track"},
}

POOL = os.path.join(exports.ROOT, "tests/golden/show/pool-4x5/trace.txt")


def path(name):
    return os.path.join(real.TMP, name)


def test_twice_is_the_same():
    first = exports.export("perfetto", POOL, path("first.pftrace"))
    second = exports.export("perfetto", POOL, path("second.pftrace"))
    check(open(first, "rb").read() == open(second, "rb").read(), "two exports differ")
    first = exports.export("perfetto", POOL, path("first.pftrace.gz"), "--gzip")
    second = exports.export("perfetto", POOL, path("second.pftrace.gz"), "--gzip")
    check(open(first, "rb").read() == open(second, "rb").read(), "two compressed exports differ")


def test_compressed_is_the_same_inside():
    plain = exports.export("perfetto", POOL, path("plain.pftrace"))
    small = exports.export("perfetto", POOL, path("small.pftrace.gz"), "--gzip")
    check(decode.load(small) == decode.load(plain), "the packets differ")


def test_a_large_one_is_small_and_the_same_inside():
    """Beyond the first megabyte columns are squeezed by a code of their own; --gzip leaves them as they are."""
    recording, events = path("generated.svz"), 200000
    generator = os.path.join(os.environ.get("BUILD") or os.path.join(exports.ROOT, "build"), "tools/gen-trace")
    subprocess.run([generator, "-e", str(events), "-c", "4", "-o", recording], check=True)
    plain = exports.export("perfetto", recording, path("large.pftrace"))
    gzipped = exports.export("perfetto", recording, path("large.pftrace.gz"), "--gzip")
    check(decode.load(gzipped) == decode.load(plain), "the packets differ")
    size = os.path.getsize(plain) / events
    check(size <= 8, f"{size:.2f} bytes an event")


def test_a_window_holds():
    packets = exports.hold(POOL, "--from", "20ms", "--to", "60ms")
    times = [e.ts for e in streams.events(packets, collections.Counter()) if e.cpu is not None]
    check(times and max(times) - min(times) <= 40_000_000, "events are outside of the window")


def test_a_filter_holds():
    exports.hold(POOL, "--tasks", "worker*")


def test_both_hold_compressed():
    exports.hold(POOL, "--from", "20ms", "--to", "60ms", "--tasks", "worker*", gzip=True)


if __name__ == "__main__":
    drawn = {f"drawn_{name}": (lambda n=name, p=p: exports.hold(p, excused=EXCUSED.get(n, ())))
             for name, p in exports.drawn().items()}
    os.makedirs(real.TMP, exist_ok=True)
    sys.exit(harness.run({**harness.of(globals()), **drawn}))
