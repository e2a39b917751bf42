#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""workloads_cores.py - what cores share, on real events: it is in the time that work takes, not in the schedule."""
import real
from real import check


def two_cpus():
    if len(real.CPUS) < 2:
        raise real.Skip("needs two CPUs")


def times(out):
    return next(f["measured"] for f in out["findings"] if f["what"].startswith("times as long")) / 1000


def test_one_cache_line_costs_time_that_no_schedule_shows():
    two_cpus()
    near = real.predicted("false", "--quick", name="near.svz")
    far = real.predicted("false", "--quick", "--stride", "128", name="far.svz")
    real.predicted("false", "--quick", "--stride", "64")
    check(times(near) > 1.5 * times(far), "in one line and in two:", times(near), times(far))
    for out in near, far:
        check(out["by"]["sleeps while counting"]["measured"] == 0, "they sleep:", out["findings"])
    real.not_predicted("false --quick --stride 128", name="near.svz")
    out = real.not_predicted("false --quick", name="far.svz")
    check(real.failures(out)[0].startswith("times as long"), "the ratio:", real.failures(out))


def test_on_one_cpu_nothing_is_shared_at_once():
    out = real.judged("false", "--quick", "--cpus", str(real.CPUS[0]), name="one.svz")
    check(out["cannot"], "one CPU shows it:", out["verdict"])
    failed = real.failures(out)
    check(any(f.startswith("on a CPU in part 1") for f in failed), "one CPU is enough for two:", failed)


real.main()
