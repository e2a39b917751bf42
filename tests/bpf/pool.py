#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""pool.py - the seed experiment on real events: jobs, theory, and who wakes whom by each hand-off."""
import real
from real import check, equal
from pool_rules import CHECKS, SCALE, TASKS, check_jobs, check_wall, read


def pool(handoff, kind):
    """Record one; its jobs by number and, by name, the wake-ups between its tasks and their voluntary switches."""
    file = f"{handoff}-{kind}.svz"
    real.run_workload(file, "pool", "--scale", SCALE, "--handoff", handoff, f"--{kind}")
    return read(file)


def variant(handoff, kind):
    def test():
        stat, edges, slept = pool(handoff, kind)
        check_jobs(stat)
        check_wall(f"{handoff}-{kind}.svz")
        CHECKS[handoff](edges, slept)
    return test


for _handoff in CHECKS:
    for _kind in ("procs", "threads"):
        globals()[f"test_pool_{_handoff}_{_kind}"] = variant(_handoff, _kind)


def test_pool_prints_what_the_seed_prints():
    out = real.run(real.SCHEDVIZ, "run", "pool", "--scale", "0.05", "-o", real.path("seed.svz"), "--ascii").out
    equal(out.count("1152921504606846976"), TASKS, "how often 8^20 is printed")
    check("task 4 had to wait" in out, "the picture does not say that task 4 had to wait:", out)


def test_every_worker_has_a_name():
    real.run_workload("names.svz", "pool", "--scale", "0.05", "--workers", "3", "--tasks", "7")
    names = {t["name"] for t in real.stat("names.svz")["tasks"] if t["in_target"]}
    equal(names, {"pool", "worker0", "worker1", "worker2"}, "names in the target's tree")


def test_real_python_pool():
    """Pool(4) x 5 of CPython itself, five tasks on four workers."""
    script = real.os.path.join(real.ROOT, "tests/python/pool.py")
    real.record("python.svz", "python3", script, "0.2")
    stat = real.stat("python.svz")
    sleepers = [t for t in stat["tasks"] if t["in_target"] and t["born_here"] and any(
        s["syscall"] == "clock_nanosleep" and s["ns"] >= 190_000_000 for s in t["slept_in"])]
    equal(sum(1 for t in sleepers), 4, "workers that slept")
    slept = sum(s["count"] for t in sleepers for s in t["slept_in"] if s["syscall"] == "clock_nanosleep")
    equal(slept, TASKS, "sleeps of 0.2 s")


real.main()
