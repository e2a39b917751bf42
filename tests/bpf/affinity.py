#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""affinity.py - where tasks may run, as they told the kernel themselves, and what a recording says of it.

Where the kernel lets a program sit on the change (fact "affinity yes") the recording has it at that instant; elsewhere
("affinity waits") no later than when the task next begins to wait. Both are held here to what they promise.
"""
import os
import subprocess

import real
from real import check, equal


def expand(cpus):
    """A kernel list as a set of numbers."""
    out = set()
    for part in cpus.split(","):
        low, _, high = part.partition("-")
        out |= set(range(int(low), int(high or low) + 1))
    return out


class Truth:
    """What pinner said: per tid, who made it, and (from, to, set) of each change, in order."""

    def __init__(self, out, from_ns):
        self.changes, self.born = {}, {}
        for line in out.splitlines():
            word, tid, *rest = line.split()
            if word == "born":
                self.born[int(tid)] = (int(rest[0]), self.cpus(rest[1]))
                self.changes.setdefault(int(tid), [])
            elif word == "set":
                at = [int(x) - from_ns for x in rest[1:]]
                self.changes.setdefault(int(tid), []).append((at[0], at[1], self.cpus(rest[0])))
        for changes in self.changes.values():
            changes.sort()

    @staticmethod
    def cpus(text):
        return set(real.CPUS) if text == "all" else {int(text)}

    def at(self, tid, ts):
        """The set in force, or None while it is being changed."""
        now = self.born[tid][1] if tid in self.born else set(real.CPUS)
        for begin, end, cpus in self.changes[tid]:
            if ts > end:
                now = cpus
            elif ts >= begin:
                return None
        return now


def told(evs):
    """tid -> [(ts, set)]"""
    out = {}
    for e in evs:
        if e.kind == "allowed":
            out.setdefault(e.tid, []).append((e.ts, expand(e.cpus)))
    return out


def in_force(changes, ts, before):
    for at, cpus in changes:
        if at > ts:
            break
        before = cpus
    return before


def recorded(file, *options):
    r = real.record(file, real.prog("pinner"), options=options)
    facts = real.facts(file)
    return real.events(file), Truth(r.out, int(facts["window.from_ns"])), facts["affinity"]


def check_waits(evs, truth):
    """Whoever is woken, or is pushed off its CPU, is said to be allowed where it then was."""
    said, seen = told(evs), {}
    births = {e.tid: in_force(said.get(e.by_tid, []), e.ts, set(real.CPUS)) for e in evs if e.kind == "fork"}
    for e in evs:
        if e.kind == "waking":
            tid = e.tid
        elif e.kind == "switch" and e.state.startswith("R"):
            tid = e.prev_tid
        else:
            continue
        right = truth.at(tid, e.ts) if tid in truth.changes else None
        if right is None:
            continue
        equal(in_force(said.get(tid, []), e.ts, births.get(tid, set(real.CPUS))), right,
              f"where {tid} is said to be allowed when it begins to wait at {e.ts}")
        seen[tid] = seen.get(tid, 0) + 1
    check(set(seen) == set(truth.changes), "tasks with waits", sorted(seen), "of", sorted(truth.changes))


def check_instants(evs, truth):
    """Each change is told once, between the instants before and after the call."""
    said = told(evs)
    for tid, changes in truth.changes.items():
        later = [x for x in said.get(tid, []) if x[0] > next(e.ts for e in evs if e.kind == "fork" and e.tid == tid)]
        equal(len(later), len(changes), f"changes told of {tid}")
        for (ts, cpus), (begin, end, right) in zip(later, changes):
            check(begin <= ts <= end, f"{tid} is told at {ts}, not in {begin}..{end}")
            equal(cpus, right, f"the set of {tid} at {ts}")


def check_births(evs, truth):
    """A child that may not run everywhere is told at its fork."""
    said = told(evs)
    for e in evs:
        if e.kind == "fork" and e.tid in truth.born:
            first = [cpus for ts, cpus in said.get(e.tid, []) if ts == e.ts]
            right = truth.born[e.tid][1]
            check(first == [right] or (not first and right == set(real.CPUS)),
                  f"at its fork {e.tid} is told to be allowed on {first}, not {right}")


def check_recording(file, *options):
    if len(real.CPUS) < 2:
        raise real.Skip("there is one CPU only")
    evs, truth, how = recorded(file, *options)
    check(how in ("yes", "waits"), f"affinity is '{how}'")
    check_births(evs, truth)
    check_waits(evs, truth)
    if how == "yes":
        check_instants(evs, truth)


def test_changes_by_oneself_by_others_and_at_forks():
    check_recording("pinner.svz")


def test_the_same_of_the_target_alone():
    check_recording("target.svz", "--only-target")
    evs, tree = real.events("target.svz"), {int(real.facts("target.svz")["target.tid"])}
    for e in evs:
        if e.kind == "fork" and e.by_tid in tree:
            tree.add(e.tid)
    strangers = [e for e in evs if e.kind == "allowed" and e.ts > 0 and e.tid not in tree]
    check(not strangers, "changes outside the tree:", *[e.rest for e in strangers])


def test_the_model_says_the_same():
    """What the model makes of it: a child's set at its birth, and each change."""
    if len(real.CPUS) < 2:
        raise real.Skip("there is one CPU only")
    _, truth, how = recorded("model.svz")
    out = real.run(os.path.join(real.BUILD, "tests/unit/model_print"), real.path("model.svz")).out
    said, tid = {}, None
    for line in out.splitlines():
        words = line.split()
        if not line.startswith(" ") and "/" in line and " of " in line:
            tid = int(line.split(" of ")[0].rsplit("/", 1)[1])
        elif words[:1] == ["from"] and words[2] == "allowed":
            said.setdefault(tid, []).append(set(real.CPUS) if words[3] == "everywhere" else expand(words[3]))
    for tid, changes in truth.changes.items():
        right = [truth.born[tid][1] if tid in truth.born else set(real.CPUS)] + [c[2] for c in changes]
        right = [s for i, s in enumerate(right) if i == 0 or s != right[i - 1]]
        if how == "yes":
            equal(said[tid], right, f"where {tid} is allowed, one after the other")
            continue
        rest = iter(right)  # what was undone before the task began to wait is not seen
        check(said[tid][0] == right[0] and all(s in rest for s in said[tid]), f"{tid} is allowed on {said[tid]}, one "
              f"after the other, not on {right}")


def test_what_was_so_before():
    """A task that was pinned before the recording is told at its begin; one that was not is not."""
    if len(real.CPUS) < 2:
        raise real.Skip("there is one CPU only")
    last = real.CPUS[-1]
    with subprocess.Popen(["sleep", "60"]) as free, subprocess.Popen(["sleep", "60"]) as pinned:
        os.sched_setaffinity(pinned.pid, {last})
        real.record("before.svz", "sleep", "0.05")
        free.kill()
        pinned.kill()
    said = told(real.events("before.svz"))
    equal(said.get(pinned.pid), [(0, {last})], "what is told of the pinned one")
    equal(said.get(free.pid), None, "what is told of the other")


def test_the_recorder_is_free_again():
    """It pins itself while it asks the CPUs; what is said of it in the end is what is so then."""
    real.record("self.svz", "sleep", "0.05")
    recorder = int(real.facts("self.svz")["recorder.tgid"])
    said = told(real.events("self.svz")).get(recorder, [])
    equal(in_force(said, 10**18, set(real.CPUS)), set(real.CPUS), "where the recorder may run")
    check(all(ts > 0 for ts, _ in said), "it was not pinned when the window began", said)


real.main()
