#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""against.py - a Perfetto trace against the JSON lines of the same recording, row for row, without Perfetto.

usage: against.py TRACE.pftrace LINES.jsonl

What the importer would make of the trace (replay.py) has to be what the model says: every state of every task with its
start, duration and CPU, who woke it and whether in an interrupt, who ran on each CPU, names, parents, jobs, counters.
"""
import sys

import compare
import decode
import lines
import replay

SHOWN = 40


def lost_events(packets, told):
    """Data loss is marked on exactly the CPUs of which the recording has gaps."""
    bundles = [p["ftrace_events"] for p in packets if "ftrace_events" in p]
    marked = {b.get("cpu") for b in bundles if b.get("lost_events")}
    if not told.marked_well(marked):
        yield f"lost_events marks the CPUs {sorted(marked)}, the recording has gaps on {told.gaps()}"


def differences(packets, text):
    """Sentences, and how many rows were looked at."""
    told = lines.Lines(text)
    tables = compare.of_replay(replay.Replay(packets), packets, told.trace["start_ns"])
    comparison = compare.Comparison(tables, told)
    return [*comparison.all(), *lost_events(packets, told)], comparison.counts


def say(path, sentences, counts):
    for sentence in sentences[:SHOWN]:
        print(f"{path}: {sentence}")
    if not sentences:
        print(f"{path}: the same: {', '.join(f'{n} {what}' for what, n in counts.items())}")
    sys.exit(1 if sentences else 0)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: against.py TRACE.pftrace LINES.jsonl")
    try:
        packets = decode.load(sys.argv[1])
        with open(sys.argv[2], encoding="utf-8") as f:
            say(sys.argv[1], *differences(packets, f.read()))
    except (decode.Bad, OSError) as e:
        sys.exit(f"against.py: {e}")


if __name__ == "__main__":
    main()
