#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""explain.py - recordings explained and compared: exact sums for every workload, and what must be said of some."""
import json
import os
import re
import sys

import real
from real import check, equal

sys.path.insert(0, os.path.join(real.ROOT, "tests"))
os.environ["SCHEDVIZ"] = real.SCHEDVIZ
import explain_laws  # noqa: E402: it needs the path, and the program

MS = 1_000_000
TRIES = 12  # recordings, until one was not disturbed


def explained(name, *options):
    return json.loads(real.run(real.SCHEDVIZ, "explain", "--json", *options, real.path(name)).out)


def kinds(out):
    return [f["kind"] for f in out["findings"]]


def workload_names():
    words = re.search(r"local workloads='(.*)'", real.run(real.SCHEDVIZ, "help", "--completion").out).group(1)
    return words.split()


def test_sums_are_exact_for_every_workload():
    for name in workload_names():
        real.run_workload("law.svz", name, "--quick", status=None)
        check(os.path.exists(real.path("law.svz")), f"'run {name}' made no recording")
        bad = explain_laws.laws(explained("law.svz"))
        check(not bad, f"'run {name}':", "; ".join(bad[:3]))
        os.remove(real.path("law.svz"))


def found(kind, *words, name="found.svz"):
    """Run until the finding is there, in a run that was not disturbed: the row."""
    for _ in range(TRIES):
        real.judged(*words, name=name)
        out = explained(name)
        for row in out["findings"]:
            if row["kind"] == kind:
                return row
    raise AssertionError(f"'run {' '.join(words)}' shows no '{kind}', only {kinds(out)}")


def absent(kind, *words, name="absent.svz"):
    for _ in range(TRIES):
        real.judged(*words, name=name)
        if kind not in kinds(explained(name)):
            return
    raise AssertionError(f"'run {' '.join(words)}' shows '{kind}'")


def test_pool_ends_with_a_job_alone():
    row = found("tail", "pool", "--quick")
    equal(row["count"], 4, "last job")
    absent("tail", "pool", "--quick", "--tasks", "4")


def test_pinned_tasks_wait_beside_an_idle_CPU_by_right():
    if len(real.CPUS) < 2:
        raise real.Skip("one CPU has no idle one beside it")
    row = found("pinned", "affinity", "--quick")
    check(row["ns"] > 10 * MS, f"idle beside pinned tasks for {row['ns']} ns")
    check("wasted-cpu" not in kinds(explained("found.svz")), "no CPU is called wasted where tasks are pinned")


def test_inversion_is_named():
    row = found("inversion", "inversion", "--quick")
    equal([row[k]["name"] for k in ("who", "other", "third")], ["high", "low", "middle"], "sleeper, holder, between")
    absent("inversion", "inversion", "--pi", "--quick")


def test_the_starved_visitor_is_named():
    row = found("starved", "rooms", "--relock")
    check(row["count"] > 4 * max(1, row["of_count"]), "others passed", row["count"], "times, it", row["of_count"])
    short = real.run(real.SCHEDVIZ, "explain", "--short", "--columns", "400", real.path("found.svz")).out
    check(re.search(r"visitor\d/\d+ starved at futex", short), short)
    absent("starved", "rooms", "--quick")


def test_a_quota_is_no_bad_luck():
    row = found("throttled", "quota", "--quick")
    check(row["ns"] > 10 * MS, f"throttled for {row['ns']} ns")


def test_evidence_has_the_numbers_of_dump():
    row = found("inversion", "inversion", "--quick")
    at = row["at"][0]
    numbered = real.run(real.SCHEDVIZ, "dump", "--numbers", real.path("found.svz")).out.splitlines()
    line = next(text for text in numbered if re.match(rf" *{at['event']}  ", text))
    check(f"{at['ts_ns'] // 10**9}.{at['ts_ns'] % 10**9:09}" in line, f"event {at['event']} at {at['ts_ns']}: {line}")
    check(re.search(rf"high/{row['who']['tid']} \S+ futex", line), "it is where high falls asleep:", line)


# ---- compare ----

def compared(a, b, *options):
    """Two command lines, recorded undisturbed, compared: (the JSON's measures by (group, name), findings, story)."""
    real.judged(*a, name="a.svz")
    real.judged(*b, name="b.svz")
    files = real.path("a.svz"), real.path("b.svz")
    out = json.loads(real.run(real.SCHEDVIZ, "compare", "--json", *options, *files).out)
    story = real.run(real.SCHEDVIZ, "compare", "--no-picture", "--columns", "400", *files).out.splitlines()[0]
    return {(m["group"], m["name"]): m for m in out["measures"]}, out, story


def test_more_workers_are_why_it_took_less():
    by, _, story = compared(("pool", "--workers", "2", "--quick"), ("pool", "--quick"))
    at_once = by["wall", "jobs at once"]
    equal((at_once["a"]["median"], at_once["b"]["median"]), (2, 4), "jobs at once")
    check(" less than A" in story and "B did up to 4 jobs at once, with 4 workers; A 2, with 2" in story, story)


def test_computing_at_once_is_why_the_lock_that_is_let_go_takes_less():
    _, _, story = compared(("gil", "--mode", "ccall", "--quick"), ("gil", "--mode", "release", "--quick"))
    check("of the computing was done by two or more tasks at once" in story, story)


def test_inheritance_is_what_differs():
    _, out, story = compared(("inversion", "--quick"), ("inversion", "--pi", "--quick"))
    check("inversion" in out["findings_a"] and "inversion" not in out["findings_b"], out["findings_a"])
    check("Only A has" in story and "priority inversion" in story, story)


def test_processes_and_threads_take_the_same():
    _, _, story = compared(("pool", "--quick"), ("pool", "--threads", "--quick"))
    check(story.startswith("Both took the same time"), story)


def test_repeated_runs_tell_noise():
    for side in "ab":
        file = real.path(f"{side}r.svz")
        real.run(real.SCHEDVIZ, "run", "seq", "--quick", "--repeat", "3", "--no-picture", "-o", file)
    out = json.loads(real.run(real.SCHEDVIZ, "compare", "--json", real.path("ar.svz"), real.path("br.svz")).out)
    equal((out["recordings_a"], out["recordings_b"]), (3, 3), "recordings")
    wall = next(m for m in out["measures"] if m["name"] == "wall time")
    apart = wall["a"]["max"] < wall["b"]["min"] or wall["b"]["max"] < wall["a"]["min"]
    equal(wall["noise"], not apart, "noise")


real.main()
