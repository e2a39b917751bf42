#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""rules.py - what a scheduler trace must keep to so that Perfetto shows it as it was. A function is a rule.

usage: rules.py FILE...     says which rules a trace breaks, and where

Most of what they forbid is imported without a complaint, as nothing or as something else. A rule yields a sentence for
each thing that is wrong; it may take for granted what rules above it ask for.
"""
import collections
import functools
import re
import sys

import decode
import replay
import streams

BOOTTIME, MONOTONIC, REALTIME = 6, 3, 1
PREV_STATES = {0, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x100}
NOT_KNOWN = 0x200  # no state of the tracepoint, so the importer makes it none; where a recording has gaps
DEAD = {0x10, 0x20}
IRQ_FLAGS = {0, 0x08, 0x10, 0x18}
BUNDLE_NS = 100_000_000
COMPACT = [(decode.SWITCH, "switch"), (decode.WAKING, "waking")]
LOSS = {"ftrace_cpu_has_data_loss", "task_state_invalid"}  # say that the recording has gaps, which is so
ABOUT = {"switch": "next_pid", "waking": "pid", "task_rename": "pid", "sched_process_free": "pid",
         "sched_blocked_reason": "pid", "sched_migrate_task": "pid", "generic_kernel_task_state_event": "tid"}


class Trace:
    def __init__(self, packets):
        self.packets = packets

    def of(self, kind):
        """(number, packet, what it holds) of the packets that hold this."""
        return [(i, p, p[kind]) for i, p in enumerate(self.packets) if kind in p]

    @functools.cached_property
    def bundles(self):
        return [(i, b) for i, _, b in self.of("ftrace_events")]

    @functools.cached_property
    def events(self):
        return list(streams.events(self.packets, collections.Counter()))

    @functools.cached_property
    def replay(self):
        return replay.Replay(self.packets)


def kind_of(event):
    return next((k for k, v in event.items() if isinstance(v, dict)), None)


def first(trace, *kinds):
    return min((i for i, p in enumerate(trace.packets) if any(k in p for k in kinds)), default=len(trace.packets))


# ---- what the recording was made on ----

def rule_the_kernel_is_told_first(trace):
    told = trace.of("system_info")
    if len(told) != 1:
        yield f"{len(told)} packets with system_info"
        return
    if told[0][0] > first(trace, "ftrace_events"):
        yield "system_info comes after events, whose states are read by its release"
    release = told[0][2].get("utsname", {}).get("release", "")
    if not re.match(r"\d+\.\d+", release):
        yield f"the release is '{release}'"


def rule_clocks_are_tied(trace):
    told = trace.of("clock_snapshot")
    if not told or told[0][0] > first(trace, "ftrace_events", "track_event"):
        yield "there is no clock_snapshot before the events"
    for number, _, snapshot in told:
        ids = sorted(c.get("clock_id", 0) for c in snapshot.get("clocks", []))
        if ids not in (sorted((BOOTTIME, MONOTONIC)), sorted((BOOTTIME, MONOTONIC, REALTIME))):
            yield f"packet {number} ties the clocks {ids}"
        if any("timestamp" not in c or "unit_multiplier_ns" in c for c in snapshot.get("clocks", [])):
            yield f"packet {number} has a clock without a time in ns"
        if snapshot.get("primary_trace_clock", BOOTTIME) != BOOTTIME:
            yield f"packet {number} makes clock {snapshot['primary_trace_clock']} the first"


def rule_times_are_boottime(trace):
    for i, p in enumerate(trace.packets):
        defaults = p.get("trace_packet_defaults", {})
        if p.get("timestamp_clock_id", BOOTTIME) != BOOTTIME or defaults.get("timestamp_clock_id", 6) != BOOTTIME:
            yield f"packet {i} is of another clock"
    for i, b in trace.bundles:
        for field in ("ftrace_clock", "ftrace_timestamp", "boot_timestamp"):
            if field in b:
                yield f"packet {i} has {field}: without, a bundle is BOOTTIME"


def rule_cpus_are_told(trace):
    told = trace.of("cpu_info")
    if len(told) != 1:
        yield f"{len(told)} packets with cpu_info"
        return
    cpus = told[0][2].get("cpus", [])
    last = max((b.get("cpu", 0) for _, b in trace.bundles), default=0)
    if len(cpus) <= last:
        yield f"{len(cpus)} CPUs are told of, CPU {last} has events"
    if not all(c.get("processor") for c in cpus):
        yield "a CPU has no processor"


# ---- who there is ----

def rule_processes_have_command_and_parent(trace):
    if not trace.of("process_tree"):
        yield "there is no process_tree"
    for number, _, tree in trace.of("process_tree"):
        for p in tree.get("processes", []):
            if "pid" not in p or "ppid" not in p or not any(p.get("cmdline", [])):
                yield f"packet {number} has a process without pid, ppid or cmdline: {p}"
        for t in tree.get("threads", []):
            if "tid" not in t or "tgid" not in t:
                yield f"packet {number} has a thread without tid or tgid: {t}"


def rule_the_idle_task_is_not_declared(trace):
    for number, _, tree in trace.of("process_tree"):
        if any(not p.get("pid") for p in tree.get("processes", [])) or any(
                not t.get("tid") for t in tree.get("threads", [])):
            yield f"packet {number} declares 0"
    for number, _, d in trace.of("track_descriptor"):
        if not d.get("thread", {}).get("tid", 1) or not d.get("process", {}).get("pid", 1):
            yield f"packet {number} makes a track of 0"
    for event in trace.events:
        if event.kind in ("task_newtask", "sched_process_free") and not event.fields.get("pid"):
            yield f"at {event.ts} 0 has {event.kind}"


def declared(event):
    """The numbers that an event makes the importer know."""
    f = event.fields
    if event.kind == "process_tree":
        return [p.get(n, 0) for p in f.get("processes", []) for n in ("ppid", "pid")] + [
            t.get(n) for t in f.get("threads", []) for n in ("tgid", "tid")]
    if event.kind == "track_descriptor":
        return [f[k][n] for k, n in (("thread", "pid"), ("thread", "tid"), ("process", "pid")) if k in f]
    if event.kind == "sched_switch":
        return [f.get("prev_pid"), f.get("next_pid")]
    return [f.get(ABOUT[event.kind])] if event.kind in ABOUT else []


def rule_only_the_living_are_spoken_of(trace):
    """A number that is spoken of after its end or before its birth becomes a thread of its own, a phantom."""
    freed, known = {}, {0}
    for event in trace.events:
        if event.kind == "task_newtask":
            tid = event.fields.get("pid")
            if tid in known:
                yield f"{tid} is born at {event.ts}, and was known before"
            known.add(tid)
            freed.pop(tid, None)
            continue
        for tid in declared(event):
            if tid in freed:
                yield f"{event.kind} at {event.ts} speaks of {tid}, which was freed at {freed[tid]}"
            known.add(tid)
        if event.kind == "sched_process_free":
            freed[event.fields.get("pid")] = event.ts
            known.discard(event.fields.get("pid"))


def rule_a_thread_has_one_track(trace):
    births, seen, owners = collections.Counter(), {}, {}
    for event in trace.events:
        if event.kind == "task_newtask":
            births[event.fields.get("pid")] += 1
        if event.kind != "track_descriptor":
            continue
        for what, number in (("thread", "tid"), ("process", "pid")):
            if what not in event.fields:
                continue
            if "pid" not in event.fields[what] or number not in event.fields[what]:
                yield f"packet {event.packet} describes a {what} without numbers"
                continue
            n, uuid = event.fields[what][number], event.fields.get("uuid")
            if seen.setdefault((what, n, births[n]), uuid) != uuid:
                yield f"{what} {n} has two tracks"
            if owners.setdefault(uuid, (what, n, births[n])) != (what, n, births[n]):
                yield f"track {uuid} is of {owners[uuid]} and of {what} {n}"


def rule_tracks_are_described(trace):
    known = {0, *(d.get("uuid", 0) for _, _, d in trace.of("track_descriptor"))}
    for i, _, d in trace.of("track_descriptor"):
        if "uuid" not in d:
            yield f"packet {i} describes a track without a number"
        if d.get("parent_uuid", 0) not in known:
            yield f"packet {i} has a parent that is not described"
    for e in trace.events:
        if e.kind == "track_event" and e.fields["track_uuid"] not in known - {0}:
            yield f"packet {e.packet} is an event of track {e.fields['track_uuid']}, which is not described"


def rule_events_of_no_thread_have_their_own_sequence(trace):
    """Such an event would bring the last thread described on its sequence back to life, if that has ended."""
    of_threads = {d.get("uuid") for _, _, d in trace.of("track_descriptor") if "thread" in d}
    for e in trace.events:
        if e.kind != "track_event" or not e.fields["_sequence"].thread:
            continue
        if e.fields["track_uuid"] not in of_threads:
            yield f"packet {e.packet} is an event of no thread, on a sequence that describes threads"
            return


# ---- bundles ----

def rule_bundles_name_their_cpu(trace):
    for i, b in trace.bundles:
        if "cpu" not in b:
            yield f"the bundle in packet {i} is of no CPU: all of it would be dropped"
        for field in ("previous_bundle_end_timestamp", "last_read_event_timestamp"):
            if field in b:
                yield f"the bundle in packet {i} has {field}, which trims what was before"


def rule_events_name_their_task(trace):
    for i, b in trace.bundles:
        for e in b.get("event", []):
            if "pid" not in e or "timestamp" not in e or not kind_of(e):
                yield f"an event in packet {i} has no pid, time or content: {e}"


def rule_columns_fit(trace):
    for i, b in trace.bundles:
        compact = b.get("compact_sched", {})
        for names, kind in COMPACT:
            lengths = decode.column_lengths(compact, names)
            if len(set(lengths.values())) > 1:
                yield f"packet {i}: columns of {kind} differ in length: {lengths}"
            table = len(compact.get("intern_table", []))
            if any(c >= table for c in compact.get(names[4], [])):
                yield f"packet {i}: a name of {kind} is not in the intern_table of {table}"


def times(bundle):
    """The times of each kind of event in a bundle, in the order of the file."""
    compact = bundle.get("compact_sched", {})
    for names, _ in COMPACT:
        now, out = 0, []
        for delta in compact.get(names[0], []):
            now += delta if delta < 1 << 63 else delta - (1 << 64)
            out.append(now)
        yield out
    yield [e.get("timestamp", 0) for e in bundle.get("event", [])]


def rule_columns_are_in_order(trace):
    """Whole events are sorted by the importer; of a column it takes a step backwards for a very long one forwards."""
    for i, b in trace.bundles:
        for column in list(times(b))[:len(COMPACT)]:
            if column != sorted(column):
                yield f"packet {i}: times go backwards"


def rule_bundles_are_short(trace):
    for i, b in trace.bundles:
        all_times = [t for column in times(b) for t in column]
        if all_times and max(all_times) - min(all_times) > BUNDLE_NS:
            yield f"the bundle in packet {i} spans {max(all_times) - min(all_times)} ns"
        if not all_times and not b.get("lost_events"):
            yield f"the bundle in packet {i} is empty"


# ---- switches and wakings ----

def rule_a_cpu_begins_with_one_whole_switch(trace):
    seeded, seen = collections.Counter(), set()
    for e in trace.events:
        if e.kind == "sched_switch":
            seeded[e.cpu] += 1
            if e.cpu in seen:
                yield f"CPU {e.cpu} has events before it is told at {e.ts} who runs"
            if {"prev_pid", "prev_state", "next_pid", "prev_comm", "next_comm"} - set(e.fields):
                yield f"the first switch of CPU {e.cpu} leaves something out: {e.fields}"
        if e.kind in ("switch", "waking"):
            seen.add(e.cpu)
    for cpu in sorted(seen | set(seeded)):
        if seeded[cpu] != 1:
            yield f"CPU {cpu} has {seeded[cpu]} whole switches"


def rule_wakings_are_compact(trace):
    for e in trace.events:
        if e.kind in ("sched_waking", "sched_wakeup"):
            yield f"a whole {e.kind} at {e.ts} loses whether an interrupt woke"
        if e.kind == "waking" and e.fields["flags"] not in IRQ_FLAGS:
            yield f"the waking at {e.ts} has flags {e.fields['flags']:#x}"


def gaps(trace):
    return any(b.get("lost_events") for _, b in trace.bundles)


def rule_states_are_those_of_the_tracepoint(trace):
    for e in trace.events:
        if e.kind not in ("switch", "sched_switch"):
            continue
        state = e.fields.get("prev_state")
        if state not in PREV_STATES and not (state == NOT_KNOWN and gaps(trace)):
            yield f"the switch at {e.ts} on CPU {e.cpu} has prev_state {state}"


def rule_births_tell_thread_from_process(trace):
    for e in trace.events:
        if e.kind == "task_newtask" and ("clone_flags" not in e.fields or not e.fields.get("comm")):
            yield f"the birth at {e.ts} has no clone_flags or no name: {e.fields}"


def rule_the_dead_are_freed(trace):
    running, dying, early = {}, {}, {}
    for e in trace.events:
        if e.kind in ("switch", "sched_switch"):
            prev = e.fields.get("prev_pid", running.get(e.cpu))
            if early.pop(prev, e.ts) < e.ts:
                yield f"{prev} is freed before {e.ts}, until when it runs"
            elif e.fields["prev_state"] in DEAD:
                dying.setdefault(prev, e.ts)
            running[e.cpu] = e.fields["next_pid"]
        if e.kind == "sched_process_free":
            dying[e.fields["pid"]] = None
            if e.fields["pid"] in running.values():
                early[e.fields["pid"]] = e.ts
        if e.kind == "task_newtask":
            dying.pop(e.fields["pid"], None)
        if e.kind == "sched_process_exit":
            yield f"sched_process_exit at {e.ts}: what ends a thread is sched_process_free"
    for tid, ts in [*early.items(), *((tid, ts) for tid, ts in dying.items() if ts is not None)]:
        if not waits_for_its_threads(trace, tid):
            yield f"{tid} died at {ts}, is freed before that or never"


def waits_for_its_threads(trace, tid):
    """The leader of a process is freed when all of its threads are."""
    threads, processes = trace.replay.p.threads, trace.replay.p.processes
    upid = next((t.upid for t in reversed(threads) if t.tid == tid), None)
    leads = upid is not None and processes[upid].pid == tid
    return leads and any(t.upid == upid and t.tid != tid and t.end is None for t in threads)


# ---- sequences, tracks, all of it ----

def rule_a_sequence_begins_cleared(trace):
    seen = set()
    for i, p in enumerate(trace.packets):
        sequence = p.get("trusted_packet_sequence_id")
        if not sequence:
            yield f"packet {i} is of no sequence"
        elif sequence not in seen and not p.get("sequence_flags", 0) & streams.CLEARED:
            yield f"packet {i} is the first of sequence {sequence} and does not clear its state"
        seen.add(sequence)


def rule_flows_lead_somewhere(trace):
    ends = collections.Counter()
    for e in trace.events:
        if e.kind != "track_event":
            continue
        for flow in e.fields.get("flow_ids", []):
            ends[flow] += 1
        for flow in e.fields.get("terminating_flow_ids", []):
            if not ends[flow]:
                yield f"flow {flow} ends at {e.ts} and never began"
            ends[flow] += 1
    for flow, n in ends.items():
        if n == 1:
            yield f"flow {flow} has one end only"


def rule_slices_have_names(trace):
    for s in trace.replay.tracks.slices:
        if not s.name:
            yield f"the slice at {s.ts} on {s.track} has no name"


def rule_the_path_has_no_gap(trace):
    path = [s for s in trace.replay.tracks.slices if s.track == "critical path"]
    for s in path:
        if s.depth or s.dur <= 0:
            yield f"the step at {s.ts} is inside another, or has no length or no end"
    for a, b in zip(path, path[1:]):
        if a.ts + a.dur != b.ts:
            yield f"the step at {b.ts} does not begin where the one before ends"


def rule_who_runs_has_a_name_and_a_process(trace):
    r = trace.replay
    for utid in sorted({s.utid for s in r.sched}):
        thread = r.p.threads[utid]
        if not thread.name or thread.upid is None:
            yield f"thread {thread.tid} runs and has no name or no process"


def rule_the_importer_has_no_complaint(trace):
    for name, count in trace.replay.stats.items():
        if not (name in LOSS and gaps(trace)):
            yield f"{name} is {count}"


RULES = [(n[5:], f) for n, f in vars().copy().items() if n.startswith("rule_")]


def broken(packets):
    """{rule: sentences} of the rules that are broken. What is not even decoded is Bad."""
    trace, out = Trace(packets), {}
    for name, rule in RULES:
        try:
            sentences = list(rule(trace))
        except (decode.Bad, KeyError, TypeError, IndexError) as e:
            sentences = [f"cannot be looked at: {type(e).__name__}: {e}"]
        if sentences:
            out[name] = sentences
    return out


def main():
    status = 0
    for path in sys.argv[1:]:
        try:
            found = broken(decode.load(path))
        except (decode.Bad, OSError) as e:
            found = {"framing": [str(e)]}
        for name, sentences in found.items():
            status = 1
            print(f"{path}: {name}: {sentences[0]}" + (f" (and {len(sentences) - 1} more)" if sentences[1:] else ""))
    sys.exit(status)


if __name__ == "__main__":
    main()
