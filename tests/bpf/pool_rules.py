# SPDX-License-Identifier: GPL-2.0-only
"""pool_rules.py - what a recording of the pool at scale 0.1 must say: its jobs, its theory, and who wakes whom.

The recording is a file in real.TMP; it may have been made elsewhere.
"""
import collections
import math

import real
from real import check, equal

SCALE = "0.1"
SLEEP_NS = 200_000_000
WORKERS, TASKS = 4, 5


def read(file):
    """What stat says, the wake-ups between its tasks, and their voluntary switches by name."""
    evs, stat = real.events(file), real.stat(file)
    tree = {t["tid"] for t in stat["tasks"] if t["in_target"]}
    name = {t: n for t, n in real.names(evs).items() if t in tree}
    edges, slept = hand_offs(evs, name)
    return stat, edges, slept


# What workers and master wait in for each other. A page fault or madvise may sleep too, for a lock inside the kernel:
# that is no hand-off.
CALLS = ("read(", "futex(", "recv", "poll", "ppoll", "wait4(", "waitid(", "clock_nanosleep(")


def hand_offs(evs, name):
    """(waker, woken) for every wake-up among these tasks out of such a wait since the first submit; sleeps by name."""
    asleep, edges, slept = {}, [], collections.Counter()
    begin = min(e.ts for e in evs if e.kind == "mark" and e.what == "submit")
    for e in evs:
        if e.kind == "switch" and e.prev_tid in name:
            waits = e.state == "S" or e.state == "0x2001"
            asleep[e.prev_tid] = waits and bool(e.call) and e.call.startswith(CALLS)
            slept[name[e.prev_tid]] += asleep[e.prev_tid]
        elif e.kind == "waking" and asleep.get(e.tid):
            asleep[e.tid] = False
            if not e.ctx and e.by_tid in name and e.ts >= begin:
                edges.append((name[e.by_tid], name[e.tid]))
    return edges, slept


def check_jobs(stat):
    jobs = {j["id"]: j for j in stat["jobs"]}
    equal(sorted(jobs), list(range(TASKS)), "the jobs")
    for j in jobs.values():
        check(0 <= j["submitted_ns"] <= j["started_ns"] <= j["finished_ns"], "times of", j)
        check(j["service_ns"] >= SLEEP_NS, "job", j["id"], "took", j["service_ns"])
    by_worker = collections.Counter(j["worker"] for j in jobs.values())
    equal(sorted(by_worker.values()), [1, 1, 1, 2], "jobs per worker")
    first_four = sorted(jobs[i]["finished_ns"] for i in range(4))
    freed = [i for i in range(4) if jobs[i]["worker"] == jobs[4]["worker"]]
    equal(len(freed), 1, "jobs that ran on the worker of job 4 before it")
    check(jobs[4]["started_ns"] >= jobs[freed[0]]["finished_ns"], "job 4 began before its worker was free")
    check(jobs[4]["started_ns"] >= first_four[0], "job 4 began before anybody was free")


def check_wall(file, slack_ns=20_000_000):
    facts = real.facts(file)
    wall, theory = int(facts["run.wall_ns"]), math.ceil(TASKS / WORKERS) * SLEEP_NS
    equal(int(facts["theory.wall_min_ns"]), theory, "theory")
    check(abs(wall - theory) <= max(0.03 * theory, slack_ns), f"wall {wall} ns against theory {theory} ns")


def between(edges, a, b):
    return sum(1 for x, y in edges if x.startswith(a) and y.startswith(b))


def check_pipe(edges, slept):
    """Everybody waits in read: the master wakes each worker once, no worker wakes another."""
    equal(collections.Counter(e for e in edges if e[0] == "pool"), collections.Counter(
        ("pool", f"worker{i}") for i in range(WORKERS)), "wake-ups by the master")
    equal(between(edges, "worker", "worker"), 0, "wake-ups among workers")
    equal(sorted(slept[f"worker{i}"] for i in range(WORKERS)), [2, 2, 2, 3], "sleeps per worker")


def check_lockpipe(edges, slept):
    """One waits in read with the lock, the rest for the lock: the baton goes master, w, w, w, w."""
    equal(between(edges, "pool", "worker"), 1, "wake-ups of workers by the master")
    chain = [e for e in edges if e[1].startswith("worker")]
    equal(len(chain), WORKERS, "length of the chain")
    for before, after in zip(chain, chain[1:]):
        equal(after[0], before[1], "who passes the baton on")
    equal(len({e[1] for e in chain}), WORKERS, "workers that had the baton")
    equal(sorted(slept[f"worker{i}"] for i in range(WORKERS)), [2, 2, 2, 3], "sleeps per worker")


def check_socketpair(edges, slept):
    """The master hands out every task and every "no more"; results wake the master.

    A worker that has just returned a result may be handed the next thing before it has fallen asleep again: that is no
    wake-up. It can happen to the one that does task 4, twice.
    """
    equal(between(edges, "worker", "worker"), 0, "wake-ups among workers")
    given = collections.Counter(e[1] for e in edges if e[0] == "pool")
    equal(sorted(given), [f"worker{i}" for i in range(WORKERS)], "workers that the master woke")
    check(sorted(given.values())[1:] >= [2] * (WORKERS - 1), "a task and the end for each worker:", given)
    check(TASKS + WORKERS - 2 <= sum(given.values()) <= TASKS + WORKERS, "wake-ups by the master:", given)
    check(between(edges, "worker", "pool") >= 1, "results wake the master:", edges)
    check(all(3 <= slept[f"worker{i}"] <= 5 for i in range(WORKERS)), "sleeps per worker:", slept)


CHECKS = {"pipe": check_pipe, "lockpipe": check_lockpipe, "socketpair": check_socketpair}
