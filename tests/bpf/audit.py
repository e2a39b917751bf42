#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""audit.py - the model against the kernel's own books: switches, by kind, and time on the CPU, of every task.

switcher's tasks read their own counters at an instant that they mark in the recording; up to that instant the recording
must say the same.
"""
import real
from books import books, counts_until_mark
from real import check, equal

# The kernel reads its clock when the scheduler begins, and charges the time from then on to the task that comes; the
# tracepoint, and with it every recorder, is a little later: after the choice of that task and the books of PSI. So each
# switch moves that moment from one task to another, in sum nothing. It is below 1 us with warm caches; after a sleep,
# and in a virtual machine, up to 15 us were seen, by perf as well.
SUM_PER_SWITCH_NS = 1_000
TASK_PER_SWITCH_NS = 15_000
TASK_ANYWAY_NS = 25_000


def stolen_ns():
    """Time the hypervisor took from the CPUs so far. The CPU clock leaves it out (PARAVIRT_TIME_ACCOUNTING)."""
    with open("/proc/stat") as f:
        ticks = int(f.readline().split()[8])
    return ticks * 10**9 // real.os.sysconf("SC_CLK_TCK")


def record(file, rounds, options):
    for _ in range(30):
        stolen = stolen_ns()
        r = real.record(file, real.prog("switcher"), rounds, options=options)
        recorded = counts_until_mark(real.events(file))
        if recorded is not None:
            return r, recorded, stolen_ns() - stolen
    raise real.Skip("this kernel hid switches in every recording")


def compare_times(recorded, kernel, stolen):
    """What does not fit, or None."""
    switches = differ = 0
    for tid, (nvcsw, nivcsw, cpu_from, cpu_to) in kernel.items():
        run = recorded[tid]["run"]
        slack = TASK_PER_SWITCH_NS * (nvcsw + nivcsw) + TASK_ANYWAY_NS
        switches += nvcsw + nivcsw + 1
        differ += run - (cpu_from + cpu_to) // 2
        if not cpu_from - slack <= run <= cpu_to + slack + stolen:
            return (f"task {tid} ran {run} ns by the recording, {cpu_from} to {cpu_to} ns by its clock, "
                    f"{nvcsw + nivcsw} switches, {stolen} ns stolen")
    if not -SUM_PER_SWITCH_NS * switches <= differ <= SUM_PER_SWITCH_NS * switches + stolen:
        return f"all tasks together ran {differ} ns more than by their clocks, in {switches} switches"
    return None


def audit(file, rounds, options=()):
    """Counts must be equal every time. A virtual machine may be paused at any instant, for longer than all bounds on
    times, and inside the scheduler the pause counts on one side only: so one recording in five must keep them."""
    for _ in range(5):
        r, recorded, stolen = record(file, rounds, options)
        kernel = books(r.out)
        check(len(kernel) >= 10, "tasks that gave their books:", r.out)
        check("lost" not in r.err, r.err)
        equal(sorted(recorded), sorted(kernel), "tasks that marked the instant")
        for tid, (nvcsw, nivcsw, *_) in kernel.items():
            t = recorded[tid]
            equal((t["vol"], t["invol"]), (nvcsw, nivcsw), f"voluntary and involuntary switches of {tid}")
        wrong = compare_times(recorded, kernel, stolen)
        if not wrong:
            return kernel, file
    raise AssertionError(wrong)


def test_switches_and_run_time_equal_the_kernels():
    audit("audit.svz", 20)


def test_and_on_one_cpu():
    cpus = real.os.sched_getaffinity(0)
    real.os.sched_setaffinity(0, {real.CPUS[0]})
    try:
        audit("one.svz", 10)
    finally:
        real.os.sched_setaffinity(0, cpus)


def test_and_with_only_the_target():
    audit("only.svz", 10, ["--only-target"])


def test_stat_says_the_same():
    """The model's counts up to the mark of each task are those of the kernel, and of its whole life not fewer."""
    kernel, file = audit("stat.svz", 5)
    evs = real.events(file)
    marks = {e.job: e.ts for e in evs if e.kind == "mark" and e.what == "instant"}
    for tid, (nvcsw, nivcsw, *_) in list(kernel.items())[:6]:
        until = f"..{marks[tid] / 1e9:.9f}"
        task = [t for t in real.stat(file, "--window", until, "--tasks", str(tid))["tasks"] if t["tid"] == tid][-1]
        equal((task["voluntary"], task["involuntary"]), (nvcsw, nivcsw), f"stat's switches of {tid}")


real.main()
