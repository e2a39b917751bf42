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
import replay
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


def path_slices(packets):
    return [s for s in replay.Replay(packets).tracks.slices if s.track == "critical path"]


def turns(name, n, *facts):
    """A recording in which two tasks wake each other, n times."""
    who = ("ping/11", "pong/12")
    text = ["schedviz-text 1", "cpus 1", "fact arch x86_64", *facts,
            "0us cpu0 task ping/11 tgid 11 ppid 1 state R on 0 prio 120",
            "0us cpu0 task pong/12 tgid 11 ppid 1 state S on 0 prio 120 futex(0x8)", "0us cpu0 current ping/11"]
    for i in range(n):
        a, b = who[i % 2], who[1 - i % 2]
        text += [f"{10 * i + 5}us cpu0 waking {b} by {a}", f"{10 * i + 7}us cpu0 switch {a} S futex(0x8) -> {b}"]
    text.append(f"{10 * n + 5}us end")
    with open(path(name), "w", encoding="utf-8") as f:
        f.write("\n".join(text) + "\n")
    return path(name)


def test_the_path_tiles_what_it_explains():
    steps = path_slices(exports.hold(POOL))
    check(len(steps) > 5 and sum(s.dur for s in steps) == steps[-1].ts + steps[-1].dur - steps[0].ts, steps)
    check({s.args["kind"] for s in steps} == {"running", "waiting", "asleep", "nobody"}, steps)


def test_the_path_of_a_window_is_a_part_of_the_same():
    whole = {s.ts: s for s in path_slices(exports.hold(POOL))}
    steps = path_slices(exports.hold(POOL, "--from", "1.09ms", "--to", "2001.25ms"))
    check(len(steps) > 3 and all(s.ts in whole for s in steps[1:]), steps)
    check(all(s == whole[s.ts] for s in steps[1:-1]), steps)


def test_a_path_of_very_many_steps_is_left_out():
    """And it is said why; a part of it is there."""
    packets = exports.hold(turns("turns.txt", 50100, "fact target.tid 11"))
    said = [a["string_value"] for p in packets for a in p.get("trace_attributes", {}).get("attribute", ())
            if a["key"] == "schedviz.critical_path"]
    check(said == ["left out: 100201 steps, more than 100000 - export a part of it"], said)
    check(not path_slices(packets), "it is there")
    check(len(path_slices(exports.hold(path("turns.txt"), "--to", "1ms"))) == 201, "its part is not")


def test_a_path_of_a_machine_only_if_asked():
    machine = turns("machine.txt", 100)
    check(not path_slices(exports.hold(machine)), "it is there")
    check(path_slices(exports.hold(machine, "--path")), "it is not")
    check(path_slices(exports.hold(machine, "--tasks", "*")), "it is not, of tasks that were chosen")


if __name__ == "__main__":
    drawn = {f"drawn_{name}": (lambda n=name, p=p: exports.hold(p, excused=EXCUSED.get(n, ())))
             for name, p in exports.drawn().items()}
    os.makedirs(real.TMP, exist_ok=True)
    sys.exit(harness.run({**harness.of(globals()), **drawn}))
