#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""workloads_pools.py - pool, chunk and queue on real events: hand-offs, calls, ends by force."""
import real
from real import check, equal


def test_pool_is_as_predicted_by_every_hand_off():
    for handoff in ("pipe", "lockpipe", "socketpair", "futex"):
        real.predicted("pool", "--quick", "--handoff", handoff, name=f"{handoff}.svz")
    real.not_predicted("pool --quick --handoff lockpipe", name="pipe.svz")
    real.not_predicted("pool --quick --handoff pipe", name="lockpipe.svz")


def test_pool_is_as_predicted_by_every_call():
    for words in (["--api", "apply", "--sleep", "500ms"], ["--api", "map"], ["--api", "map_async", "--chunk", "2"],
                  ["--max-tasks", "1"], ["--ondemand"], ["--terminate-after", "1s"], ["--seed", "4", "--threads"],
                  ["-C", "--sleep", "500ms"], ["-C", "--cpus", str(real.CPUS[0]), "--sleep", "500ms"]):
        real.predicted("pool", "--quick", *words)


def test_max_tasks_makes_fresh_workers():
    real.predicted("pool", "--quick", "--max-tasks", "1", name="fresh.svz")
    workers = {j["worker_tid"] if "worker_tid" in j else j["worker"] for j in real.stat("fresh.svz")["jobs"]}
    equal(len(workers), 5, "workers that did the five tasks")


def test_four_seconds_held_against_two_workers_fail():
    real.predicted("pool", "--quick", name="four.svz")
    out = real.not_predicted("pool --quick --workers 2", name="four.svz")
    check(any("wall clock" in f for f in real.failures(out)), "the clock:", real.failures(out))


def test_chunk_is_as_predicted():
    for words in ([], ["--threads"], ["--chunk", "1"], ["--shape", "one-giant"], ["--shape", "linear", "--seed", "3"]):
        real.predicted("chunk", "--quick", *words)


def test_chunks_of_seven_held_against_one_by_one_fail():
    real.predicted("chunk", "--quick", name="chunk.svz")
    out = real.not_predicted("chunk --quick --chunk 1", name="chunk.svz")
    check(any("nothing left" in f for f in real.failures(out)), "the idle tail tells them apart:", real.failures(out))


def test_queue_is_as_predicted():
    out = real.predicted("queue", "--quick", name="plain.svz")
    equal(out["by"]["wake-ups of the reader by the writer"]["measured"], 3, "wake-ups")


def test_queue_with_a_feeder_is_a_chain_of_three():
    real.predicted("queue", "--quick", "--feeder", name="feeder.svz")
    out = real.not_predicted("queue --quick", name="feeder.svz")
    check(any("by the writer" in f for f in real.failures(out)), "the writer wakes no reader:", real.failures(out))
    evs = real.events("feeder.svz")
    name, asleep, chain = real.names(evs), {}, []
    for e in evs:
        if e.kind == "switch":
            asleep[e.prev_tid] = e.call and e.call.startswith(("read(", "futex("))
        elif e.kind == "waking" and not e.ctx and asleep.get(e.tid):
            asleep[e.tid] = False
            chain.append((name.get(e.by_tid), name.get(e.tid)))
    chain = [c for c in chain if c in (("writer", "feeder"), ("feeder", "reader"))]
    equal(chain[:6], [("writer", "feeder"), ("feeder", "reader")] * 3, "the chain")


real.main()
