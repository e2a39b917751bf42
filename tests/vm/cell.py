# SPDX-License-Identifier: GPL-2.0-only
"""cell.py - what must hold of the recordings that came back from one virtual machine.

A function test_NAME(cell) judges the step NAME of guest.sh, or what several left. Nothing is asked of how long anything
took: the emulation is some ten times slower than a machine and its host has other things to do.
"""
import collections
import os
import re
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.join(HERE, "..", "bpf"), os.path.join(HERE, "..", "perfetto")]

import books  # noqa: E402
import exports  # noqa: E402
import pool_rules  # noqa: E402
import real  # noqa: E402
from real import check, equal  # noqa: E402

Step = collections.namedtuple("Step", "status from_s to_s")
LOADED_AT_LEAST = 50  # programs in all variants, on the kernel with the fewest


class Cell:
    """What guest.sh left: .steps by name, .out(name), the recordings in real.TMP; .smp as QEMU was asked."""

    def __init__(self, name, folder, shape):
        self.kernel, self.cpus = name.split(":")[0], int(name.split(":")[1])
        self.smp, self.nodes, _ = shape
        self.folder, self.steps = folder, {}
        for line in self.text("steps").splitlines():
            step, status, *times = line.split()
            self.steps[step] = Step(int(status), *map(float, times))

    def text(self, file):
        try:
            with open(os.path.join(self.folder, file), encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def out(self, step):
        """What it printed; it must have ended well."""
        check(step in self.steps, f"the guest did not get to the step '{step}'")
        status, said = self.steps[step].status, (self.text(step + ".err") + self.text(step + ".out")).split("\n")
        check(status == 0, f"'{step}' exits {status}:", *said[-6:])
        return self.text(step + ".out")


def verdicts(text):
    """{name: (word, detail)} of `schedviz doctor`."""
    rows = (re.match(r"(yes|partly|NO) +(\S.*?)  +(.*)", line) for line in text.splitlines())
    return {m[2]: (m[1], m[3]) for m in rows if m}


CONTEXTS = {"depth": "by counting interrupts", "preempt_count": "by the preempt count", "pcpu_hot": "in pcpu_hot",
            "thread_info": "in thread_info"}
PREV_STATES = {"arg": "sched_switch says", "task": "read from the task"}


def test_doctor(cell):
    """It says that a recording works, and names what this kernel lacks, as the recording does: no more and no less."""
    said, facts = verdicts(cell.out("doctor")), real.facts("pool.svz")
    equal(said["recording"][0], "yes", "a recording works")
    lacking = {n[7:] for n, v in facts.items() if n.startswith("attach.") and v != "yes"}
    named = {n for n, (word, _) in said.items() if word != "yes" and n in {k[7:] for k in facts}}
    if facts["affinity"] != "yes":
        equal(said["affinity"][0], "partly", "what doctor says of affinity")
        named.add("set_cpus_allowed_common")
    equal(named, lacking, "what doctor says is missing")
    check(CONTEXTS[facts["wake_context"]] in said["waker's context"][1], "the waker's context:", facts["wake_context"])
    check(PREV_STATES[facts["prev_state"]] in said["prev_state"][1], "the state at a switch:", facts["prev_state"])
    release = facts["kernel.release"]
    check(said["kernel"][1].startswith(release), release)


def test_load(cell):
    lines = cell.out("load").splitlines()
    bad = [line for line in lines if not line.startswith("PASS ")]
    check(not bad and len(lines) >= LOADED_AT_LEAST, f"{len(lines)} programs, of which not loaded:", *bad)


DOUBTS = ("lost_events", "lost_spans", "lost_rare", "lost_marks", "impossible_steps", "cpu_mismatches")


def whole(file, unexplained=0):
    """Nothing of it was lost, and no more than that many events do not fit what was known."""
    health = real.stat(file)["trace"]["health"]
    doubts = {k: health[k] for k in DOUBTS if health[k]}
    unfit = doubts.pop("impossible_steps", 0)
    check(not doubts and unfit <= unexplained, f"'{file}': {doubts}, {unfit} events do not fit")


def waited_for_work(evs):
    """The workers, by tid, that were asleep in read when there was nothing to do yet."""
    waited, begun = set(), set()
    for e in evs:
        if e.kind == "mark" and e.what == "start":
            begun.add(e.tid)
        elif e.kind == "switch" and e.state in ("S", "0x2001") and (e.call or "").startswith("read("):
            waited |= {e.prev_tid} - begun
    return waited


def check_hand_offs(stat, edges, slept):
    """Who waits for work is woken once, the first by the master; a worker sleeps for that and for each of its tasks.

    On a machine that is fast for what is done the master wakes them all. Here it may write the next task before the
    first is read: then the reader finds more in the pipe, and pipe_read() wakes the next one. And a worker may still
    be on its way to its first wait when the first task comes: that one nobody has to wake.
    """
    waited = waited_for_work(real.events("pool.svz"))
    names = {t["tid"]: t["name"] for t in stat["tasks"] if t["name"].startswith("worker")}
    jobs = collections.Counter(names[j["worker"]] for j in stat["jobs"])
    given = [(waker, woken) for waker, woken in edges if woken in names.values()]
    woken = collections.Counter(woken for _, woken in given)
    equal(dict(woken), {n: 1 for tid, n in names.items() if tid in waited}, "wake-ups of those that waited for work")
    check(given and given[0][0] == "pool", "the first is woken by the master:", given)
    awake = {n for tid, n in names.items() if tid not in waited} | {"pool"}
    for waker, one in given:
        check(waker in awake, f"{one} was woken by {waker}, which nobody had woken:", given)
        awake.add(one)
    sleeps = {n: jobs[n] + woken[n] for n in names.values()}
    equal({n: slept[n] for n in names.values()}, sleeps, "sleeps of each worker")


# What that, and slowness, shift.
LATE = ("wall clock", "from the first task's end", "wake-ups of workers by the master", "wake-ups among workers")


def test_pool(cell):
    """Jobs, hand-offs and counts are exact; the wall clock is nearer to two rounds of sleeps than to another number."""
    cell.out("pool")
    whole("pool.svz")
    stat, edges, slept = pool_rules.read("pool.svz")
    pool_rules.check_jobs(stat)
    check_hand_offs(stat, edges, slept)
    pool_rules.check_wall("pool.svz", pool_rules.SLEEP_NS // 2)
    wrong = [f for f in real.failures(real.report("pool.svz")) if not f.startswith(LATE)]
    check(not wrong, *wrong)


def audited(cell, step, enough):
    """The switches of each task are those that the kernel counted."""
    kernel = books.books(cell.out(step))
    whole(step + ".svz")
    check(len(kernel) >= enough, "tasks that gave their books:", len(kernel))
    recorded = books.counts_until_mark(real.events(step + ".svz"))
    check(recorded is not None, "a task left a CPU that it had not come to")
    got = {tid: (t["vol"], t["invol"]) for tid, t in recorded.items()}
    equal(got, {tid: (nvcsw, nivcsw) for tid, (nvcsw, nivcsw, *_) in kernel.items()}, "switches of the tasks, by kind")


def test_audit(cell):
    audited(cell, "audit", 14)


def test_only(cell):
    audited(cell, "only", 14)


def is_timer_thread(name):
    """With PREEMPT_RT timers expire in threads of the kernel."""
    return re.match(r"(ktimers|ksoftirqd|irq_work|timersd)/\d+$", name)


def test_timers(cell):
    """Who slept for a time is woken by an interrupt, whoever it interrupted, and by no other task."""
    cell.out("timers")
    whole("timers.svz")
    asleep, wakers = {}, collections.Counter()
    for e in real.events("timers.svz"):
        if e.kind == "switch":
            asleep[e.prev_tid] = (e.call or "").startswith(("clock_nanosleep(", "nanosleep("))
        elif e.kind == "waking" and asleep.pop(e.tid, False):
            wakers["interrupt" if e.ctx else "timer thread" if is_timer_thread(e.by) else e.by] += 1
            wakers["on a busy CPU"] += e.by_tid != 0
    busy = wakers.pop("on a busy CPU", 0)
    equal(set(wakers) - {"interrupt", "timer thread"}, set(), f"tasks blamed for timers ({dict(wakers)})")
    check(busy >= 10, "timers that interrupted a task:", busy, dict(wakers))


def asked(smp):
    """sockets, cores, threads of "8,sockets=1,cores=4,threads=2"."""
    given = dict(w.split("=") for w in smp.split(",")[1:])
    return [int(given.get(k, 1)) for k in ("sockets", "cores", "threads")]


def test_topology(cell):
    """CPUs, cores, packages and nodes in the recording are those the machine was given."""
    facts = real.facts("pool.svz")
    equal(facts["cpu.online"], f"0-{cell.cpus - 1}", "CPUs online")
    if "," not in cell.smp:
        raise real.Skip("this machine was given CPUs only")
    sockets, cores, threads = asked(cell.smp)
    of = {k: [facts[f"cpu.{i}.{k}"] for i in range(cell.cpus)] for k in ("package", "core", "node", "siblings", "llc")}
    equal(len(set(of["package"])), sockets, "packages")
    equal(len(set(zip(of["package"], of["core"]))), sockets * cores, "cores")
    equal(len(set(of["siblings"])), sockets * cores, "sets of siblings")
    check(all(cpu_count(s) == threads for s in of["siblings"]), "threads of a core:", of["siblings"])
    equal(len(set(of["node"])), cell.nodes or 1, "NUMA nodes")
    equal(len(set(of["llc"])), sockets, "last-level caches")


def cpu_count(text):
    ranges = (part.partition("-") for part in text.split(","))
    return sum(int(high or low) - int(low) + 1 for low, _, high in ranges)


def spans_of(file, cpu):
    out = exports.export("json", real.path(file), real.path(file + ".jsonl"))
    with open(out, encoding="utf-8") as f:
        lines = [real.json.loads(line) for line in f]
    return [s for s in lines if s["type"] == "cpu" and s["cpu"] == cpu]


def test_hotplug(cell):
    """CPU 1 is away once, for about as long as it was; before and after it has tasks, and all else fits.

    But for one: no tracepoint tells what a CPU does after it has left the mask of those that are online, and then it
    still wakes the task that waits for it to be gone.
    """
    cell.out("hotplug")
    spans = spans_of("hotplug.svz", 1)
    away = [s for s in spans if s["state"] == "offline"]
    equal(len(away), 1, f"times that CPU 1 was offline ({[s['state'] for s in spans][:20]})")
    check(away[0]["to_ns"] - away[0]["from_ns"] >= 300_000_000, "it was offline for", away)
    busy = [s for s in spans if s["state"] == "task"]
    check(busy[0]["from_ns"] < away[0]["from_ns"] and busy[-1]["to_ns"] > away[0]["to_ns"], "it ran before and after")
    whole("hotplug.svz", unexplained=1)


def test_arrival(cell):
    """CPU 1 is away until it comes; then it has tasks."""
    cell.out("arrival")
    spans = spans_of("arrival.svz", 1)
    equal(spans[0]["state"], "offline", "CPU 1 at the beginning")
    equal(sum(s["state"] == "offline" for s in spans), 1, "times that CPU 1 was offline")
    check(any(s["state"] == "task" for s in spans), "tasks of CPU 1:", spans)
    whole("arrival.svz")


def test_export(cell):
    """The Perfetto trace keeps every rule and says what the lines say; also with a CPU that went and came."""
    cell.out("pool")
    for file in ("pool.svz", "audit.svz", "hotplug.svz"):
        packets = exports.hold(real.path(file))
        check(any("ftrace_events" in p for p in packets), file, "has events")



def tests():
    return [(n[5:], f) for n, f in globals().items() if n.startswith("test_")]


def seconds(cell, name):
    step = cell.steps.get(name)
    return round(step.to_s - step.from_s, 2) if step else None


def judge(name, folder, shape, booted):
    """{test: (PASS, FAIL or SKIP; why; seconds in the guest)}"""
    real.TMP = folder
    cell, out = Cell(name, folder, shape), {}
    if not cell.steps:
        print(booted.stdout[-2000:], booted.stderr[-1000:])
    for test, fn in tests():
        try:
            fn(cell)
            out[test] = ("PASS", "", seconds(cell, test))
        except real.Skip as e:
            out[test] = ("SKIP", str(e), None)
        except Exception as e:
            at = [f for f in traceback.extract_tb(e.__traceback__) if f.filename == os.path.abspath(__file__)][-1]
            out[test] = ("FAIL", f"line {at.lineno}: {type(e).__name__}: {' '.join(str(e).split())[:800]}", None)
    return out
