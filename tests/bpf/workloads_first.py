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


def test_a_workload_runs_as_the_caller_of_sudo_unless_linux_asks_for_root():
    env = {**real.os.environ, "SUDO_UID": "65534", "SUDO_GID": "65534", "SUDO_USER": "nobody"}
    real.os.chmod(real.TMP, 0o777)
    words = [real.SCHEDVIZ, "run", "nice", "--scale", "0.1", "--no-picture", "-o", real.path("sudo.svz")]
    real.run(*words, env=env)
    equal(real.os.stat(real.path("sudo.svz")).st_uid, 65534, "owner of the recording")
    r = real.run(*words, "--nice=-5,0", env=env)
    check("competed" in r.out, "a negative nice value needs root's rights, which the workload then has:", r.err)
    equal(real.os.stat(real.path("sudo.svz")).st_uid, 65534, "owner of the recording of a root workload")


real.main()
