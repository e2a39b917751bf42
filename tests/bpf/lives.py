#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""lives.py - births, deaths and changes of identity, as real processes have them."""
import re

import real
from real import check, equal


def forks_and_exits(file):
    evs = real.events(file)
    return evs, [e for e in evs if e.kind == "fork"], [e for e in evs if e.kind == "exit"]


def storm(n, *how):
    file = f"storm{len(how)}.svz"
    real.record(file, real.prog("forkstorm"), n, *how)
    evs, forks, exits = forks_and_exits(file)
    root = int(real.facts(file)["target.tid"])
    children = [e for e in forks if e.by_tid == root]
    equal(len(children), n, "children born")
    ended = [e for e in exits if e.tgid in {c.tid for c in children}]
    check(len(ended) >= n, f"{len(ended)} of {n} ends were recorded")
    tasks = [t for t in real.stat(file)["tasks"] if t["in_target"] and t["parent"] == root and t["born_here"]]
    equal(len(tasks), n, "children in the model")
    check(all(t["died_here"] and t["exit"] == {"code": 0, "signal": 0} for t in tasks), "each died with status 0")
    # a child whose switch-in the kernel hid (real.hidden_switches) ran, but when is not known
    check(all(t["run_ns"] > 0 or t["unknown_ns"] > 0 for t in tasks), "every child ran")


def test_fork_storm_with_none_missing():
    storm(2000)


def test_vfork_exec_storm_with_none_missing():
    storm(500, "exec")


def test_tid_reuse():
    """Lives of one tid are told apart, each with its own name and times."""
    r = real.run(real.SCHEDVIZ, "record", "-o", real.path("reuse.svz"), "--", real.prog("tidreuse"), "5", status=None)
    if r.returncode == 77:
        raise real.Skip("this kernel does not let a tid be asked for")
    equal(r.returncode, 0, "exit status")
    lives = [l.split() for l in r.out.splitlines()]
    tid = int(lives[0][0])
    equal({int(t) for t, _ in lives}, {tid}, "tids")
    tasks = sorted((t for t in real.stat("reuse.svz")["tasks"] if t["tid"] == tid), key=lambda t: t["born_ns"])
    equal([t["name"] for t in tasks], [name for _, name in lives], "names in order of birth")
    equal(len({t["id"] for t in tasks}), 5, "identities")
    for before, after in zip(tasks, tasks[1:]):
        check(before["died_ns"] <= after["born_ns"], "one life begins before the other has ended")
    check(all(t["sleep_ns"] >= 900_000 for t in tasks), "each slept its millisecond")


def test_exec_by_a_thread_that_is_not_the_leader():
    r = real.record("exec.svz", real.prog("execthread"))
    before = re.search(r"before (\d+) (\d+)", r.out)
    after = re.search(r"after (\d+) (\d+)", r.out)
    pid, thread = int(before[1]), int(before[2])
    equal((int(after[1]), int(after[2])), (pid, pid), "the thread took its leader's tid")
    ex = [e for e in real.events("exec.svz") if e.kind == "exec" and e.old == thread and e.tid == pid]
    equal(len(ex), 1, "the exec that changed it")
    stat = real.stat("exec.svz")
    heirs = [t for t in stat["tasks"] if t["tid"] == pid and t["born_here"] and t["exit"] and t["died_ns"] > ex[0].ts]
    equal(len(heirs), 1, "tasks that live on under the leader's tid")
    first = min(t["born_ns"] for t in stat["tasks"] if t["tid"] == pid)
    check(heirs[0]["born_ns"] > first, "it is the thread, born later")
    equal(stat["trace"]["health"]["impossible_steps"], 0, "impossible steps")


def test_a_leader_that_ends_before_its_threads():
    r = real.record("leader.svz", real.prog("leaderdies"))
    leader = int(re.search(r"leader (\d+)", r.out)[1])
    survivors = [int(x) for x in re.findall(r"survivor (\d+)", r.out)]
    tasks = {t["tid"]: t for t in real.stat("leader.svz")["tasks"] if t["pid"] == leader and t["born_here"]}
    check(survivors and all(s in tasks for s in survivors), "survivors", survivors, "in", sorted(tasks))
    check(all(tasks[s]["died_ns"] > tasks[leader]["died_ns"] for s in survivors), "they outlive their leader")
    check(all(tasks[s]["run_ns"] > 0 for s in survivors), "they run")


def test_a_workload_that_crashes():
    r = real.record("crash.svz", real.prog("crasher"), "30", status=128 + 11)
    pid = int(r.out.split()[0])
    tasks = [t for t in real.stat("crash.svz")["tasks"] if t["pid"] == pid]
    equal(len(tasks), 3, "threads")
    exits = [t["exit"] for t in tasks if t["died_here"]]
    equal([x["signal"] for x in exits], [11] * 3, "signals of which they died")


def test_names_full_of_escapes_do_no_harm():
    r = real.record("bad.svz", real.prog("badname"))
    pids = [int(l.split()[0]) for l in r.out.splitlines()]
    check(len(pids) >= 3, "names tried")
    for view in (["show", "--all", "--color", "never"], ["stat", "--all"], ["stat", "--json"], ["dump"], ["info"]):
        out = real.run(real.SCHEDVIZ, *view, real.path("bad.svz")).stdout
        out.decode("utf-8")  # whatever was in a name, what is printed is text
        bad = [c for c in out if c < 32 and c not in (9, 10)]
        check(not bad and b"\x7f" not in out, f"'{view[0]}' prints control characters {bad[:8]}")
    check({t["tid"] for t in real.stat("bad.svz")["tasks"]} >= set(pids), "every process is in the model")


def test_the_first_event_of_the_command_is_not_missed():
    """Its birth, its first wake-up, its exec and its last switch are all there."""
    real.record("true.svz", "true")
    root = int(real.facts("true.svz")["target.tid"])
    evs = real.events("true.svz")
    kinds = [e.kind for e in evs
             if getattr(e, "tid", None) == root or (e.kind == "wakeup_new" and f"/{root} " in e.rest)]
    for kind in ("fork", "wakeup_new", "exec", "exit"):
        check(kind in kinds, f"no {kind} of the command in {kinds}")
    last = [e for e in evs if e.kind == "switch" and e.prev_tid == root][-1]
    equal(last.state, "X", "state of its last switch")
    equal(last.call, None, "a dead task is in no system call")


real.main()
