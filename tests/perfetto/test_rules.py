#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""test_rules.py - tests of the checks on Perfetto traces: a right trace breaks none, each planted fault its own rule.

Prints "PASS name" or "FAIL name: why". An argument runs only the tests whose name contains it.
"""
import copy
import gzip
import os
import sys
import tempfile
import zlib

import build
import decode
import harness
import replay
import rules
from harness import check

MS = 1_000_000
FACTS, TREE, BIRTH, TRACKS = 0, 3, 4, 6


def compact(switches, wakings=()):
    """Rows (at, prev_state, next_pid, name) and (at, pid, cpu, name, flags) as columns."""
    table = sorted({row[3] for row in (*switches, *wakings)})

    def deltas(rows):
        return [row[0] - before for row, before in zip(rows, [0] + [r[0] for r in rows])]

    columns = {"switch_timestamp": deltas(switches), "switch_prev_state": [r[1] for r in switches],
               "switch_next_pid": [r[2] for r in switches], "switch_next_prio": [120] * len(switches),
               "switch_next_comm_index": [table.index(r[3]) for r in switches],
               "waking_timestamp": deltas(wakings), "waking_pid": [r[1] for r in wakings],
               "waking_target_cpu": [r[2] for r in wakings], "waking_prio": [120] * len(wakings),
               "waking_comm_index": [table.index(r[3]) for r in wakings],
               "waking_common_flags": [r[4] for r in wakings]}
    return {"intern_table": table, **{k: v for k, v in columns.items() if v}}


def seed(at, tid, name):
    return {"timestamp": at, "pid": 0,
            "sched_switch": {"prev_comm": "swapper/0", "prev_pid": 0, "prev_prio": 120, "prev_state": 0,
                             "next_comm": name, "next_pid": tid, "next_prio": 120}}


def event(at, by, kind, **fields):
    return {"timestamp": at, "pid": by, kind: fields}


def bundle(cpu, events=(), **fields):
    return {"ftrace_events": {"cpu": cpu, "event": list(events), **fields}}


def slice_event(at, track, kind, name=None, **fields):
    named = {"name": name} if name else {}
    return {"timestamp": at, "track_event": {"type": kind, "track_uuid": track, **named, **fields}}


def step(start, end, name, **args):
    """A slice of the critical path."""
    details = [{"name": k, "string_value" if isinstance(v, str) else "uint_value": v} for k, v in args.items()]
    return slice_event(start, 10, 1, name, debug_annotations=details), slice_event(end, 10, 2)


def right():
    """master/100 makes thread worker/101, wakes it with a job and waits; a timer wakes master; worker dies."""
    packets = [
        {"system_info": {"utsname": {"sysname": "Linux", "release": "6.1.0", "machine": "x86_64"}}},
        {"clock_snapshot": {"primary_trace_clock": 6, "clocks": [
            {"clock_id": 6, "timestamp": 900 * MS}, {"clock_id": 3, "timestamp": 800 * MS},
            {"clock_id": 1, "timestamp": 1 << 60}]}},
        {"cpu_info": {"cpus": [{"processor": "0"}, {"processor": "1"}]}},
        {"timestamp": 1000 * MS, "process_tree": {
            "processes": [{"pid": 100, "ppid": 1, "cmdline": ["master", "-x"]}],
            "threads": [{"tid": 100, "tgid": 100, "name": "master"}]}},
        bundle(0, [seed(1000 * MS, 100, "master"),
                   event(1001 * MS, 100, "task_newtask", pid=101, comm="worker", clone_flags=0x10000)],
               compact_sched=compact([(1006 * MS, 1, 0, "swapper/0"), (1050 * MS, 0, 100, "master"),
                                      (1052 * MS, 1, 0, "swapper/0")],
                                     [(1005 * MS, 101, 1, "worker", 0), (1049 * MS, 100, 0, "master", 0x10)])),
        bundle(1, [seed(1000 * MS, 0, "swapper/1"), event(1061 * MS, 0, "sched_process_free", pid=101, comm="worker")],
               compact_sched=compact([(1002 * MS, 0, 101, "worker"), (1003 * MS, 1, 0, "swapper/1"),
                                      (1007 * MS, 0, 101, "worker"), (1060 * MS, 0x10, 0, "swapper/1")])),
        {"timestamp": 1000 * MS, "track_descriptor": {"uuid": 1100, "thread": {"pid": 100, "tid": 100}}},
        {"timestamp": 1001 * MS + 1, "track_descriptor": {"uuid": 1101, "thread": {"pid": 100, "tid": 101}}},
        {"track_descriptor": {"uuid": 7, "name": "jobs queued", "counter": {"unit": 2}}},
        slice_event(1004 * MS, 1100, 3, "submit job 0", flow_ids=[77]),
        slice_event(1004 * MS, 7, 4, counter_value=1),
        slice_event(1008 * MS, 1101, 1, "job 0", flow_ids=[77]),
        slice_event(1059 * MS, 1101, 2),
        slice_event(1059 * MS, 1101, 3, "finish job 0", terminating_flow_ids=[77]),
        slice_event(1008 * MS, 7, 4, counter_value=0),
        {"track_descriptor": {"uuid": 8, "name": "run queue of CPU 0", "counter": {"unit": 2}}},
        {"track_descriptor": {"uuid": 9, "name": "run queue of CPU 1", "counter": {"unit": 2}}},
        slice_event(1000 * MS, 8, 4, counter_value=1),
        slice_event(1000 * MS, 9, 4, counter_value=0),
        {"track_descriptor": {"uuid": 10, "name": "critical path", "sibling_order_rank": -1}},
        *step(1000 * MS, 1005 * MS, "master running", kind="running", then="wake", tid=100, cpu=0),
        *step(1005 * MS, 1007 * MS, "waiting for CPU 1: worker", kind="waiting", then="same", tid=101, cpu=1),
        *step(1007 * MS, 1060 * MS, "job 0 running on worker", kind="running", then="end", tid=101, cpu=1, job=0),
    ]
    for p in packets:
        p["trusted_packet_sequence_id"] = 2 if "track_event" in p else 1
    packets[0]["sequence_flags"] = packets[9]["sequence_flags"] = 1
    return packets


def whole(packets):
    """The same through the bytes of a file."""
    return list(decode.packets(build.trace(packets)))


# ---- faults: rule that must say so, what is done to the right trace ----

def columns(p, packet=4):
    return p[packet]["ftrace_events"]["compact_sched"]


def shift(p, **fields):
    p[4]["ftrace_events"].update(fields)


FAULTS = {
    "no_system_info": ("the_kernel_is_told_first", lambda p: p.pop(0)),
    "system_info_late": ("the_kernel_is_told_first", lambda p: p.append(p.pop(0))),
    "no_release": ("the_importer_has_no_complaint", lambda p: p[0]["system_info"]["utsname"].pop("release")),
    "release_of_words": ("the_kernel_is_told_first", lambda p: p[0]["system_info"]["utsname"].update(release="new")),
    "no_clocks": ("clocks_are_tied", lambda p: p.pop(1)),
    "no_monotonic": ("clocks_are_tied", lambda p: p[1]["clock_snapshot"]["clocks"].pop(1)),
    "clock_without_time": ("clocks_are_tied", lambda p: p[1]["clock_snapshot"]["clocks"][0].pop("timestamp")),
    "another_primary_clock": ("clocks_are_tied", lambda p: p[1]["clock_snapshot"].update(primary_trace_clock=3)),
    "bundle_of_a_clock": ("times_are_boottime", lambda p: shift(p, ftrace_clock=1)),
    "packet_of_a_clock": ("times_are_boottime", lambda p: p[9].update(timestamp_clock_id=3)),
    "no_cpu_info": ("cpus_are_told", lambda p: p.pop(2)),
    "a_cpu_too_few": ("cpus_are_told", lambda p: p[2]["cpu_info"]["cpus"].pop()),
    "no_tree": ("processes_have_command_and_parent", lambda p: p.pop(3)),
    "no_cmdline": ("processes_have_command_and_parent", lambda p: p[3]["process_tree"]["processes"][0].pop("cmdline")),
    "no_parent": ("processes_have_command_and_parent", lambda p: p[3]["process_tree"]["processes"][0].pop("ppid")),
    "idle_in_the_tree": ("the_idle_task_is_not_declared",
                         lambda p: p[3]["process_tree"]["threads"].append({"tid": 0, "tgid": 0, "name": "idle"})),
    "dead_in_the_tree": ("only_the_living_are_spoken_of", lambda p: p.append({
        "timestamp": 1090 * MS, "trusted_packet_sequence_id": 1,
        "process_tree": {"threads": [{"tid": 101, "tgid": 100, "name": "worker"}]}})),
    "unborn_in_the_tree": ("only_the_living_are_spoken_of",
                           lambda p: p[3]["process_tree"]["threads"].append({"tid": 101, "tgid": 100, "name": "w"})),
    "two_tracks": ("a_thread_has_one_track", lambda p: p.append({
        "timestamp": 1010 * MS, "trusted_packet_sequence_id": 1,
        "track_descriptor": {"uuid": 99, "thread": {"pid": 100, "tid": 100}}})),
    "one_track_of_two": ("a_thread_has_one_track", lambda p: p[7]["track_descriptor"].update(uuid=1100)),
    "counter_on_the_sequence_of_threads": ("events_of_no_thread_have_their_own_sequence",
                                           lambda p: p[10].update(trusted_packet_sequence_id=1)),
    "track_not_described": ("tracks_are_described", lambda p: p[9]["track_event"].update(track_uuid=5)),
    "no_cpu": ("bundles_name_their_cpu", lambda p: p[4]["ftrace_events"].pop("cpu")),
    "previous_end": ("bundles_name_their_cpu", lambda p: shift(p, previous_bundle_end_timestamp=1)),
    "event_without_pid": ("events_name_their_task", lambda p: p[4]["ftrace_events"]["event"][0].pop("pid")),
    "column_short": ("columns_fit", lambda p: columns(p)["switch_prev_state"].pop()),
    "column_missing": ("columns_fit", lambda p: columns(p).pop("waking_common_flags")),
    "index_too_high": ("columns_fit", lambda p: columns(p)["switch_next_comm_index"].__setitem__(0, 9)),
    "time_backwards": ("columns_are_in_order",
                       lambda p: columns(p)["switch_timestamp"].__setitem__(1, (1 << 64) - 5)),
    "bundle_long": ("bundles_are_short",
                    lambda p: columns(p)["switch_timestamp"].__setitem__(2, 200 * MS)),
    "bundle_empty": ("bundles_are_short",
                     lambda p: p.append({"trusted_packet_sequence_id": 1, "ftrace_events": {"cpu": 1}})),
    "not_seeded": ("a_cpu_begins_with_one_whole_switch", lambda p: p[5]["ftrace_events"]["event"].pop(0)),
    "seeded_twice": ("a_cpu_begins_with_one_whole_switch",
                     lambda p: p[5]["ftrace_events"]["event"].insert(1, seed(1001 * MS, 0, "swapper/1"))),
    "seeded_late": ("a_cpu_begins_with_one_whole_switch",
                    lambda p: p[5]["ftrace_events"]["event"][0].update(timestamp=1005 * MS)),
    "whole_waking": ("wakings_are_compact", lambda p: p[5]["ftrace_events"]["event"].insert(
        1, event(1004 * MS, 0, "sched_waking", comm="worker", pid=101, target_cpu=1))),
    "odd_flags": ("wakings_are_compact", lambda p: columns(p)["waking_common_flags"].__setitem__(1, 0x1)),
    "raw_state": ("states_are_those_of_the_tracepoint",
                  lambda p: columns(p)["switch_prev_state"].__setitem__(0, 0x402)),
    "no_clone_flags": ("births_tell_thread_from_process",
                       lambda p: p[4]["ftrace_events"]["event"][1]["task_newtask"].pop("clone_flags")),
    "not_freed": ("the_dead_are_freed", lambda p: p[5]["ftrace_events"]["event"].pop(1)),
    "freed_while_it_runs": ("the_dead_are_freed",
                            lambda p: p[5]["ftrace_events"]["event"][1].update(timestamp=1059 * MS)),
    "exit_instead": ("the_dead_are_freed", lambda p: p[5]["ftrace_events"]["event"].append(
        event(1060 * MS, 101, "sched_process_exit", pid=101, comm="worker"))),
    "not_cleared": ("a_sequence_begins_cleared", lambda p: p[0].pop("sequence_flags")),
    "no_sequence": ("a_sequence_begins_cleared", lambda p: p[9].pop("trusted_packet_sequence_id")),
    "flow_to_nowhere": ("flows_lead_somewhere", lambda p: p[9]["track_event"].update(flow_ids=[77, 78])),
    "flow_not_begun": ("flows_lead_somewhere", lambda p: p[9]["track_event"].pop("flow_ids") and
                       p[11]["track_event"].pop("flow_ids")),
    "slice_without_name": ("slices_have_names", lambda p: p[11]["track_event"].pop("name")),
    "path_with_a_gap": ("the_path_has_no_gap", lambda p: p[-4].update(timestamp=1005 * MS + 1)),
    "path_that_overlaps": ("the_path_has_no_gap", lambda p: p[-3].update(timestamp=1007 * MS + 1)),
    "path_without_an_end": ("the_path_has_no_gap", lambda p: p.pop()),
    "runs_without_process": ("who_runs_has_a_name_and_a_process",
                             lambda p: columns(p)["switch_next_pid"].__setitem__(1, 555)),
    "ends_what_never_began": ("the_importer_has_no_complaint", lambda p: p.append(
        {**slice_event(1080 * MS, 1100, 2), "trusted_packet_sequence_id": 1})),
    "whole_switch_of_another": ("the_importer_has_no_complaint", lambda p: p[5]["ftrace_events"]["event"].insert(
        1, {**seed(1004 * MS, 0, "swapper/1"), "sched_switch": {
            "prev_comm": "x", "prev_pid": 100, "prev_state": 1, "next_comm": "swapper/1", "next_pid": 0}})),
}


def plant(name):
    def test():
        rule, fault = FAULTS[name]
        packets = copy.deepcopy(right())
        fault(packets)
        found = rules.broken(whole(packets))
        check(rule in found, f"'{rule}' does not see it; seen are {found}")
    return test


def test_a_right_trace_breaks_no_rule():
    found = rules.broken(whole(right()))
    check(not found, found)


def test_every_rule_can_fail():
    planted = {rule for rule, _ in FAULTS.values()}
    check(planted == {name for name, _ in rules.RULES}, planted ^ {name for name, _ in rules.RULES})


def test_the_replay_is_what_happened():
    r = replay.Replay(whole(right()))
    names = {i: t.name for i, t in enumerate(r.p.threads)}
    got = [(names[s.utid], (s.ts - 1000 * MS) // MS, s.dur // MS if s.dur >= 0 else -1, s.state, s.cpu,
            names.get(s.waker), s.irq) for s in r.states]
    want = [("master", 0, 6, "Running", 0, None, None), ("worker", 1, 1, "R", None, "master", 0),
            ("worker", 2, 1, "Running", 1, None, None), ("worker", 3, 2, "S", None, None, None),
            ("worker", 5, 2, "R", None, "master", 0), ("master", 6, 43, "S", None, None, None),
            ("worker", 7, 53, "Running", 1, None, None), ("master", 49, 1, "R", None, "swapper", 1),
            ("master", 50, 2, "Running", 0, None, None), ("master", 52, -1, "S", None, None, None),
            ("worker", 60, -1, "X", None, None, None)]
    check(got == want, got)
    jobs = [i for i, s in enumerate(r.tracks.slices) if s.track != "critical path"]
    got = [r.tracks.slices[i][1:3] for i in jobs]
    check(got == [(1004 * MS, 0), (1008 * MS, 51 * MS), (1059 * MS, 0)], r.tracks.slices)
    check(r.tracks.flows == [(jobs[0], jobs[1]), (jobs[1], jobs[2])], r.tracks.flows)
    got = [(s.name, s.dur // MS, s.args["tid"]) for s in r.tracks.slices if s.track == "critical path"]
    check(got == [("master running", 5, 100), ("waiting for CPU 1: worker", 2, 101),
                  ("job 0 running on worker", 53, 101)], got)


# ---- framing ----

def refused(data, word):
    try:
        list(decode.packets(data))
    except decode.Bad as e:
        check(word in str(e), e)
        return
    raise AssertionError(f"it is read, though {word}")


def test_a_cut_tail_is_refused():
    data = build.trace(right())
    ends, at = set(), 0
    for p in right():
        at += len(build.trace([p]))
        ends.add(at)
    for size in range(1, len(data)):
        if size not in ends:
            refused(data[:size], "")


def test_what_the_table_does_not_know_is_refused():
    refused(b"\x0a\x03\xc8\x3e\x01", "not known")
    refused(b"\x0a\x02\x42\x00", "wire type")
    refused(b"\x12\x00", "packets")
    refused(b"\x0a\x04\x40\x01\x40\x01", "twice")
    refused(b"\x0a\x0b\x50" + b"\xff" * 9 + b"\x01", "no u32")
    refused(b"\x0a\x0d\x40" + b"\xff" * 11 + b"\x01", "ten bytes")
    refused(b"\x0a\x07\x12\x05\x12\x03\x12\x01\xff", "UTF-8")


def test_compressed_packets_are_read():
    inner = build.trace(right())
    data = build.trace([{"compressed_packets": zlib.compress(inner)}])
    check(list(decode.packets(data)) == whole(right()), "they differ")
    refused(build.trace([{"compressed_packets": zlib.compress(inner)[:-4]}]), "does not end")


def test_gzip_is_read_and_its_tail_too():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "t.pftrace.gz")
        data = gzip.compress(build.trace(right()))
        for content, whole_file in ((data, True), (data[:-5], False)):
            with open(path, "wb") as f:
                f.write(content)
            try:
                check(decode.load(path) == whole(right()) and whole_file, "a cut one is read")
            except decode.Bad:
                check(not whole_file, "a whole one is refused")


def test_the_text_has_a_line_for_each_event():
    lines = list(decode.text(whole(right())))
    check('    switch at=1050000000 prev_state=0x0 next=100 "master" prio=120' in lines, lines)
    check(sum(line.lstrip().startswith(("switch ", "waking ")) for line in lines) == 9, lines)


if __name__ == "__main__":
    sys.exit(harness.run({**harness.of(globals()), **{f"planted_{name}": plant(name) for name in FAULTS}}))
