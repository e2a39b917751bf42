#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""sql.py - asks Perfetto's own trace processor about an exported recording, and holds it against the JSON lines.

usage: sql.py TRACE_PROCESSOR TRACE.pftrace LINES.jsonl

The same comparison as against.py, of what the program answers to SQL; besides, it must have no complaint: no row of
`stats` of severity error or data_loss (unless the recording lost events) and nothing on its standard error.
"""
import collections
import csv
import re
import subprocess
import sys
import tempfile

import against
import compare
import lines
from replay import Counter, Sched, Slice, State

# The first column says what a row is. Names come as hexadecimal digits: they may hold anything.
QUERIES = """
SELECT 'clock' AS row, clock_id, clock_value FROM clock_snapshot WHERE snapshot_id = 0;
SELECT 'bounds' AS row, start_ts, end_ts FROM trace_bounds;
SELECT 'stats' AS row, name, idx, severity, value FROM stats
    WHERE severity IN ('error', 'data_loss') AND value > 0;
SELECT 'release' AS row, hex(str_value) FROM metadata WHERE name = 'system_release';
SELECT 'thread' AS row, utid, tid, hex(thread.name), pid, thread.start_ts, thread.end_ts
    FROM thread LEFT JOIN process USING (upid);
SELECT 'process' AS row, p.pid, hex(p.name), hex(p.cmdline), parent.pid
    FROM process p LEFT JOIN process parent ON p.parent_upid = parent.upid;
SELECT 'state' AS row, utid, ts, dur, state, cpu, waker_utid, irq_context, hex(blocked_function) FROM thread_state;
SELECT 'spurious' AS row, ts, utid, waker_utid, irq_context FROM spurious_sched_wakeup;
SELECT 'sched' AS row, cpu, ts, dur, utid, end_state FROM sched_slice;
SELECT 'slice' AS row, slice.id, utid, hex(track.name), ts, dur, hex(slice.name), depth
    FROM slice JOIN track ON slice.track_id = track.id LEFT JOIN thread_track ON thread_track.id = track.id
    ORDER BY slice.id;
SELECT 'arg' AS row, slice.id, hex(args.key), int_value, hex(string_value) FROM slice JOIN args USING (arg_set_id)
    WHERE args.key GLOB 'debug.*';
SELECT 'flow' AS row, slice_out, slice_in FROM flow;
SELECT 'counter' AS row, hex(name), ts, value FROM counter JOIN track ON counter.track_id = track.id;
"""
SAID_OF_ITSELF = re.compile(r"Loading trace|Trace loaded|Query execution time")
LOSS, INVALID = "ftrace_cpu_has_data_loss", "task_state_invalid"
SAID_OF_GAPS = re.compile(rf"Trace health issues:|Import errors|Data losses|^ *({LOSS}|{INVALID})\b")


def ask(program, trace):
    """[[kind, field, ...]] and what it says on standard error."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as f:
        f.write(QUERIES)
        f.flush()
        done = subprocess.run([program, "-q", f.name, trace], capture_output=True, timeout=600)
    said = [line for line in re.split(r"[\r\n]+", done.stderr.decode(errors="replace"))
            if line.strip() and not SAID_OF_ITSELF.search(line)]
    if done.returncode:
        said.append(f"it exits with status {done.returncode}")
    rows = [r for r in csv.reader(done.stdout.decode().splitlines()) if r and r[0] != "row"]
    return rows, said


def number(field):
    return None if field in ("[NULL]", "") else int(field)


def text(field):
    return None if field in ("[NULL]", "") else bytes.fromhex(field).decode(errors="replace")


def state(field):
    return None if field == "[NULL]" else field


class Answers:
    def __init__(self, rows, start_ns):
        self.of = {}
        for kind, *fields in rows:
            self.of.setdefault(kind, []).append(fields)
        clocks = {int(c): int(v) for c, v in self.get("clock")}
        self.tables = compare.Tables(start_ns + clocks[6] - clocks[3])
        self.fill(self.tables)

    def get(self, kind):
        return self.of.get(kind, [])

    def fill(self, t):
        for utid, tid, name, pid, start, end in self.get("thread"):
            t.threads[int(utid)] = compare.Thread(int(tid), text(name), number(pid), number(start), number(end))
        t.processes = [compare.Process(int(p), text(n), text(c), number(up)) for p, n, c, up in self.get("process")]
        t.states = [State(int(u), int(ts), int(d), state(s), number(c), number(w), number(i), text(f))
                    for u, ts, d, s, c, w, i, f in self.get("state")]
        t.spurious = [(int(ts), int(u), number(w), number(i)) for ts, u, w, i in self.get("spurious")]
        t.sched = [Sched(int(c), int(ts), int(d), int(u), state(e)) for c, ts, d, u, e in self.get("sched")]
        index, args = {}, collections.defaultdict(dict)
        for at, key, value, word in self.get("arg"):
            args[at][text(key).removeprefix("debug.")] = number(value) if number(value) is not None else text(word)
        for at, utid, track, ts, dur, name, depth in self.get("slice"):
            index[at] = len(t.slices)
            where = text(track) if number(utid) is None else ("thread", int(utid))
            t.slices.append(Slice(where, int(ts), int(dur), text(name), int(depth), args[at]))
        t.flows = [(index[out], index[into]) for out, into in self.get("flow")]
        t.counters = [Counter(text(n), int(ts), float(v)) for n, ts, v in self.get("counter")]


def stats(answers, told, not_known):
    """Nothing is wrong, but for the gaps of the recording: those, exactly."""
    marked, invalid = set(), 0
    for name, index, severity, value in answers.get("stats"):
        if name == LOSS:
            marked.add(number(index))
        elif name == INVALID:
            invalid = int(value)
        else:
            yield f"stats: {name}[{index}] is {value} ({severity})"
    if not told.marked_well(marked):
        yield f"stats: {LOSS} on the CPUs {sorted(marked)}, the recording has gaps on {told.gaps()}"
    if invalid != not_known:
        yield f"stats: {INVALID} is {invalid}, {not_known} rows are of no known state"


def metadata(answers, told):
    release = told.trace["release"]
    if release and [text(r[0]) for r in answers.get("release")] != [release]:
        yield f"metadata: the release is {answers.get('release')}, not {release}"


def differences(program, trace, told_text):
    told = lines.Lines(told_text)
    rows, said = ask(program, trace)
    if told.gaps() is None or told.gaps()[1]:
        said = [line for line in said if not SAID_OF_GAPS.search(line)]
    out = [f"standard error: {line}" for line in said]
    try:
        answers = Answers(rows, told.trace["start_ns"])
    except (KeyError, ValueError) as e:
        return out + [f"its answers cannot be read: {type(e).__name__}: {e}"], {}
    comparison = compare.Comparison(answers.tables, told)
    out += comparison.all()
    out += [*stats(answers, told, comparison.not_known), *metadata(answers, told)]
    return out, comparison.counts


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: sql.py TRACE_PROCESSOR TRACE.pftrace LINES.jsonl")
    with open(sys.argv[3], encoding="utf-8") as f:
        told_text = f.read()
    try:
        against.say(sys.argv[2], *differences(sys.argv[1], sys.argv[2], told_text))
    except OSError as e:
        sys.exit(f"sql.py: {e}")


if __name__ == "__main__":
    main()
