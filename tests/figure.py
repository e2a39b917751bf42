#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""figure.py - a recording that is as hard to draw as can be: every column of every lane is unlike the one before it.

usage: figure.py TASKS COLUMNS JOBS >TRACE.txt

Each task has a CPU of its own; within every millisecond it runs, is blocked, waits, runs, is stopped and waits, each
for a time that varies. JOBS jobs, all at once, are on every task.
"""
import random
import sys


def main():
    tasks, columns, jobs = map(int, sys.argv[1:])
    rng = random.Random(1)
    out = ["schedviz-text 1", f"cpus {tasks}"]
    events = []
    for k in range(tasks):
        who = f"hard{k}/{100 + k}"
        out.append(f"0ns cpu{k} task {who} state R on {k}")
        out.append(f"0ns cpu{k} current {who}")
        for j in range(jobs):
            events.append((1000 + j * 999 * columns // max(jobs, 1), f"cpu{k} mark {who} start {k * jobs + j} arg 0"))
        for c in range(columns):
            at = c * 1000000
            ends = sorted(rng.sample(range(at + 1000, at + 999000, 1000), 6))
            what = [f"switch {who} D -> idle", f"waking {who} by idle in hardirq", f"switch idle -> {who}",
                    f"switch {who} T -> idle", f"waking {who} by idle in hardirq", f"switch idle -> {who}"]
            events += [(ns, f"cpu{k} {w}") for ns, w in zip(ends, what)]
    events.sort()
    print("\n".join(out))
    print("\n".join(f"{ns}ns {what}" for ns, what in events))
    print(f"{columns}ms end")


if __name__ == "__main__":
    main()
