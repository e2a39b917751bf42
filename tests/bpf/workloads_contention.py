#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""workloads_contention.py - race on real events: what is shared, and what fighting for it costs."""
import real
from real import check, equal


def test_additions_are_lost_by_two_at_once_and_not_with_a_lock():
    if len(real.CPUS) < 2:
        raise real.Skip("needs two CPUs")
    out = real.predicted("race", "--quick", "--stages", "one,two,atomic,mutex", name="race.svz")
    for lock in ("an atomic add", "a mutex"):
        equal(out["by"][f"lost with {lock}"]["measured"], 0, f"lost with {lock}")


def test_lost_additions_do_not_pass_for_locked_ones_nor_the_other_way_round():
    if len(real.CPUS) < 2:
        raise real.Skip("needs two CPUs")
    real.predicted("race", "--quick", "--stages", "two", name="two.svz")
    for stage, what in ("one", "ran at once, on one CPU"), ("atomic", "lost with an atomic add"):
        out = real.not_predicted(f"race --quick --stages {stage}", name="two.svz")
        check(any(what in f for f in real.failures(out)), f"{what}:", real.failures(out))
    real.predicted("race", "--quick", "--stages", "atomic", name="atomic.svz")
    real.not_predicted("race --quick --stages two", name="atomic.svz")


def test_on_one_cpu_only_preemptions_lose():
    cpu = str(real.CPUS[0])
    real.predicted("race", "--quick", "--stages", "one,atomic,mutex", "--cpus", cpu)
    real.run_workload("single.svz", "race", "--quick", "--cpus", cpu)
    check(real.report("single.svz")["cannot"], "two CPUs are needed for the default")


real.main()
