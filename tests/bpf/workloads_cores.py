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


def done(out, beside):
    return out["by"][f"done beside a {beside}, of alone"]["measured"] / 1000


def siblings_known():
    lists = set()
    for cpu in real.CPUS:
        with open(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list") as f:
            lists.add(f.read())
    return len(lists) < len(real.CPUS)


def test_siblings_are_judged_where_the_kernel_knows_of_some():
    two_cpus()
    if siblings_known():
        out = real.predicted("smt", "--quick", name="smt.svz")
        check(0.4 < done(out, "sibling") < 1, "siblings:", done(out, "sibling"))
        return
    out = real.judged("smt", "--quick", name="smt.svz")
    check(out["cannot"] and out["verdict"] == "not judged", "no siblings, and yet:", out["verdict"])
    by = {f["what"]: f for f in out["findings"]}
    check(by["on a CPU beside a core"]["measured"] > 0 and by["sleeps while computing"]["measured"] == 0,
          "it runs what it can:", out["findings"])
    # nobody computed beside a sibling, so that is not what was recorded
    out = real.not_predicted("smt --quick --pair 0,1", name="smt.svz")
    check(real.failures(out)[0].startswith("done beside a sibling, of alone: 0"), "no siblings:", real.failures(out))


def test_a_pair_is_judged_by_what_it_gets_done():
    """Whether two CPUs of a virtual machine are one core may change at any time: the verdict has to follow."""
    two_cpus()
    pair = f"{real.CPUS[0]},{real.CPUS[1]}"
    out = real.judged("smt", "--quick", "--pair", pair, name="pair.svz")
    out["by"] = {f["what"]: f for f in out["findings"]}
    as_siblings = 0.45 <= done(out, "sibling") <= 0.95
    check(as_siblings == (out["verdict"] == "as predicted"), "done:", done(out, "sibling"), real.failures(out))
    check(not out["cannot"], "a pair is named, and yet:", out["doubts"])


def test_a_pair_that_is_not_there_is_an_error():
    r = real.run(real.SCHEDVIZ, "run", "smt", "--quick", "--pair", f"{real.CPUS[0]},60000", "--no-picture",
                 "-o", real.path("none.svz"), status=None, timeout=20)
    check(r.returncode == 1 and "CPU 60000" in r.err, f"exits {r.returncode}: {r.err}")


real.main()
