# SPDX-License-Identifier: GPL-2.0-only
"""books.py - what progs/switcher says of its tasks' switches and CPU time, and what a recording says of them."""


def counts_until_mark(evs):
    """tid -> voluntary and involuntary switches before its mark, and its time on the CPU, from the dump alone.

    None when a task left a CPU that it had not come to: the kernel hid a switch (real.hidden_switches).
    """
    marks = {e.job: e.ts for e in evs if e.kind == "mark" and e.what == "instant" and e.job == e.tid}
    born = {e.tid: e.ts for e in evs if e.kind == "fork"}
    out = {tid: {"vol": 0, "invol": 0, "run": 0, "since": None, "parity": 0} for tid in marks}
    for e in evs:
        if e.kind != "switch":
            continue
        t = out.get(e.prev_tid)
        if t and e.ts < marks[e.prev_tid] and e.ts >= born.get(e.prev_tid, 0):
            parity = 1 if e.nvcsw == "odd" else 0
            t["vol" if parity != t["parity"] else "invol"] += 1
            t["parity"] = parity
            if t["since"] is None:
                return None
            t["run"] += e.ts - t["since"]
            t["since"] = None
        t = out.get(e.next_tid)
        if t and e.ts < marks[e.next_tid] and e.ts >= born.get(e.next_tid, 0):
            t["since"] = e.ts
    for tid, t in out.items():
        if t["since"] is not None:
            t["run"] += marks[tid] - t["since"]
    return out


def books(out):
    """tid -> voluntary, involuntary, the CPU clock just before and just after the mark."""
    return {int(w[0]): tuple(map(int, w[1:])) for w in (l.split() for l in out.splitlines())}
