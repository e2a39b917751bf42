#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_compare.py - tests of the comparison of a trace with the lines of its recording: one nanosecond is enough.

Prints "PASS name" or "FAIL name: why". An argument runs only the tests whose name contains it.
"""
import copy
import json
import sys

import against
import harness
import lines
import test_rules
from harness import check
from test_rules import MS

MASTER, WORKER = 0, 1


def span(task, state, begin, end, cpu, **fields):
    return {"type": "span", "task": task, "state": state, "from_ns": begin * MS, "to_ns": end * MS, "cpu": cpu,
            "why": None, "waker": None, "syscall": None, "arg": None, **fields}


def cpu(number, state, begin, end, task=None):
    return {"type": "cpu", "cpu": number, "state": state, "from_ns": begin * MS, "to_ns": end * MS, "task": task}


def wake(at, task, waker, number, context, effect):
    return {"type": "wake", "ts_ns": at * MS, "task": task, "waker": waker, "cpu": number, "context": context,
            "effect": effect}


def told():
    """What the lines say of test_rules.right(); BOOTTIME is 100 ms ahead, the recording began at 900 ms."""
    task = {"type": "task", "pid": 100, "kthread": False, "died_ns": 100 * MS, "born_here": False}
    return [
        {"type": "trace", "start_ns": 900 * MS, "length_ns": 100 * MS, "window_from_ns": 0, "window_to_ns": 100 * MS,
         "release": "6.1.0"},
        {**task, "id": MASTER, "tid": 100, "parent": None, "name": "master", "born_ns": 0},
        {**task, "id": WORKER, "tid": 101, "parent": None, "name": "worker", "born_ns": 1 * MS,
         "died_ns": 60 * MS, "born_here": True},
        {"type": "job", "job": 0, "noun": "job", "submitted_ns": 4 * MS, "started_ns": 8 * MS,
         "finished_ns": 59 * MS, "submitter": MASTER, "worker": WORKER},
        path(0, 5, MASTER, "running", "wake", "master running", cpu=0),
        path(5, 7, WORKER, "waiting", "same", "waiting for CPU 1: worker", cpu=1, by_ns=0),
        path(7, 60, WORKER, "running", "end", "job 0 running on worker", cpu=1, job=0),
        span(MASTER, "running", 0, 6, 0), span(MASTER, "sleeping", 6, 49, 0),
        span(MASTER, "runnable", 49, 50, 0, why="woken"), span(MASTER, "running", 50, 52, 0),
        span(MASTER, "sleeping", 52, 100, 0),
        span(WORKER, "runnable", 1, 2, 1, why="new", waker=MASTER), span(WORKER, "running", 2, 3, 1),
        span(WORKER, "sleeping", 3, 5, 1), span(WORKER, "runnable", 5, 7, 1, why="woken"),
        span(WORKER, "running", 7, 60, 1),
        cpu(0, "task", 0, 6, MASTER), cpu(0, "idle", 6, 50), cpu(0, "task", 50, 52, MASTER), cpu(0, "idle", 52, 100),
        cpu(1, "idle", 0, 2), cpu(1, "task", 2, 3, WORKER), cpu(1, "idle", 3, 7), cpu(1, "task", 7, 60, WORKER),
        cpu(1, "idle", 60, 100),
        wake(1, WORKER, MASTER, 0, "task", "new"), wake(5, WORKER, MASTER, 0, "task", "woke"),
        wake(49, MASTER, None, 0, "hardirq", "woke"),
        {"type": "end", "health": {"lost_spans": 0}},
    ]


def path(begin, end, task, kind, edge, says, **fields):
    return {"type": "path", "from_ns": begin * MS, "to_ns": end * MS, "task": task, "kind": kind, "edge": edge,
            "says": says, "cpu": None, "by": None, "by_ns": None, "job": None, **fields}


def differences(told_lines):
    text = "\n".join(json.dumps(one) for one in told_lines)
    return against.differences(test_rules.whole(test_rules.right()), text)


def at(told_lines, kind, **fields):
    """The one line of this kind with these members."""
    found = [one for one in told_lines if one["type"] == kind and all(one.get(k) == v for k, v in fields.items())]
    check(len(found) == 1, kind, fields, found)
    return found[0]


def add(one, **fields):
    for name, by in fields.items():
        one[name] += by


FAULTS = {
    "another_start": ("states", lambda t: add(at(t, "span", task=WORKER, from_ns=7 * MS), from_ns=1)),
    "another_end": ("states", lambda t: add(at(t, "span", task=MASTER, from_ns=50 * MS), to_ns=1)),
    "another_state": ("states", lambda t: at(t, "span", task=MASTER, from_ns=6 * MS).update(state="blocked")),
    "another_cpu": ("states", lambda t: at(t, "span", task=WORKER, from_ns=7 * MS).update(cpu=0)),
    "a_row_less": ("states", lambda t: t.append(span(MASTER, "running", 99, 100, 0))),
    "a_row_more": ("states", lambda t: t.remove(at(t, "span", task=MASTER, from_ns=52 * MS))),
    "another_waker": ("states", lambda t: at(t, "cpu", cpu=0, from_ns=0).update(task=WORKER)),
    "born_of_another": ("states", lambda t: at(t, "span", task=WORKER, from_ns=1 * MS).update(waker=WORKER)),
    "born_later": ("states", lambda t: at(t, "task", id=WORKER).update(born_here=False)
                   or t.remove(at(t, "wake", effect="new"))),
    "an_interrupt": ("states", lambda t: at(t, "wake", ts_ns=5 * MS).update(context="softirq")),
    "no_interrupt": ("states", lambda t: at(t, "wake", ts_ns=49 * MS).update(context="task")),
    "another_on_the_cpu": ("cpus", lambda t: at(t, "cpu", cpu=1, from_ns=7 * MS).update(task=MASTER)),
    "a_cpu_longer": ("cpus", lambda t: add(at(t, "cpu", cpu=1, from_ns=2 * MS), to_ns=1)),
    "nobody_on_the_cpu": ("cpus", lambda t: at(t, "cpu", cpu=0, from_ns=52 * MS).update(state="unknown")),
    "another_name": ("names", lambda t: at(t, "task", id=WORKER).update(name="w")),
    "another_process": ("names", lambda t: at(t, "task", id=WORKER).update(pid=101)),
    "another_parent": ("parents", lambda t: at(t, "task", id=MASTER).update(parent=WORKER, pid=100)
                       or at(t, "task", id=WORKER).update(pid=7)),
    "one_task_more": ("match", lambda t: t.insert(1, {
        **at(t, "task", id=WORKER), "id": 2, "born_ns": 70 * MS, "died_ns": 100 * MS})),
    "job_later": ("jobs", lambda t: add(at(t, "job"), started_ns=1)),
    "job_longer": ("jobs", lambda t: add(at(t, "job"), finished_ns=1)),
    "job_finished_behind_the_end": ("jobs", lambda t: at(t, "job").update(finished_ns=101 * MS)),
    "job_submitted_by_another": ("jobs", lambda t: at(t, "job").update(submitter=WORKER)),
    "job_that_was_queued_longer": ("counters", lambda t: add(at(t, "job"), started_ns=1)),
    "a_cpu_more": ("counters", lambda t: t.append(cpu(2, "task", 0, 100, MASTER))
                   or t.append(span(MASTER, "running", 0, 100, 2))),
    "woken_while_it_ran": ("spurious", lambda t: t.append(wake(8, WORKER, None, 0, "hardirq", "early"))),
    "another_job": ("jobs", lambda t: at(t, "job").update(job=1)),
    "path_step_later": ("path", lambda t: add(at(t, "path", edge="same"), from_ns=1)),
    "path_step_longer": ("path", lambda t: add(at(t, "path", edge="end"), to_ns=1)),
    "path_step_less": ("path", lambda t: t.append(path(60, 61, MASTER, "asleep", "end", "asleep: master"))),
    "path_step_more": ("path", lambda t: t.remove(at(t, "path", edge="end"))),
    "path_says_another_thing": ("path", lambda t: at(t, "path", edge="end").update(says="worker running")),
    "path_of_another_task": ("path", lambda t: at(t, "path", edge="end").update(task=MASTER)),
    "path_on_another_cpu": ("path", lambda t: at(t, "path", edge="wake").update(cpu=1)),
    "path_goes_on_otherwise": ("path", lambda t: at(t, "path", edge="wake").update(edge="fork")),
    "path_behind_somebody": ("path", lambda t: at(t, "path", edge="same").update(by=MASTER, by_ns=2 * MS)),
    "path_of_no_job": ("path", lambda t: at(t, "path", edge="end").update(job=None)),
    "gap_that_is_not_marked": ("lost_events", lambda t: at(t, "cpu", cpu=0, from_ns=52 * MS).update(state="unknown")),
}


def plant(name):
    def test():
        part, fault = FAULTS[name]
        told_lines = copy.deepcopy(told())
        fault(told_lines)
        found, _ = differences(told_lines)
        check(any(part in sentence for sentence in found), f"'{part}' does not see it; seen are {found}")
    return test


def test_the_same_is_the_same():
    found, counts = differences(told())
    check(not found, found)
    check(counts == {"threads": 2, "thread_state": 11, "wakers": 3, "sched": 9, "job slices": 3, "flows": 2,
                     "counted": 2, "steps": 3}, counts)


def rows(*more):
    t = lines.Lines("\n".join(json.dumps(one) for one in [
        at(told(), "trace"), at(told(), "task", id=MASTER), *more, at(told(), "end")]))
    return [(r.from_ns // MS, r.to_ns and r.to_ns // MS, min(map(str, r.states)), r.cpu) for r in t.rows(MASTER)]


def test_a_move_is_no_border():
    """Asleep from the beginning, moved while it waited, not known for a while after it ran."""
    got = rows(wake(2, MASTER, None, 0, "hardirq", "woke"),
               span(MASTER, "sleeping", 0, 2, 0), span(MASTER, "runnable", 2, 3, 0), span(MASTER, "runnable", 3, 4, 1),
               span(MASTER, "running", 4, 5, 1), span(MASTER, "unknown", 5, 6, 1), span(MASTER, "sleeping", 6, 100, 1))
    check(got == [(0, 2, "I", None), (2, 4, "R", None), (4, 5, "Running", 1), (5, 6, "None", None),
                  (6, None, "I", None)], got)


def test_a_waking_of_who_waits_is_no_border():
    """It waited, then nothing was known, then it was woken: for the importer it waited all the time."""
    got = rows(wake(2, MASTER, None, 0, "hardirq", "woke"), wake(5, MASTER, None, 0, "hardirq", "woke"),
               span(MASTER, "unknown", 0, 2, 0), span(MASTER, "runnable", 2, 3, 0), span(MASTER, "unknown", 3, 5, 0),
               span(MASTER, "runnable", 5, 6, 0), span(MASTER, "running", 6, 100, 0))
    check(got == [(2, 6, "R", None), (6, None, "Running", 0)], got)


def test_counters_are_steps():
    t = lines.Lines("\n".join(json.dumps(one) for one in told()))
    check(t.queued() == [(4 * MS, 1), (8 * MS, 0)], t.queued())
    check(t.depth(1)[:3] == [(1 * MS, 1), (3 * MS, 0), (5 * MS, 1)], t.depth(1))
    check(lines.value_at(t.depth(1), 59 * MS) == 1 and lines.value_at(t.depth(1), 0) == 0, t.depth(1))


if __name__ == "__main__":
    sys.exit(harness.run({**harness.of(globals()), **{f"told_{name}": plant(name) for name in FAULTS}}))
