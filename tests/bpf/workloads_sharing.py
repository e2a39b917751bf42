#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""workloads_sharing.py - steal and amdahl on real events: who does what of shared work, who is idle at the end."""
import real
from real import check


def test_fixed_shares_end_one_after_another():
    real.predicted("steal", "--sched", "static", "--quick", name="static.svz")
    real.not_predicted("steal --quick", name="static.svz")
    real.not_predicted("steal --sched central --quick", name="static.svz")


def test_one_queue_keeps_all_busy():
    real.predicted("steal", "--sched", "central", "--quick", name="central.svz")
    real.not_predicted("steal --sched static --quick", name="central.svz")
    real.not_predicted("steal --quick", name="central.svz")


def test_thieves_keep_all_busy_and_work_moves():
    out = real.predicted("steal", "--quick", "--procs", name="steal.svz")
    check(out["by"]["items done by another than their owner"]["measured"] >= 1, "work moved", out["by"])
    real.not_predicted("steal --sched static --quick", name="steal.svz")
    real.predicted("steal", "--quick", "--seed", "3")
    real.predicted("steal", "--quick", "--work", "100ms", "-w", str(len(real.CPUS)))


def test_a_serial_part_sets_the_limit():
    if len(real.CPUS) < 2:
        raise real.Skip("needs two CPUs")
    real.predicted("amdahl", "--quick", name="amdahl.svz")
    real.not_predicted("amdahl --quick --serial 50", name="amdahl.svz")
    real.not_predicted("amdahl --quick --serial 5", name="amdahl.svz")
    real.predicted("amdahl", "--quick", "--serial", "60", "-w", "4", name="crowd.svz")


real.main()
