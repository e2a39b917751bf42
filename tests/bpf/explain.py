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


real.main()
