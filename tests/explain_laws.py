#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""explain_laws.py - what `schedviz explain --json` must keep to, whatever was recorded: sums are exact, steps tile.

    tests/explain_laws.py TRACE...     explains each and checks; prints what is broken; exit status 1 if anything is

What happened at one instant on several CPUs has no order of its own: written in another one, it is explained the same.

From the environment: SCHEDVIZ, the program. laws() is for other tests: it takes the parsed JSON of explain, and of
`stat --json` over the same window if there is one, and gives sentences about what does not hold.
"""
import json
import os
import random
import re
import subprocess
import sys

STATES = ("run_ns", "wait_ns", "sleep_ns", "blocked_ns", "stopped_ns", "unknown_ns")


def ledger(out, wall):
    book, bad = out["ledger"], []
    if book["total_ns"] != wall * book["cpus"]:
        bad.append(f"the ledger's total {book['total_ns']} is not {wall} x {book['cpus']} CPUs")
    if sum(book["lines"].values()) != book["total_ns"]:
        bad.append(f"the ledger's lines add up to {sum(book['lines'].values())}, not {book['total_ns']}")
    if sum(o["ns"] for o in book["others"]) != book["lines"]["others"]:
        bad.append("the others by name are not the line of others")
    for t in book["tasks"]:
        if sum(t[s] for s in STATES) != t["life_ns"]:
            bad.append(f"the states of {t['task']} add up to {sum(t[s] for s in STATES)}, not {t['life_ns']}")
        if sum(t["wait"].values()) != t["wait_ns"]:
            bad.append(f"the waits of {t['task']} by reason are not all of them")
        if sum(s["ns"] for s in t["slept_in"]) != t["sleep_ns"] + t["blocked_ns"]:
            bad.append(f"the calls that {t['task']} slept in are not all of its sleep")
    if sum(t["run_ns"] for t in book["tasks"]) != book["lines"]["ours"]:
        bad.append("what the tasks ran is not what the CPUs ran of them")
    return bad


def blame(out):
    b, bad = out["blame"], []
    parts = b["busy_ns"] + b["idle_ns"] + b["unknown_ns"]
    for name, got in (("busy, idle and unknown", parts), ("reasons", sum(b["by_why"].values())),
                      ("victims", sum(v["ns"] for v in b["victims"])),
                      ("tasks' waits in the ledger", sum(t["wait_ns"] for t in out["ledger"]["tasks"]))):
        if got != b["ns"]:
            bad.append(f"{name} add up to {got}, all waits to {b['ns']}")
    for v in b["victims"]:
        if v["beside_ns"] + v["beside_maybe_ns"] > v["ns"]:
            bad.append(f"{v['task']} waited less than CPUs were idle beside it")
    return bad


def path(out, wall):
    p, window, bad = out["path"], out["window"], []
    if not p["steps"]:
        return []
    if sum(p["ns"].values()) != wall:
        bad.append(f"the path's kinds add up to {sum(p['ns'].values())}, not {wall}")
    at = window["from_ns"]
    for s in p["steps"]:
        if s["from_ns"] != at or s["to_ns"] <= at:
            bad.append(f"the path has a step from {s['from_ns']} to {s['to_ns']}, due at {at}")
        at = s["to_ns"]
    if at != window["to_ns"]:
        bad.append(f"the path ends at {at}, not {window['to_ns']}")
    return bad


def latency(out):
    book, bad = out["latency"], []
    both = [("all", book["all"])] + [(t["task"], t) for t in book["tasks"]]
    for who, row in both:
        for name in ("latency", "slice", "preempted"):
            d = row[name]
            ranks = [d[k] for k in ("min_ns", "p50_ns", "p90_ns", "p95_ns", "p99_ns", "p999_ns", "max_ns")]
            if sum(b["count"] for b in d["bins"]) != d["count"] or ranks != sorted(ranks):
                bad.append(f"{name} of {who}: bins of {d['count']}, percentiles {ranks}")
    for name in ("latency", "slice", "preempted"):
        if sum(t[name]["count"] for t in book["tasks"]) != book["all"][name]["count"]:
            bad.append(f"{name}: the tasks' counts are not {book['all'][name]['count']}")
    if sum(d["count"] for d in book["by_waker"].values()) != book["all"]["latency"]["count"]:
        bad.append("wake-ups by waker are not all of them")
    for who, row in both:
        moves = row["migrations"]
        if sum(moves[k] for k in ("core", "cache", "node", "far", "unknown")) != moves["count"]:
            bad.append(f"moves of {who} by distance are not {moves['count']}")
    return bad


def jobs(out, wall):
    book, bad = out["jobs"], []
    cpus, depth = book["cpus"], book["depth"]
    wanted = sum(t["run_ns"] + t["wait_ns"] for t in out["ledger"]["tasks"])
    if sum(depth["cells_ns"]) != wanted or depth["mean_milli"] != wanted * 1000 // wall:
        bad.append(f"the load over time adds up to {sum(depth['cells_ns'])}, what tasks wanted to {wanted}")
    if cpus["ours_ns"] != out["ledger"]["lines"]["ours"] or cpus["total_ns"] != out["ledger"]["total_ns"]:
        bad.append(f"the use of the CPUs is not the ledger's: {cpus}")
    if len(book["each"]) != book["count"]:
        bad.append(f"{len(book['each'])} jobs are listed, {book['count']} counted")
    for group in book["fairness"]:
        if not 0 < group["jain_ppm"] <= 1_000_000 or sum(t["got_ns"] for t in group["tasks"]) > cpus["total_ns"]:
            bad.append(f"fairness: {group}")
        due, got = (sum(t[k] for t in group["tasks"]) for k in ("due_ns", "got_ns"))
        if not got - len(group["tasks"]) <= due <= got:
            bad.append(f"due is {due} of the {got} that they got")
    return bad


def latency_like_stat(out, stat):
    theirs, bad = {}, []
    for t in stat["tasks"]:
        theirs.setdefault((t["tid"], t["name"]), []).append(t)
    for t in out["latency"]["tasks"]:
        own = (t["latency"]["count"], t["latency"]["mean_ns"], t["latency"]["max_ns"], t["migrations"]["count"])
        others = [(o["latency"]["count"], o["latency"]["mean_ns"], o["latency"]["max_ns"], o["migrations"])
                  for o in theirs[t["task"]["tid"], t["task"]["name"]]]
        if own not in others:
            bad.append(f"{t['task']}: wake-ups, mean, longest, moves are {own}, stat says {others}")
    by_id = {j["id"]: j for j in stat["jobs"]}
    same = (("turnaround_ns", "turnaround_ns"), ("response_ns", "response_ns"), ("waiting_ns", "waiting_ns"),
            ("service_ns", "run_ns"))
    for j in out["jobs"]["each"]:
        bad += [f"job {j['id']}: {own} is {j[own]}, stat says {by_id[j['id']][other]}"
                for own, other in same if j[own] != by_id[j["id"]][other]]
    return bad


def whatif(out, wall):
    """Played again as it was it ends where it did; leaving out waits makes nothing later."""
    w, bad = out["whatif"], []
    if w["wall_ns"] != wall or w["replayed_ns"] != wall:
        bad.append(f"played again it takes {w['replayed_ns']}, not {wall}")
    for name, v in w.items():
        if isinstance(v, dict) and not v["min_ns"] <= v["max_ns"] <= wall:
            bad.append(f"{name} is between {v['min_ns']} and {v['max_ns']}, of {wall}")
        if isinstance(v, dict) and v["exact"] != (v["min_ns"] == v["max_ns"]):
            bad.append(f"{name} is exact: {v['exact']}, from {v['min_ns']} to {v['max_ns']}")
    if w["no_waiting"] and w["no_waiting"]["max_ns"] > w["no_wake_latency"]["min_ns"]:
        bad.append("no waiting at all takes longer than no waiting after wake-ups")
    return bad


def like_stat(out, stat):
    """Per task the same numbers, where both are of one window."""
    theirs = {(t["tid"], t["name"]): t for t in stat["tasks"]}
    bad = []
    for t in out["ledger"]["tasks"]:
        other = theirs.get((t["task"]["tid"], t["task"]["name"]))
        if other and len(theirs) == len(stat["tasks"]):
            bad += [f"{t['task']}: {s} is {t[s]}, stat says {other[s]}" for s in STATES if t[s] != other[s]]
    return bad


def laws(out, stat=None):
    wall = out["window"]["to_ns"] - out["window"]["from_ns"]
    same = like_stat(out, stat) + latency_like_stat(out, stat) if stat else []
    own = ledger(out, wall) + blame(out) + path(out, wall) + whatif(out, wall) + latency(out) + jobs(out, wall)
    return own + same


def explain(trace, *options):
    schedviz = os.environ.get("SCHEDVIZ", "./schedviz")
    r = subprocess.run([schedviz, "explain", "--json", *options, trace], capture_output=True, stdin=subprocess.DEVNULL)
    if r.returncode:
        return None, r.stderr.decode(errors="replace").strip() or f"exit status {r.returncode}"
    return json.loads(r.stdout), ""


def stat(trace, *options):
    schedviz = os.environ.get("SCHEDVIZ", "./schedviz")
    return json.loads(subprocess.run([schedviz, "stat", "--json", *options, trace], capture_output=True).stdout)


def another_order(text, seed):
    """The dump with what is of one instant and one kind in another order, but not what is of one CPU."""
    head, groups = [], []
    for line in text.splitlines():
        event = re.match(r"(\S+) +cpu(\d+) (\w+)", line)
        if not event:
            (groups if line.endswith(" end") else head).append(line if not line.endswith(" end") else (None, [line]))
            continue
        at, cpu, kind = event.groups()
        if not groups or groups[-1][0] != (at, kind):
            groups.append(((at, kind), []))
        groups[-1][1].append((cpu, line))
    rnd, out = random.Random(seed), head
    for _, lines in groups:
        if isinstance(lines[0], str):
            out += lines
            continue
        queues = {}
        for cpu, line in lines:
            queues.setdefault(cpu, []).append(line)
        while queues:
            cpu = rnd.choice(list(queues))
            out.append(queues[cpu].pop(0))
            if not queues[cpu]:
                del queues[cpu]
    return "\n".join(out) + "\n"


def permuted(trace):
    schedviz = os.environ.get("SCHEDVIZ", "./schedviz")
    text = subprocess.run([schedviz, "dump", trace], capture_output=True).stdout.decode(errors="surrogateescape")
    answers = set()
    for other in (text, another_order(text, 1), another_order(text, 2)):
        r = subprocess.run([schedviz, "explain", "--json", "-"], input=other.encode(errors="surrogateescape"),
                           capture_output=True)
        answers.add(r.stdout)
    return ["events of one instant in another order are explained otherwise"] if len(answers) > 1 else []


def main():
    broken = 0
    for trace in sys.argv[1:]:
        everything = ("--from", "0ns", "--tasks", "*")  # whoever and whenever stat is about, too
        for sentence in permuted(trace):
            broken += 1
            print(f"{trace}: {sentence}")
        for options in ((), everything):
            out, why = explain(trace, *options)
            if options and "no task matches" in why:
                continue
            bad = [why] if out is None else laws(out, stat(trace) if options else None)
            broken += bool(bad)
            for sentence in bad:
                print(f"{trace} {' '.join(options)}: {sentence}")
    sys.exit(broken > 0)


if __name__ == "__main__":
    main()
