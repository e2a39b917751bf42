#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""workloads_locks.py - gil, inversion, rooms, barrier on real events: who has the lock, who waits, how long."""
import real
from real import check


def test_gil_is_as_predicted_in_every_mode():
    for words in ([], ["--mode", "bytecode"], ["--mode", "release"], ["--mode", "none"], ["-n", "4"],
                  ["--cpus", str(real.CPUS[0])], ["--cpus", str(real.CPUS[0]), "--mode", "bytecode"],
                  ["--exp", "100000"]):
        real.predicted("gil", "--quick", *words)


def test_gil_turns_by_c_call_held_against_bytecode_fail():
    real.predicted("gil", "--quick", name="ccall.svz")
    out = real.not_predicted("gil --quick --mode bytecode", name="ccall.svz")
    check(any("turns" in f for f in real.failures(out)), "turns tell them apart:", real.failures(out))
    if len(real.CPUS) > 1:
        out = real.not_predicted("gil --quick --mode release", name="ccall.svz")
        check(any("at once" in f for f in real.failures(out)), "nothing ran at once:", real.failures(out))


def test_gil_makes_an_answer_late_by_interval_or_by_call():
    call = real.predicted("gil", "--quick", "--echo", "--call", "30ms", name="call.svz")
    code = real.predicted("gil", "--quick", "--echo", "--mode", "bytecode", name="code.svz")
    free = real.predicted("gil", "--quick", "--echo", "--mode", "release")
    late = [out["by"]["median round trip of the client"]["measured"] for out in (call, code, free)]
    check(late[0] > 3 * late[1] > 9 * late[2], "median round trips:", late)
    real.not_predicted("gil --quick --echo --mode bytecode", name="call.svz")


def test_inversion_lasts_as_long_as_the_middle_task_and_inheritance_ends_that():
    ms = 10**6
    for pi, slope in ([], 1), (["--pi"], 0):
        waits = [real.predicted("inversion", "--m", m, *pi)["by"]["high waited for the lock"]["measured"]
                 for m in ("60ms", "160ms")]
        check(abs(waits[1] - waits[0] - slope * 100 * ms) < 5 * ms, f"waits with 60 and 160 ms, {pi}:", waits)


def test_inheritance_held_against_a_plain_mutex_fails():
    real.predicted("inversion", "--pi", name="pi.svz")
    out = real.not_predicted("inversion", name="pi.svz")
    check(any("middle ran" in f for f in real.failures(out)), "middle did not run:", real.failures(out))


def test_rooms_are_as_predicted_with_every_lock():
    for words in ([], ["--lock", "sem"], ["-n", "7", "-k", "3"], ["--lock", "ticket", "--threads"],
                  ["--lock", "ticket", "-n", "7", "-k", "3"], ["--lock", "handoff"],
                  ["--relock", "--lock", "ticket"], ["--relock", "--lock", "handoff"]):
        real.predicted("rooms", "--quick", *words)


def test_one_key_held_against_two_fails():
    real.predicted("rooms", "--quick", "--lock", "sem", name="one.svz")
    out = real.not_predicted("rooms --quick --keys 2", name="one.svz")
    check(any("wall clock" in f for f in real.failures(out)), "the clock:", real.failures(out))


def test_a_mutex_is_no_queue():
    if len(real.CPUS) < 2:
        raise real.Skip("needs two CPUs")
    real.predicted("rooms", "--quick", "--relock", name="mutex.svz")
    real.not_predicted("rooms --quick --relock --lock ticket", name="mutex.svz")
    real.predicted("rooms", "--quick", "--relock", "--lock", "ticket", name="ticket.svz")
    real.not_predicted("rooms --quick --relock", name="ticket.svz")


def test_at_a_barrier_all_wait_for_the_slowest():
    if len(real.CPUS) < 2:
        raise real.Skip("needs two CPUs")
    real.predicted("barrier", "--quick", name="asleep.svz")
    real.predicted("barrier", "--quick", "--spin", name="spin.svz")
    out = real.not_predicted("barrier --quick --spin", name="asleep.svz")
    check(any("for nothing" in f for f in real.failures(out)), "runner0 did not spin:", real.failures(out))
    real.not_predicted("barrier --quick", name="spin.svz")
    real.not_predicted("barrier --quick --skew 60ms", name="asleep.svz")


real.main()
