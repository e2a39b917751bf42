#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""export.py - exports of real recordings say what the model says: spans tile, sums are those of stat, all is there."""
import collections
import csv
import json
import re
import xml.etree.ElementTree

import real
from real import check, equal

STATES = {"running": "run_ns", "runnable": "wait_ns", "sleeping": "sleep_ns", "blocked": "blocked_ns",
          "stopped": "stopped_ns", "unknown": "unknown_ns"}


def export(trace, *options):
    return real.run(real.SCHEDVIZ, "export", *options, "-o", "-", real.path(trace)).out


def lines(trace, *options):
    """The objects of each type, in order."""
    out = collections.defaultdict(list)
    for line in export(trace, "--to", "json", *options).splitlines():
        one = json.loads(line)
        out[one["type"]].append(one)
    return out


def rows(trace, table):
    text = export(trace, "--to", "csv", "--table", table)
    return list(csv.DictReader(text.splitlines(), strict=True))


def check_tiles(spans, key):
    ends = {}
    for s in spans:
        check(s["from_ns"] < s["to_ns"], "a span has a length:", s)
        equal(s["from_ns"], ends.get(s[key], s["from_ns"]), f"begin of {s}")
        ends[s[key]] = s["to_ns"]


def check_sums(out, stat):
    sums = collections.Counter()
    for s in out["span"]:
        sums[s["task"], s["state"]] += s["to_ns"] - s["from_ns"]
    for t in stat["tasks"]:
        for state, key in STATES.items():
            equal(sums[t["id"], state], t[key], f"{t['name']} {state}")
    busy = collections.Counter()
    for s in out["cpu"]:
        busy[s["cpu"]] += (s["to_ns"] - s["from_ns"]) * (s["state"] == "task")
    for c in stat["cpus"]:
        equal(busy[c["cpu"]], c["busy_ns"], f"CPU {c['cpu']} busy")


def check_end(out):
    end = out["end"][0]
    for name, kind in (("spans", "span"), ("cpu_spans", "cpu"), ("wakes", "wake"), ("migrations", "migration")):
        equal(end[name], len(out[kind]), name)


def test_lines_are_what_stat_says():
    real.run_workload("pool.svz", "pool", "--scale", "0.05")
    out, stat = lines("pool.svz"), real.stat("pool.svz")
    equal(len(out["task"]), len(stat["tasks"]), "tasks")
    equal([(j["job"], j["started_ns"], j["finished_ns"]) for j in out["job"]],
          [(j["id"], j["started_ns"], j["finished_ns"]) for j in stat["jobs"]], "jobs")
    check_tiles(out["span"], "task")
    check_tiles(out["cpu"], "cpu")
    check_sums(out, stat)
    check_end(out)
    check(out["trace"][0]["theory"].startswith("ceil(5/4)"), "the theory is told")
    equal(out["trace"][0]["verdict"], real.report("pool.svz")["verdict"], "verdict")


def test_a_window_cuts_and_a_filter_leaves_out():
    real.run_workload("cut.svz", "pool", "--scale", "0.05")
    out = lines("cut.svz", "--from", "20ms", "--to", "120ms", "--tasks", "worker*")
    equal({t["name"] for t in out["task"]}, {f"worker{i}" for i in range(4)}, "tasks")
    check_tiles(out["span"], "task")
    for s in out["span"]:
        check(20_000_000 <= s["from_ns"] < s["to_ns"] <= 120_000_000, "inside the window:", s)
    ids = {t["id"] for t in out["task"]}
    check(all(s["task"] in ids for s in out["span"] + out["wake"]), "of these tasks only")


def test_tables_are_the_same_rows():
    real.run_workload("tables.svz", "rooms", "--quick")
    out = lines("tables.svz")
    spans = [(int(r["from_ns"]), int(r["to_ns"]), r["state"]) for r in rows("tables.svz", "spans")]
    equal(spans, [(s["from_ns"], s["to_ns"], s["state"]) for s in out["span"]], "spans")
    equal(len(rows("tables.svz", "wakes")), len(out["wake"]), "wakes")
    equal([int(r["id"]) for r in rows("tables.svz", "jobs")], [j["job"] for j in out["job"]], "jobs")


def test_strange_names_stay_in_their_field():
    real.record("badname.svz", real.prog("badname"))
    names = {t["name"] for t in real.stat("badname.svz")["tasks"]}
    equal({t["name"] for t in lines("badname.svz")["task"]}, names, "names in lines")
    check(all(r["state"] in STATES for r in rows("badname.svz", "spans")), "columns of the table")


def figure(trace, *options):
    """An SVG as text, which must be XML whatever the names hold, and small."""
    text = export(trace, "--to", "svg", *options)
    check(len(text.encode()) < 2_000_000, "bytes of the figure:", len(text))
    xml.etree.ElementTree.fromstring(text)
    return text


def test_a_figure_has_a_lane_for_each_task_and_what_it_did():
    real.run_workload("figure.svz", "pool", "--scale", "0.05")
    text = figure("figure.svz")
    stat = real.stat("figure.svz")
    for t in stat["tasks"]:
        equal(f">{t['name']} {t['tid']}<" in text, t["in_target"], f"a lane of {t['name']}")
    for job in range(5):
        check(f">task {job}<" in text, "job", job)
    check('class="run"' in text and "theory: ceil(5/4)" in text, "what ran, and the theory")
    equal(figure("figure.svz"), text, "the same again")


def test_a_recording_is_exported_at_its_end():
    svg, table = real.path("end.svg"), real.path("end.csv")
    real.run(real.SCHEDVIZ, "run", "seq", "--quick", "--no-picture", "-o", real.path("end.svz"),
             "--export", f"svg:{svg}", "--export", f"csv:{table}")
    equal(open(svg).read(), figure("end.svz"), "the same as export makes")
    check(real.os.path.exists(real.path("end-wakes.csv")), "tables")
    for wish, sentence in (("pdf:x", "no format"), ("svg", "names no file"), ("csv:-", "several files")):
        done = real.run(real.SCHEDVIZ, "record", "-o", real.path("none.svz"), "--export", wish, "true", status=2)
        check(sentence in done.err and not real.os.path.exists(real.path("none.svz")), wish, done.err)


def test_no_name_is_markup():
    real.record("badname.svz", real.prog("badname"))
    text = figure("badname.svz", "--dark", "--width", "2000")
    tags = set(re.findall(r"<([a-z]+)", text))
    equal(tags - {"svg", "style", "rect", "defs", "pattern", "path", "text", "g", "xml"}, set(), "elements")


real.main()
