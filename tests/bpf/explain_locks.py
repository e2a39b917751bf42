#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""explain_locks.py - `explain --only locks` on real events: counted once more from the exported spans, and against what
the workloads themselves know: their marks say who had the lock from when to when.
"""
import collections
import json

import real
from real import check, equal

MS = 1_000_000

Sleep = collections.namedtuple("Sleep", "tid call start end by")  # by: tid of the waker; None: an interrupt, nobody


class Recording:
    """A workload, recorded: what explain says of its locks, and what export says of sleeps and jobs."""

    def __init__(self, *words, name="locks.svz"):
        real.predicted(*words, name=name)  # again until the machine was its own
        out = json.loads(real.run(real.SCHEDVIZ, "explain", "--only", "locks", "--json", real.path(name)).out)
        self.locks, self.window = out["locks"], (out["window"]["from_ns"], out["window"]["to_ns"])
        lines = real.run(real.SCHEDVIZ, "export", "--to", "json", real.path(name), "-o", "-").out.splitlines()
        self.lines = collections.defaultdict(list)
        for line in map(json.loads, lines):
            self.lines[line["type"]].append(line)
        tid = {t["id"]: t["tid"] for t in self.lines["task"]}
        self.tasks = {t["tid"]: t for t in self.lines["task"] if t["in_target"]}
        self.jobs = [{"tid": tid[j["worker"]], "submit": j["submitted_ns"], "start": j["started_ns"],
                      "finish": j["finished_ns"]} for j in self.lines["job"] if j["started_ns"] is not None]
        self.sleeps = list(self._sleeps(tid))

    def _sleeps(self, tid):
        spans = sorted(self.lines["span"], key=lambda s: (s["task"], s["from_ns"]))
        for s, after in zip(spans, spans[1:] + [None]):
            if s["state"] == "sleeping" and s["syscall"] and tid[s["task"]] in self.tasks:
                by = after["waker"] if after and after["task"] == s["task"] else None
                call = f"futex({s['arg']:#x})" if s["syscall"] == "futex" else f"{s['syscall']}({s['arg']})"
                yield Sleep(tid[s["task"]], call, s["from_ns"], s["to_ns"], tid[by] if by is not None else None)

    def seen(self, s):
        return s.start < self.window[1] and s.end > self.window[0]

    def woken_in_window(self, s):
        return s.by is not None and self.window[0] <= s.end < self.window[1]

    def had(self, tid, since, until):
        """Jobs that this one began within."""
        return [j for j in self.jobs if j["tid"] == tid and since <= j["start"] < until]

    def the_lock(self):
        """The one where the tasks of the program's own jobs sleep."""
        at = [l for l in self.locks if l["kind"] == "futex" and l["use"] not in ("join", "gate")]
        check(at, "there is a lock among", [(l["use"], l["call"]) for l in self.locks])
        return max(at, key=lambda l: l["sleeps"])

    def check_spans(self):
        """Every futex that is one word: sleeps, times and wakers of each task as in the spans."""
        for l in self.locks:
            if l["kind"] != "futex" or l["words"] != 1:
                continue
            tids = {u["task"]["tid"] for u in l["users"] if u["sleeps"]}
            at = [s for s in self.sleeps if s.call == f"futex({l['address']})" and s.tid in tids and self.seen(s)]
            for u in l["users"]:
                tid, mine = u["task"]["tid"], [s for s in at if s.tid == u["task"]["tid"]]
                equal(u["sleeps"], len(mine), f"sleeps of {tid} at {l['address']}")
                equal(u["slept_ns"], sum(min(s.end, self.window[1]) - max(s.start, self.window[0]) for s in mine),
                      f"time that {tid} slept at {l['address']}")
                equal(u["wakes"], sum(1 for s in at if self.woken_in_window(s) and s.by == tid),
                      f"wake-ups by {tid} at {l['address']}")

    def check_vain(self, lock):
        """A visitor that was woken and slept again without a visit was woken in vain. Is that what explain counted?"""
        truth = 0
        for s, after in zip(self.sleeps, self.sleeps[1:]):
            if after.tid == s.tid and after.call == s.call and self.woken_in_window(s):
                truth += not self.had(s.tid, s.end, after.start) and s.call.startswith("futex")
        # who finds it taken only after 100 us on a CPU, interrupts included, counts as a pass; seldom
        check(truth - 3 - truth // 50 <= lock["in_vain"] <= truth, f"in vain: {lock['in_vain']}, by marks {truth}")
        return truth

    def visits(self):
        """By name: how often it had the lock."""
        names = {tid: t["name"] for tid, t in self.tasks.items()}
        return collections.Counter(names[j["tid"]] for j in self.jobs)


def user(lock, name):
    return next((u for u in lock["users"] if u["task"]["name"] == name), None)


def check_holds(r, lock):
    """Who it says had the lock longest had it for as long as its marks say; of visits that somebody waited for."""
    for u in lock["users"]:
        mine = [j for j in r.jobs if j["tid"] == u["task"]["tid"] and j["finish"]]
        check(u["held"] <= len(mine) + 1, f"{u['task']['name']} held it {u['held']} times of {len(mine)}")
        # from one giving back to the next: besides the visit itself a wake-up, and waits for a CPU
        check(u["held_ns"] <= sum(j["finish"] - j["submit"] for j in mine) + 50 * MS,
              f"{u['task']['name']} held it for {u['held_ns']} ns")
    total = sum(j["finish"] - j["start"] for j in r.jobs if j["finish"])
    # the last has nobody to give it to; and at times nobody waits
    check(0.7 * total <= lock["held_ns"] <= r.window[1] - r.window[0], f"held {lock['held_ns']} ns, by marks {total}")


def test_rooms_are_a_lock_that_is_handed_over():
    r = Recording("rooms")
    lock = r.the_lock()
    r.check_spans()
    equal(len([l for l in r.locks if l["kind"] == "futex"]), 1, "futexes")
    equal(lock["use"], "lock", "its use")
    equal((lock["sleepers"], lock["processes"], lock["wakes"], lock["in_vain"]), (3, 3, 3, 0), "sleepers ... in vain")
    # a line in which everybody stands once is no convoy
    equal((lock["chain_tasks"], lock["queue"]["most"], lock["queue"]["convoy"]), (4, 3, False), "chain, queue, convoy")
    order = [j["tid"] for j in sorted(r.jobs, key=lambda j: j["start"])]
    equal([t["tid"] for t in lock["chain"]], order, "the chain, and the order of visits")
    check_holds(r, lock)
    equal(lock["starved"], None, "who starved")


def test_who_is_woken_in_vain_is_counted_as_the_marks_say():
    if len(real.CPUS) < 2:
        raise real.Skip("needs two CPUs")
    for kind in "mutex", "sem", "ticket":
        r = Recording("rooms", "--relock", "--lock", kind)
        lock = r.the_lock()
        r.check_spans()
        equal(lock["use"], "lock", f"the use of a {kind}")
        equal(lock["passes"] + lock["in_vain"], lock["wakes"], "passes and wake-ups in vain")
        check(r.check_vain(lock) > 50, f"{kind} wakes in vain")
        check_holds(r, lock)
        visits = sum(r.visits().values())
        # who wakes several counts once more if an interrupt comes in between
        check(0.8 * visits <= lock["gives"] <= 1.03 * visits, f"given back {lock['gives']} times, visits {visits}")
        check(lock["queue"]["convoy"], "a convoy")
        if kind != "ticket" or 2 * lock["in_vain"] > lock["wakes"]:
            check(bool(lock["herd"]["times"]) == (kind == "ticket"), f"herds of {kind}: {lock['herd']}")


def test_who_starves_has_fewer_visits_and_a_queue_starves_nobody():
    if len(real.CPUS) < 2:
        raise real.Skip("needs two CPUs")
    for kind in "mutex", "ticket", "handoff":
        r = Recording("rooms", "--relock", "--lock", kind)
        lock, visits = r.the_lock(), r.visits()
        mean = {n: (sum(visits.values()) - v) / (len(visits) - 1) for n, v in visits.items()}
        if kind != "mutex":
            equal(lock["starved"], None, f"who starved at a {kind}")
        elif lock["starved"]:
            name = lock["starved"]["task"]["name"]
            check(visits[name] < 0.9 * mean[name], f"{name} starved, visits are {visits}")
            check(abs(lock["starved"]["passes"] - visits[name]) <= 0.3 * visits[name] + 10,
                  f"{name} had it {lock['starved']['passes']} times, visits are {visits}")
        else:  # the key went from one CPU to the other half way, or so
            check(all(v > 0.4 * mean[n] for n, v in visits.items()), f"nobody starved, visits are {visits}")


def test_a_queue_of_words_is_one_lock():
    r = Recording("rooms", "--quick", "--relock", "--lock", "handoff")
    lock = r.the_lock()
    equal((lock["use"], lock["sleepers"], lock["in_vain"]), ("lock", 4, 0), "use, sleepers, in vain")
    check(lock["words"] >= 4, f"words: {lock['words']}")
    check_holds(r, lock)


def test_all_stand_in_line_behind_the_truck():
    r = Recording("convoy")
    lock = r.the_lock()
    equal((lock["use"], lock["queue"]["convoy"], lock["queue"]["most"]), ("lock", True, 4), "use, convoy, most at once")
    truck = [j for j in r.jobs if r.tasks[j["tid"]]["name"] == "truck"]
    held = user(lock, "truck")["held_ns"]
    had = sum(j["finish"] - j["start"] for j in truck)
    # seen from when the first car has come, which is within its absence of 20 ms
    check(had - len(truck) * 21 * MS <= held <= had + 5 * MS, f"the truck held it {held} ns, by its marks {had}")
    names = [t["name"] for t in lock["chain"]]
    check(names.count("truck") >= 1 and lock["chain_tasks"] >= 5, f"chain: {lock['chain']}")
    r = Recording("convoy", "--long", "0")
    equal([l["use"] for l in r.locks if l["queue"]["convoy"]], [], "convoys without a truck")


def test_a_mutex_that_is_kept_for_less_than_a_switch():
    if len(real.CPUS) < 2:
        raise real.Skip("needs two CPUs")
    r = Recording("spin", "--quick")
    lock = r.the_lock()
    r.check_spans()
    # STAGE_SAID(stage, SAID_VISITS) of user/workloads; stages with a mutex are the odd ones
    visits = sum(e.arg for e in real.events("locks.svz") if e.kind == "mark" and e.what == "instant" and
                 e.job >> 16 == 0x73746167 and not e.job & 0xff and e.job >> 8 & 1)
    equal(lock["use"], "lock", "its use")
    equal(lock["passes"] + lock["in_vain"], lock["wakes"], "passes and wake-ups in vain")
    check(0 < lock["passes"] <= visits, f"passes {lock['passes']}, visits with a mutex {visits}")
    check(0 < lock["gives"] <= visits, f"given back {lock['gives']} times, visits with a mutex {visits}")


def test_a_herd_is_seen_and_with_one_woken_at_a_time_there_is_none():
    connections = 10
    r = Recording("herd", "--quick")
    herds = [l for l in r.locks if l["herd"]["times"]]
    equal([(l["kind"], l["sleepers"], l["processes"]) for l in herds], [("poll", 8, 8)], "herds")
    herd, woken = herds[0]["herd"], herds[0]["wakes"] + herds[0]["interrupts"]
    # as the workload itself allows: one that has not yet lain down again is not woken
    check(0.9 * 8 * connections <= woken <= 1.1 * 8 * connections, f"woken: {woken}")
    # what an interrupt cut in two has a winner in each part, or is somebody alone
    check(0.7 * woken <= herd["woken"] <= woken, f"woken at once: {herd['woken']} of {woken}")
    check(connections <= herd["progress"] <= connections + 4, f"progress: {herd['progress']}")
    r = Recording("herd", "--quick", "--exclusive")
    equal([l["herd"] for l in r.locks if l["herd"]["times"]], [], "herds with EPOLLEXCLUSIVE")


def test_queues_are_signals_from_one_side_to_the_other():
    r = Recording("prodcons", "--quick")
    r.check_spans()
    at = [l for l in r.locks if l["kind"] == "futex" and l["use"] != "join"]
    check(at and all(l["use"] in ("signal", "unknown") and l["sleepers"] == 1 for l in at),
          [(l["use"], l["sleepers"]) for l in at])
    r = Recording("queue", "--quick")
    reader = [l for l in r.locks if l["longest"]["task"]["name"] == "reader" and l["wakes"] > 1]
    equal([(l["use"], l["sleepers"]) for l in reader], [("signal", 1)], "where the reader waits")
    check(user(reader[0], "writer")["wakes"] >= 3, "the writer wakes it for each value:", reader[0]["users"])


def test_workers_pass_the_key_of_their_pipe_on():
    r = Recording("pool", "--quick", "--handoff", "lockpipe")
    key = [l for l in r.locks if l["kind"] == "futex" and l["use"] == "lock"]
    equal([l["queue"]["convoy"] for l in key], [False], "locks, are they convoys: it is a line of idle ones")
    check(key[0]["chain_tasks"] >= 3 and all(t["name"].startswith("worker") for t in key[0]["chain"]), key[0]["chain"])
    pipe = [l for l in r.locks if l["kind"] == "fd" and l["use"] in ("signal", "unknown")]
    check(any(user(l, "pool") and user(l, "pool")["wakes"] for l in pipe), "the master writes to a pipe:", pipe)


def test_who_held_whom_in_an_inversion():
    for words, behind in ([], "middle"), (["--pi"], None):
        r = Recording("inversion", "--quick", *words)
        r.check_spans()
        at = [l for l in r.locks if l["longest"]["task"]["name"] == "high"]
        equal(len(at), 1, "places where high slept")
        longest, job = at[0]["longest"], next(j for j in r.jobs if r.tasks[j["tid"]]["name"] == "high")
        equal(longest["woken_by"]["name"], "low", "who woke it")
        waited = job["start"] - job["submit"]
        check(waited - 2 * MS <= longest["ns"] <= waited, f"high slept {longest['ns']}, by its marks {waited}")
        equal((longest["waker_waited_behind"] or {}).get("name") if longest["waker_waited_ns"] > 5 * MS else None,
              behind, f"behind whom low waited {words}")
        if behind:
            check(longest["waker_waited_ns"] > longest["waker_ran_ns"], "it waited longer than it ran:", longest)


real.main()
