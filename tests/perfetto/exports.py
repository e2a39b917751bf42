# SPDX-License-Identifier: GPL-2.0-only
"""exports.py - recordings to export: the hand-drawn ones, real ones of workloads; and what is asked of every export."""
import glob
import hashlib
import itertools
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.append(os.path.join(ROOT, "tests/bpf"))

import against  # noqa: E402
import decode  # noqa: E402
import real  # noqa: E402
import rules  # noqa: E402
from harness import check  # noqa: E402

SCHEDVIZ = real.SCHEDVIZ


def drawn():
    """{name: path} of the hand-drawn recordings of the golden tests, each content once."""
    out, seen = {}, set()
    for path in sorted(glob.glob(os.path.join(ROOT, "tests/golden/*/*/trace.txt"))):
        with open(path, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        if digest not in seen:
            seen.add(digest)
            out["_".join(path.split(os.sep)[-3:-1])] = path
    return out


def python_pool(file):
    real.record(file, sys.executable, os.path.join(ROOT, "tests/python/pool.py"), status=None)


def whole_machine(file):
    real.record(file, "sleep", "1", options=("-a",))


# How each is made into TMP/file; what it is good for.
RECORDED = {
    "pool": lambda file: real.run_workload(file, "pool", "--scale", "0.05"),  # jobs, processes, births and deaths
    "rooms": lambda file: real.run_workload(file, "rooms", "--quick"),        # threads that wake each other
    "gil": lambda file: real.run_workload(file, "gil", "--quick"),            # two that never sleep long
    "seq": lambda file: real.run_workload(file, "seq", "--quick"),            # a job, two marks
    "python_pool": python_pool,
    "whole_machine": whole_machine,                                           # kernel threads, all CPUs
}


def export(form, recording, path, *options):
    done = subprocess.run([SCHEDVIZ, "export", "--to", form, *options, "-o", path, recording], capture_output=True,
                          timeout=120, stdin=subprocess.DEVNULL)
    said = done.stderr.decode(errors="replace").strip()
    check(done.returncode == 0, f"export --to {form} {' '.join(options)} exits {done.returncode}: {said[-300:]}")
    return path


def both(recording, *options, gzip=False):
    """The path of a Perfetto trace, and the lines of the same recording as text."""
    end = ".pftrace.gz" if gzip else ".pftrace"
    with tempfile.NamedTemporaryFile(dir=real.TMP, suffix=end, delete=False) as f:
        trace = f.name
    export("perfetto", recording, trace, *options, *(["--gzip"] if gzip else []))
    told = export("json", recording, trace + ".jsonl", *options)
    with open(told, encoding="utf-8") as f:
        return trace, f.read()


def explained(recording, *options):
    """The path of `explain --json`."""
    done = subprocess.run([SCHEDVIZ, "explain", "--only", "path", "--json", *options, recording], capture_output=True,
                          check=True, timeout=120, stdin=subprocess.DEVNULL)
    return json.loads(done.stdout)["path"]


def path_faults(recording, told, *options):
    """The steps of the lines are those of explain, which has no window of its own here; so are their sums."""
    said, lines = explained(recording, *options), [json.loads(t) for t in told.splitlines()]
    tids = {t["id"]: t["tid"] for t in lines if t["type"] == "task"}
    steps = [t for t in lines if t["type"] == "path"]
    got = [(s["from_ns"], s["to_ns"], s["kind"], s["edge"], None if s["task"] is None else tids[s["task"]], s["job"])
           for s in steps]
    want = [(s["from_ns"], s["to_ns"], s["kind"], s["edge"], s["task"] and s["task"]["tid"], s.get("job"))
            for s in said["steps"]]
    if got != want:
        yield f"the path is {next((g, w) for g, w in itertools.zip_longest(got, want) if g != w)}"
    sums = {kind: sum(s["to_ns"] - s["from_ns"] for s in steps if s["kind"] == kind) for kind in said["ns"]}
    if sums != said["ns"]:
        yield f"the path's sums are {sums}, not {said['ns']}"


def hold(recording, *options, gzip=False, excused=()):
    """It keeps every rule, and is what the lines say; the packets."""
    trace, told = both(recording, *options, gzip=gzip)
    packets = decode.load(trace)
    faults = [f"{name}: {why[0]} (of {len(why)})" for name, why in rules.broken(packets).items()
              if name not in excused]
    sentences, _ = against.differences(packets, told)
    if '{"type":"path"' in told and not {"--from", "--to"} & set(options):
        sentences += path_faults(recording, told, *(o for o in options if o != "--path"))
    check(not faults and not sentences, *(faults + sentences[:3]))
    return packets
