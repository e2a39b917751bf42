#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""workloads_policies.py - who gets the CPU, on real events: each as predicted, and checks that can fail."""
import real
from real import check

# What competes for one CPU does so here: whatever others do on another one is then no reason to doubt.
HERE = ["--cpus", str(real.CPUS[0])]


def share(out, name):
    return out["by"][f"share of {name}"]["measured"] / 1e6


def predicted(*words, **kw):
    return real.predicted(*words, *HERE, **kw)


def not_predicted(line, name):
    return real.not_predicted(" ".join([line, *HERE]), name=name)


def test_nice_shares_are_within_two_points_of_the_weights():
    for value, weight in ((1, 820), (5, 335), (10, 110), (19, 15)):
        out = predicted("nice", "--nice", f"0,{value}", "--scale", "0.5", name=f"nice{value}.svz")
        want = 1024 / (1024 + weight)
        got = share(out, "hog0, nice 0")
        check(abs(got - want) <= 0.02, f"beside nice {value} nice 0 gets {got:.4f}, not {want:.4f}")
    not_predicted("nice --nice 0,10 --scale 0.5", "nice5.svz")
    not_predicted("nice --nice 0,5 --scale 0.5", "nice1.svz")


def test_slice_changes_turns_not_shares():
    predicted("slice", "--quick", name="slice.svz")
    not_predicted("slice --quick --slice 3ms,100ms", "slice.svz")


def test_real_time_leaves_a_twentieth():
    predicted("policy", "--quick", name="fifo.svz")
    not_predicted("policy --quick --policies other,batch", "fifo.svz")


def test_fair_policies_share_by_weight():
    predicted("policy", "--scale", "0.3", "--policies", "other,batch", name="fair.svz")
    predicted("policy", "--scale", "0.3", "--policies", "other,idle", name="idle.svz")
    not_predicted("policy --scale 0.3 --policies other,idle", "fair.svz")


def delay(out, permille=99):
    for what, finding in out["by"].items():
        if what.endswith(f"{permille}th percentile"):
            return finding["measured"]
    raise AssertionError(f"no delay among {list(out['by'])}")


def test_latency_is_bought_back_by_weight_class_and_rank():
    crowd = delay(predicted("interactive", "--quick", name="equal.svz"))
    not_predicted("interactive --quick --policy fifo:10", "equal.svz")
    first = delay(predicted("interactive", "--quick", "--policy", "fifo:10", name="rt.svz"))
    not_predicted("interactive --quick", "rt.svz")
    predicted("interactive", "--quick", "--hog-policy", "idle", name="idle-hogs.svz")
    predicted("interactive", "--quick", "--nice", "-10", name="heavy.svz")
    predicted("interactive", "--quick", "--slice", "100us", name="short.svz")
    check(crowd > 2 * first, f"99 of 100 ran within {crowd} ns beside equals, within {first} ns as real time")


def test_jobs_are_served_as_the_textbooks_say():
    for policy in ("other", "batch", "fifo:1", "rr:1"):
        predicted("jobs", "--policy", policy, name=f"jobs-{policy[:4]}.svz")
    not_predicted("jobs --policy fifo:1", "jobs-othe.svz")
    not_predicted("jobs", "jobs-fifo.svz")
    out = not_predicted("jobs --jobs 0:100,10:10,10:40", "jobs-othe.svz")
    check(any("job2" in f for f in real.failures(out)), "which claims failed:", real.failures(out))
    # turns of 100 ms: round robin is not first come first served where a job is longer than that
    predicted("jobs", "--jobs", "0:300,0:30,0:30", "--policy", "rr:1", name="long.svz")
    not_predicted("jobs --jobs 0:300,0:30,0:30 --policy fifo:1", "long.svz")
    not_predicted("jobs --jobs 0:300,0:30,0:30", "long.svz")


def every_cpu_allowed():
    with open("/sys/devices/system/cpu/online") as f:
        ranges = [r.split("-") for r in f.read().strip().split(",")]
    return len(real.CPUS) == sum(int(r[-1]) - int(r[0]) + 1 for r in ranges)


def test_a_reservation_is_kept_and_no_more_than_that():
    if not every_cpu_allowed():
        raise real.Skip("needs every CPU")
    real.predicted("deadline", "--quick", name="deadline.svz")
    real.not_predicted("deadline --quick --runtime 20ms", name="deadline.svz")
    real.not_predicted("deadline --quick --work 15ms", name="deadline.svz")
    # jobs that need more than what is reserved: late, whatever is free elsewhere
    real.predicted("deadline", "--quick", "--work", "15ms", name="late.svz")
    real.not_predicted("deadline --quick", name="late.svz")


def test_a_pinned_task_waits_beside_an_idle_cpu():
    if len(real.CPUS) < 2:
        raise real.Skip("needs two CPUs")
    real.predicted("affinity", "--quick", name="affinity.svz")
    real.not_predicted("affinity --quick --cpus 0,1", name="affinity.svz")
    real.not_predicted("affinity --quick --tasks 3", name="affinity.svz")


def test_balance_makes_shares_equal_by_migrating():
    if len(real.CPUS) < 2:
        raise real.Skip("needs two CPUs")
    two = ["--cpus", f"{real.CPUS[0]},{real.CPUS[1]}"]
    real.predicted("balance", "--quick", *two, name="balance.svz")
    # two tasks on two CPUs: nobody has to move
    real.predicted("balance", "--quick", "--tasks", "2", *two, name="still.svz")
    real.not_predicted(" ".join(["balance --quick --tasks 3", *two]), name="still.svz")


real.main()
