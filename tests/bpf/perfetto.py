#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""perfetto.py - real recordings as Perfetto traces: every rule of them holds, and every row is that of the model."""
import os
import sys

import real
from real import check

sys.path.append(os.path.join(real.ROOT, "tests/perfetto"))

import exports  # noqa: E402


def holds(name, *options, **kw):
    exports.RECORDED[name](f"{name}.svz")
    packets = exports.hold(real.path(f"{name}.svz"), *options, **kw)
    check(any("ftrace_events" in p for p in packets), "it has events")


def test_pool():
    holds("pool")


def test_rooms():
    holds("rooms")


def test_gil():
    holds("gil")


def test_python_pool():
    holds("python_pool")


def test_whole_machine():
    holds("whole_machine")


def test_a_window_and_a_filter():
    holds("seq", "--from", "5ms", "--to", "50ms")
    exports.RECORDED["pool"]("cut.svz")
    exports.hold(real.path("cut.svz"), "--tasks", "worker*")
    exports.hold(real.path("cut.svz"), "--from", "20ms", "--to", "120ms", "--tasks", "worker*", gzip=True)


def scheduler_events(packets):
    for p in packets:
        bundle = p.get("ftrace_events", {})
        compact = bundle.get("compact_sched", {})
        yield len(bundle.get("event", ())) + len(compact.get("switch_timestamp", ())) + len(
            compact.get("waking_timestamp", ()))


def test_it_is_small():
    """Bytes of one scheduler event, where there are so many that the names are no matter; steps of the path, too."""
    real.run_workload("many.svz", "pingpong", "--rounds", "5000")
    trace, told = exports.both(real.path("many.svz"))
    events = sum(scheduler_events(exports.decode.load(trace))) + told.count('{"type":"path"')
    size = os.path.getsize(trace)
    print(f"{size} bytes, {events} events, {size / events:.1f} each")
    check(events > 10_000 and size <= 8 * events, f"{size} bytes for {events} events")


real.main()
