#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""explain_path.py - critical paths of real recordings against what theory says of the workload."""
import json
import os
import re
import sys

import real
from real import check, equal

MS = 1_000_000
HANDOFFS = ("pipe", "lockpipe", "socketpair", "futex")
HELPERS = {"worker handler", "task handler", "result handler"}


class Path:
    def __init__(self, name="path.svz", *options):
        self.file = real.path(name)
        argv = real.SCHEDVIZ, "explain", "--json", "--only", "path,whatif", *options, self.file
        out = json.loads(real.run(*argv).out)
        self.window, self.what = out["window"], out["whatif"]
        self.steps, self.ns = out["path"]["steps"], out["path"]["ns"]
        self.wall, self.last = out["path"]["wall_ns"], out["path"]["last"]
        self.tile()

    def tile(self):
        at = self.window["from_ns"]
        for s in self.steps:
            equal(s["from_ns"], at, "beginning of a step")
            at = s["to_ns"]
        equal(at, self.window["to_ns"], "end of the last step")
        equal(sum(self.ns.values()), self.wall, "sum of the kinds")
        equal(self.what["replayed_ns"], self.wall, "the end, played again")

    def sleeps(self, call, least_ns):
        return [s for s in self.steps if s["kind"] == "asleep" and s.get("call") == call and length(s) >= least_ns]

    def of(self, kind):
        """By task's name, how long it did that on the path."""
        total = {}
        for s in self.steps:
            if s["kind"] == kind:
                total[s["task"]["name"]] = total.get(s["task"]["name"], 0) + length(s)
        return total

    def edges(self, edge):
        """(from, to) by name, and the call that the second slept in."""
        pairs = zip(self.steps, self.steps[1:])
        return [(a["task"]["name"], b["task"]["name"], a.get("call")) for a, b in pairs if a["edge"] == edge]


def length(step):
    return step["to_ns"] - step["from_ns"]


def run_path(*words):
    """Of a run that could be judged, so that nobody else used the machine."""
    real.judged(*words, name="path.svz")
    return Path()


def short(name="path.svz"):
    """What `run` says below its picture, a sentence or two a line."""
    return real.run(real.SCHEDVIZ, "explain", "--short", "--columns", "400", real.path(name)).out.splitlines()


def test_seq_sleeps_twice_and_nothing_else_takes_time():
    p = run_path("seq", "--quick")
    naps = p.sleeps("clock_nanosleep", 150 * MS)
    equal([s["job"] for s in naps], [0, 1], "jobs asleep, one after the other")
    equal({s["task"]["name"] for s in p.steps}, {"seq"}, "tasks on the path")
    check(p.wall - sum(map(length, naps)) < 10 * MS, "the rest of", p.wall, "is", p.wall - sum(map(length, naps)))
    equal({s["woken_in"] for s in naps} <= {"hardirq", "softirq"}, True, "a timer ended both sleeps")
    check(short()[0].count("2 x clock_nanosleep: tasks 0 and 1 on seq") == 1, short())


def pool_with(handoff):
    p = run_path("pool", "--quick", "--handoff", handoff)
    naps = p.sleeps("clock_nanosleep", 150 * MS)
    equal(len(naps), 2, f"sleeps on the path by {handoff}")
    if handoff == "socketpair":  # the first that is done wakes the master, who gives the last job to anybody that is
        check(any(a.startswith("worker") and b == "pool" for a, b, _ in p.edges("wake")), p.edges("wake"))
        check(any(a == "pool" and b.startswith("worker") for a, b, _ in p.edges("wake")), p.edges("wake"))
    else:
        equal(naps[0]["task"], naps[1]["task"], f"worker of both by {handoff}")
    equal(naps[1]["job"], 4, f"the last job by {handoff}")
    check(naps[0]["task"]["name"].startswith("worker"), naps[0])
    check(p.wall - sum(map(length, naps)) < 30 * MS, handoff, "took", p.wall, "of it asleep", sum(map(length, naps)))
    more = p.what["one_more_worker"]
    check(more["max_ns"] < p.wall * 3 // 4 and more["min_ns"] > p.wall // 4, "one more worker:", more, "of", p.wall)
    why = short()
    check(len(why) >= 3 and "2 x clock_nanosleep" in why[0], handoff, why)
    less = r"Why not less: task 4 waited 2\d\dms, as all 4 workers were at work; then worker\d did it"
    check(re.match(less, why[1]), why)
    check(why[2].startswith("Why not more: 5 tasks of 1.0"), why)


def test_pool_does_two_tasks_one_after_the_other_by_every_hand_off():
    for handoff in HANDOFFS:
        pool_with(handoff)


def test_of_the_last_task_the_path_has_the_one_before():
    real.judged("pool", "--quick", name="path.svz")
    p = Path("path.svz", "--job", "4")
    naps = p.sleeps("clock_nanosleep", 150 * MS)
    equal(len(naps), 2, "sleeps before the end of task 4")
    equal(naps[1]["job"], 4, "the second")
    equal(p.last, naps[1]["task"], "whose end it is")


def test_rooms_are_visited_one_after_the_other():
    p = run_path("rooms", "--quick")
    naps = p.sleeps("clock_nanosleep", 20 * MS)
    equal(sorted(s["job"] for s in naps), [0, 1, 2, 3], "visits asleep on the path")
    equal(len({s["task"]["tid"] for s in naps}), 4, "visitors")
    handed = [e for e in p.edges("wake") if e[2] == "futex"]
    equal(len(handed), 3, f"hand-overs of the key ({p.edges('wake')})")
    check(all(a != b and a.startswith("visitor") and b.startswith("visitor") for a, b, _ in handed), handed)
    equal([(b, call) for _, b, call in p.edges("exit")][-1:], [("rooms", "wait4")], "the last edge")
    check(re.search(r"visitor\d slept .* in futex until visitor\d woke it, one of 3 such", " ".join(short())), short())


def test_prodcons_goes_at_the_pace_of_the_consumer():
    p = run_path("prodcons", "--quick")
    naps = p.sleeps("clock_nanosleep", 5 * MS)
    equal([s["task"]["name"] for s in naps], ["producer"] + ["consumer"] * (len(naps) - 1), "who sleeps on the path")
    equal([s["job"] for s in naps[1:]], list(range(len(naps) - 1)), "items, in order")
    check(("producer", "consumer", "futex") in p.edges("wake"), p.edges("wake"))


def test_inversion_waits_behind_the_middle():
    p = run_path("inversion", "--quick")
    worst = max((s for s in p.steps if s["kind"] == "waiting"), key=length)
    equal(worst["task"]["name"], "low", "who waits longest")
    equal(worst["why"], "preempted", "why")
    middle = [t["tid"] for t in real.stat("path.svz")["tasks"] if t["name"] == "middle"]
    equal([worst["behind"]], middle, "behind whom")
    check(length(worst) > p.wall // 2, "it waits", length(worst), "of", p.wall)
    check(p.what["no_waiting"]["max_ns"] < p.wall // 2, "without waiting:", p.what["no_waiting"], "of", p.wall)
    check(any("Priority inversion: high" in l for l in short()), short())


def test_one_lock_of_an_interpreter_is_one_thread_at_a_time():
    p = run_path("gil", "--mode", "ccall", "--quick")
    ran = p.of("running")
    check(ran["thread0"] > p.wall * 4 // 10 and ran["thread1"] > p.wall * 4 // 10, ran, "of", p.wall)
    handed = [e for e in p.edges("wake") if e[2] == "futex"]
    check(handed and all({a, b} <= {"thread0", "thread1"} for a, b, _ in handed), handed)
    if len(real.CPUS) > 1:
        check("of its tasks ran at once for" in " ".join(short()) or "never ran at once" in " ".join(short()), short())


def test_helper_threads_of_a_python_pool_are_on_the_path():
    script = os.path.join(real.ROOT, "tests/python/pool.py")
    real.record("path.svz", sys.executable, script, "0.4")
    p = Path()
    naps = [s for s in p.steps if s["kind"] == "asleep" and length(s) >= 350 * MS]
    equal(len(naps), 2, "long sleeps")
    equal(naps[0]["task"], naps[1]["task"], "whose")
    roles = {t["tid"]: t["role"] for t in real.stat("path.svz")["tasks"]}
    on_path = {roles.get(s["task"]["tid"]) for s in p.steps}
    equal(roles[naps[0]["task"]["tid"]], "worker", "role of who sleeps")
    check(on_path & HELPERS, "roles on the path:", on_path)


real.main()
