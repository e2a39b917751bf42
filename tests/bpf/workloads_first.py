#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""workloads_first.py - workloads on real events: each as predicted, and checks that can fail."""
import real
from real import check, equal


def test_seq_is_as_predicted():
    out = real.predicted("seq", "--quick")
    equal(out["by"]["sleeps in clock_nanosleep"]["measured"], 2, "sleeps")


def test_seq_held_against_another_line_fails():
    real.predicted("seq", "--quick", name="seq.svz")
    out = real.not_predicted("seq --quick --tasks 3", name="seq.svz")
    check(any("sleeps" in f for f in real.failures(out)), "which claims failed:", real.failures(out))


def test_nice_shares_follow_the_weights():
    real.predicted("nice", "--scale", "0.5", name="nice.svz")
    real.not_predicted("nice --nice 0,10 --scale 0.5", name="nice.svz")


def test_repeat_makes_a_file_each():
    real.run(real.SCHEDVIZ, "run", "seq", "--quick", "--repeat", "2", "--no-picture", "-o", real.path("twice.svz"))
    for n in (1, 2):
        equal(real.report(f"twice-{n}.svz")["workload"], "seq", f"recording {n}")
    check(not real.os.path.exists(real.path("twice.svz")), "no file without a number")


real.main()
