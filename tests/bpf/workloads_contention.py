#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""workloads_contention.py - race, convoy, spin on real events: what is shared, and what fighting for it costs."""
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


def test_spinning_wins_with_a_cpu_each_and_loses_on_one():
    if len(real.CPUS) < 2:
        raise real.Skip("needs two CPUs")
    out = real.predicted("spin", "--quick", name="spin.svz")["by"]
    two, four = (out[f"work done with spin / with mutex, {crowd}"]["measured"] for crowd in ("2 on 2", "4 on 1"))
    check(two > 1000 > four, "thousandths of the mutex:", two, four)
    out = real.not_predicted("spin --quick --lock mutex,spin", name="spin.svz")
    for what in ("2 on 2", "4 on 1", "sleeps of spin", "of the CPU time of mutex was work, 4 on 1"):
        check(any(what in f for f in real.failures(out)), f"{what} is wrong too:", real.failures(out))


def test_service_in_order_costs_a_switch_at_each_visit():
    words = ["spin", "--quick", "-w", "4", "--cpus", str(real.CPUS[0]), "--lock"]
    real.predicted(*words, "mutex,ticket", name="ticket.svz")
    out = real.not_predicted(" ".join(words + ["ticket,mutex"]), name="ticket.svz")
    for what in ("work done with mutex / with ticket", "sleeps for each visit of mutex"):
        check(any(what in f for f in real.failures(out)), f"{what} is wrong:", real.failures(out))


def test_all_line_up_behind_who_keeps_the_lock_for_long():
    real.predicted("convoy", "--quick", name="truck.svz")
    out = real.not_predicted("convoy --quick --long 0", name="truck.svz")
    check(any("longest wait" in f for f in real.failures(out)), "somebody waited:", real.failures(out))
    real.not_predicted("convoy --quick --long 140ms --every 300ms", name="truck.svz")
    real.predicted("convoy", "--quick", "--long", "0", name="cars.svz")
    out = real.not_predicted("convoy --quick", name="cars.svz")
    check(any("comings" in f for f in real.failures(out)), "there was no truck:", real.failures(out))


def test_a_ticket_wakes_all_who_wait_and_a_hand_over_only_the_next():
    for lock in "handoff", "mutex", "ticket":
        real.predicted("convoy", "--quick", "--lock", lock, name=f"{lock}.svz")
    for lock, other in ("handoff", "ticket"), ("ticket", "handoff"), ("ticket", "mutex"):
        out = real.not_predicted(f"convoy --quick --lock {other}", name=f"{lock}.svz")
        check(any("wake-ups" in f or "at most" in f for f in real.failures(out)), "wake-ups:", real.failures(out))


def test_a_lock_asked_for_all_the_time_makes_waiting_time_of_the_rest():
    words = ["convoy", "--quick", "--long", "0", "--hold"]
    real.predicted(*words, "10ms", name="full.svz")
    real.not_predicted(" ".join(words + ["2ms"]), name="full.svz")
    real.predicted(*words, "2ms", name="free.svz")
    real.not_predicted(" ".join(words + ["10ms"]), name="free.svz")


real.main()
