#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""explain_latency.py - real recordings: waits, slices and jobs as `stat` counts them; fair shares told from unfair."""
import json
import os
import sys

import real
from real import check, equal

sys.path.insert(0, os.path.join(real.ROOT, "tests"))
os.environ["SCHEDVIZ"] = real.SCHEDVIZ
import explain_laws  # noqa: E402: it needs the path, and the program

MS = 1_000_000

# None of these needs an undisturbed run: who else ran takes from all that are compared.


def as_json(*words):
    return json.loads(real.run(real.SCHEDVIZ, *words).out)


def explained(name, *options):
    return as_json("explain", "--json", *options, real.path(name))


def check_like_stat(name):
    """Over what is explained, and over a part of it that begins in the very instant in which somebody woke up."""
    whole = explained(name)
    first = whole["window"]["from_ns"]
    mid = (first + whole["window"]["to_ns"]) // 2
    starts = [s["to_ns"] for s in whole["path"]["steps"] if first < s["to_ns"] < mid]
    for from_ns in [first] + starts[-1:]:
        window = ("--window", f"{from_ns}ns..{whole['window']['to_ns']}ns")
        out, stat = explained(name, *window), as_json("stat", "--json", *window, real.path(name))
        bad = explain_laws.latency_like_stat(out, stat)
        check(not bad, f"{name} {window}:", "; ".join(bad[:3]))
    return whole


def test_waits_and_jobs_are_those_of_stat():
    for words in (("pool", "--quick"), ("server", "--quick"), ("gil", "--mode", "bytecode", "--quick")):
        real.run_workload("like.svz", *words, status=None)
        out = check_like_stat("like.svz")
        check(out["latency"]["all"]["latency"]["count"] > 0, words, "no wake-up")
        check(out["jobs"]["count"] > 0, words, "no job")


def test_a_nice_task_is_not_called_unfair():
    real.run_workload("nice.svz", "nice", "--quick", status=None)
    group = explained("nice.svz")["jobs"]["fairness"][0]
    equal(sorted(t["nice"] for t in group["tasks"]), [0, 5], "nice values compared")
    least = min(t["got_ns"] for t in group["tasks"]) / sum(t["got_ns"] for t in group["tasks"])
    check(least < 0.4, f"the nice one got {least}, so it was not compared without weights")
    check(group["jain_ppm"] > 980_000, group)


def test_sessions_are_what_nice_values_do_not_ask_for():
    real.run_workload("groups.svz", "groups", "--session", "--quick", status=None)
    group = explained("groups.svz")["jobs"]["fairness"][0]
    equal(len(group["tasks"]), 4, "compared")
    equal(group["tasks"][-1]["task"]["name"], "B0", "who got most")
    check(group["jain_ppm"] < 900_000, "three share what one has, Jain 0.75:", group)


def test_turns_end_with_ticks():
    real.run_workload("turns.svz", "nice", "--quick", status=None)
    for t in explained("turns.svz")["latency"]["tasks"]:
        if t["task"]["name"].startswith("hog"):
            check(t["preempted"]["count"] > 0, t["task"], "was never preempted")
            check(t["preempted"]["max_ns"] < 200 * MS, t["task"], t["preempted"])


real.main()
