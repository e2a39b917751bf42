#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""perfdiff.py - the same switches as perf, recorded at the same time: none more, none less, in the same order."""
import re
import shutil
import subprocess

import real
from real import check, equal

LOAD = "perf bench sched messaging -g 2 -l 100; perf bench sched pipe -l 5000"
SAME_NS = 2_000_000  # the two programs read the clock one after the other; a virtual machine may pause in between
HEAD = r"\[(\d+)\]\s+(\d+)\.(\d+):\s+sched:sched_switch: "
LINE = re.compile(HEAD + r".*?prev_pid=(\d+) .*?prev_state=(\S+) ==> .*next_pid=(\d+)")
LINE_SHORT = re.compile(HEAD + r".*:(\d+) \[-?\d+\] (\S+) ==> .*:(\d+) \[-?\d+\]")


def perf_switches(data):
    """cpu -> [(ns, prev, next)]"""
    out = real.run("perf", "script", "-i", data, "--ns", "-F", "cpu,time,event,trace").out
    cpus = {}
    for line in out.splitlines():
        m = LINE.search(line) or LINE_SHORT.search(line)
        check(m, "a line of perf of unknown form:", line)
        cpu, s, ns, prev, _, nxt = m.groups()
        cpus.setdefault(int(cpu), []).append((int(s) * 10**9 + int(ns), int(prev), int(nxt)))
    return cpus


def our_switches(file):
    start = int(real.facts(file)["window.from_ns"])
    cpus = {}
    for e in real.events(file):
        if e.kind == "switch":
            cpus.setdefault(e.cpu, []).append((start + e.ts, e.prev_tid, e.next_tid))
    return cpus


def compare(cpu, theirs, mine):
    """Every switch of perf's within our time is the next one of ours.

    perf may lack some that we have: on some kernels it drops events of the idle task (its recursion counter is the
    task's since 6.11, and can be left raised). Then its own list has a hole there: a task leaves that had not come.
    """
    first = next((k for k, t in enumerate(theirs) if t[1:] == mine[0][1:] and abs(t[0] - mine[0][0]) < SAME_NS),
                 next(k for k, t in enumerate(theirs) if t[0] > mine[0][0]))
    i = 0
    for k, t in enumerate(theirs[first:], first):
        if i == len(mine) or t[0] > mine[-1][0]:
            break
        extra = 0
        while i < len(mine) and mine[i][1:] != t[1:]:
            check(mine[i][0] < t[0], f"CPU {cpu}: perf has {t}, we have {mine[i]} next")
            i, extra = i + 1, extra + 1
        check(i < len(mine), f"CPU {cpu}: perf has {t}, we have no more")
        check(abs(mine[i][0] - t[0]) < SAME_NS, f"CPU {cpu}: {mine[i]} here is {t} in perf")
        check(not extra or k == first or theirs[k - 1][2] != t[1],
              f"CPU {cpu}: {extra} switches before {t} that perf does not have, though its list has no hole there")
        i += 1
    check(i > 1000 or len(mine) < 1000, f"CPU {cpu}: only {i} switches of {len(mine)} could be compared")


def test_the_same_switches_as_perf_in_the_same_order():
    if not shutil.which("perf"):
        raise real.Skip("perf is not installed")
    data = real.path("perf.data")
    # perf around ours: all that we record, it records too; on the clock that ours is on
    r = subprocess.run(["perf", "record", "-q", "-a", "-k", "CLOCK_MONOTONIC", "-m", "16M", "-e", "sched:sched_switch",
                        "-o", data, "--", real.SCHEDVIZ, "record", "-o", real.path("ours.svz"), "--", "sh", "-c", LOAD],
                       capture_output=True, timeout=120, check=False)
    equal(r.returncode, 0, "perf's exit status " + r.stderr.decode(errors="replace")[-300:])
    perf, ours = perf_switches(data), our_switches("ours.svz")
    check(sum(map(len, ours.values())) > 10000, "switches recorded:", {c: len(s) for c, s in ours.items()})
    equal(real.stat("ours.svz")["trace"]["health"]["lost_events"], 0, "events lost")
    for cpu, mine in ours.items():
        compare(cpu, perf[cpu], mine)


real.main()
