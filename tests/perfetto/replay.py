# SPDX-License-Identifier: GPL-2.0-only
"""replay.py - what Perfetto's importer makes of a trace: threads and their states, CPUs, slices, flows and counters.

Written from what the importer does, not from what the exporter means to say, so that a trace which is well-formed but
would be shown wrongly is found out. Rows are those of its tables: an open one has a duration of -1.
"""
import collections

import streams

CLONE_THREAD = 0x10000
IRQ_FLAGS = 0x18
SWAPPER = 0
FTRACE, PROCESS_TREE, TRACK_DESCRIPTOR = 1, 2, 4
GENERIC_STATES = {2: "R", 3: "Running", 4: "S", 5: "D", 6: "T"}

State = collections.namedtuple("State", "utid ts dur state cpu waker irq function", defaults=[None])
Sched = collections.namedtuple("Sched", "cpu ts dur utid end_state")
Slice = collections.namedtuple("Slice", "track ts dur name depth args", defaults=[{}])  # args: {name: value}
Counter = collections.namedtuple("Counter", "track ts value")


class Thread:
    def __init__(self, tid, start=None):
        self.tid, self.start, self.end = tid, start, None
        self.upid, self.name, self.priority = None, None, 0


class Process:
    def __init__(self, pid, start=None):
        self.pid, self.start, self.end = pid, start, None
        self.name, self.cmdline, self.parent = None, None, None


def state_name(prev_state, release):
    """As a kernel of 4.14 or later means it; None is no state."""
    if release is None or prev_state & 0xFE00:
        return None
    if not prev_state & 0xFF:
        return "R+" if prev_state & 0x100 else "R"
    return "".join(letter for bit, letter in ((1, "S"), (2, "D"), (4, "T"), (8, "t"), (0x10, "X"), (0x20, "Z"),
                                              (0x40, "P"), (0x80, "I")) if prev_state & bit)


class Processes:
    """Which thread and process a number means at this moment."""

    def __init__(self, stats):
        self.threads, self.processes, self.stats = [Thread(0)], [Process(0)], stats
        self.threads[0].upid, self.threads[0].name, self.threads[0].priority = 0, "swapper", 9
        self.tids, self.pids = {0: 0}, {0: 0}

    def start_thread(self, ts, tid):
        self.threads.append(Thread(tid, ts))
        self.tids[tid] = len(self.threads) - 1
        return self.tids[tid]

    def thread(self, tid):
        return self.tids[tid] if tid in self.tids else self.start_thread(None, tid)

    def process(self, pid):
        if pid not in self.pids:
            self.processes.append(Process(pid))
            self.pids[pid] = len(self.processes) - 1
            self.declare(pid, pid)
        return self.pids[pid]

    def declare(self, tid, pid):
        """A thread of this process; one of another process that has the number is over."""
        upid = self.process(pid)
        utid = self.tids.get(tid)
        if utid is not None and self.threads[utid].upid not in (None, upid):
            utid = None
        if utid is None:
            utid = self.start_thread(None, tid)
        self.threads[utid].upid = upid
        return utid

    def fork(self, ts, parent, tid, comm):
        self.pids.pop(tid, None)
        self.tids.pop(tid, None)
        utid = self.start_thread(ts, tid)
        self.rename(utid, comm, FTRACE)
        upid = self.process(tid)
        self.processes[upid].start, self.processes[upid].name = ts, comm
        self.processes[upid].parent = self.threads[parent].upid
        return utid

    def clone(self, ts, parent, tid, comm):
        utid = self.start_thread(ts, tid)
        self.rename(utid, comm, FTRACE)
        self.threads[utid].upid = self.threads[parent].upid
        return utid

    def rename(self, utid, name, priority):
        thread = self.threads[utid]
        if name and priority >= thread.priority:
            thread.name, thread.priority = name, priority

    def end(self, ts, tid):
        if tid not in self.tids:
            return
        thread = self.threads[self.tids.pop(tid)]
        thread.end = ts
        if thread.upid is None or self.processes[thread.upid].pid != tid:
            return
        self.processes[thread.upid].end = ts
        self.pids.pop(tid, None)
        for number, utid in list(self.tids.items()):
            if self.threads[utid].upid == thread.upid:
                del self.tids[number]

    def tree(self, tree):
        for p in tree.get("processes", ()):
            if "cmdline" not in p:
                continue
            parent, upid = self.process(p.get("ppid", 0)), self.process(p.get("pid", 0))
            process = self.processes[upid]
            if process.parent is None:
                process.parent = parent
            elif process.parent != parent:
                self.stats["process_tracker_parent_pid_changed"] += 1
            process.cmdline = " ".join(p["cmdline"])
            process.name = p["cmdline"][0].split(" ")[0] if len(p["cmdline"]) == 1 else p["cmdline"][0]
            if p.get("cmdline_is_comm"):
                self.rename(self.thread(p["pid"]), process.cmdline, PROCESS_TREE)
        for t in tree.get("threads", ()):
            self.rename(self.declare(t.get("tid", 0), t.get("tgid", 0)), t.get("name"), PROCESS_TREE)


class States:
    """The table thread_state."""

    def __init__(self):
        self.rows, self.last, self.blocked, self.spurious = [], {}, {}, []

    def open(self, ts, utid, state, cpu=None, waker=None, irq=None):
        if utid == SWAPPER:
            return
        self.last[utid] = len(self.rows)
        if state == "Running":
            self.blocked.pop(utid, None)
        elif state != "R":
            self.blocked[utid] = len(self.rows)
        self.rows.append(State(utid, ts, -1, state, cpu, waker, irq))

    def slept_in(self, utid, function):
        if utid in self.blocked:
            row = self.blocked[utid]
            self.rows[row] = self.rows[row]._replace(function=function)

    def close(self, ts, utid):
        if utid in self.last:
            row = self.last[utid]
            self.rows[row] = self.rows[row]._replace(dur=ts - self.rows[row].ts)

    def current(self, utid):
        """Its state, None if it is of none that is known, "" if it has none yet."""
        return self.rows[self.last[utid]].state if utid in self.last else ""

    def switch(self, ts, cpu, prev, state, following):
        if self.current(prev) in ("", "Running"):
            self.close(ts, prev)
        self.open(ts, prev, state)
        self.close(ts, following)
        self.open(ts, following, "Running", cpu)

    def waking(self, ts, utid, waker, irq):
        if self.current(utid) in ("R", "Running"):
            self.spurious.append((ts, utid, waker, irq))
            return
        self.close(ts, utid)
        self.open(ts, utid, "R", None, waker, irq)


class Replay:
    def __init__(self, packets):
        self.stats = collections.Counter()
        self.p, self.s = Processes(self.stats), States()
        self.release = None
        self.sched, self.running, self.open_sched = [], {}, {}
        self.tracks = Tracks(self, packets)
        self.wakings = []  # (event, utid of who ran on its CPU)
        for event in streams.events(packets, self.stats):
            handler = getattr(self, "on_" + event.kind, None)
            if handler:
                handler(event, event.fields)
        self.states = self.s.rows

    # ---- packets ----

    def on_system_info(self, _, fields):
        self.release = fields.get("utsname", {}).get("release")

    def on_process_tree(self, _, fields):
        self.p.tree(fields)

    def on_track_descriptor(self, _, fields):
        self.tracks.describe(fields)

    def on_track_event(self, event, fields):
        self.tracks.event(event.ts, fields)

    def on_generic_kernel_task_state_event(self, event, fields):
        """Such an event sets one task's state. Only of tasks off their CPU: those that run are switched to."""
        utid, state = self.p.thread(fields["tid"]), GENERIC_STATES.get(fields.get("state"))
        if state is None or state == "Running":
            self.stats["generic_task_state_invalid_order"] += 1
            return
        self.p.rename(utid, fields.get("comm"), FTRACE)
        self.s.close(event.ts, utid)
        self.s.open(event.ts, utid, state)

    # ---- the scheduler ----

    def state_of(self, prev_state):
        state = state_name(prev_state, self.release)
        if state is None:
            self.stats["task_state_invalid"] += 1
        return state

    def switched(self, event, prev, state, following):
        if event.cpu in self.open_sched:
            row = self.open_sched[event.cpu]
            self.sched[row] = self.sched[row]._replace(dur=event.ts - self.sched[row].ts, end_state=state)
        self.open_sched[event.cpu] = len(self.sched)
        self.sched.append(Sched(event.cpu, event.ts, -1, following, None))
        self.running[event.cpu] = following
        self.s.switch(event.ts, event.cpu, prev, state, following)

    def on_sched_switch(self, event, fields):
        following = self.p.thread(fields["next_pid"])
        self.p.rename(following, fields.get("next_comm"), FTRACE)
        prev = self.p.thread(fields["prev_pid"])
        self.p.rename(prev, fields.get("prev_comm"), FTRACE)
        if event.cpu in self.running and self.p.threads[self.running[event.cpu]].tid != fields["prev_pid"]:
            self.stats["mismatched_sched_switch_tids"] += 1
            self.open_sched.pop(event.cpu, None)
        self.switched(event, prev, self.state_of(fields["prev_state"]), following)

    def on_switch(self, event, fields):
        following = self.p.thread(fields["next_pid"])
        self.p.rename(following, fields["next_comm"], FTRACE)
        if event.cpu not in self.running:
            self.stats["compact_sched_switch_skipped"] += 1
            self.running[event.cpu] = following
            return
        self.switched(event, self.running[event.cpu], self.state_of(fields["prev_state"]), following)

    def on_waking(self, event, fields):
        if event.cpu not in self.running:
            self.stats["compact_sched_waking_skipped"] += 1
            return
        waker = self.running[event.cpu]
        self.wakings.append((event, waker))
        self.s.waking(event.ts, self.p.thread(fields["pid"]), waker, int(bool(fields["flags"] & IRQ_FLAGS)))

    def on_sched_waking(self, event, fields):
        woken = self.p.thread(fields["pid"])
        self.p.rename(woken, fields.get("comm"), FTRACE)
        waker = self.p.thread(fields["_pid"])
        self.wakings.append((event, waker))
        self.s.waking(event.ts, woken, waker, None)

    def on_task_newtask(self, event, fields):
        parent = self.p.thread(fields["_pid"])
        make = self.p.clone if fields.get("clone_flags", 0) & CLONE_THREAD else self.p.fork
        utid = make(event.ts, parent, fields["pid"], fields.get("comm"))
        self.s.open(event.ts, utid, "R", None, parent, 0)

    def on_task_rename(self, _, fields):
        utid = self.p.thread(fields["pid"])
        self.p.rename(utid, fields.get("newcomm"), FTRACE)
        upid = self.p.threads[utid].upid
        if upid is not None and self.p.processes[upid].pid == fields["pid"]:
            self.p.processes[upid].name = fields.get("newcomm")

    def on_sched_blocked_reason(self, _, fields):
        self.s.slept_in(self.p.thread(fields["pid"]), fields["_function"])

    def on_sched_process_free(self, event, fields):
        self.p.end(event.ts, fields["pid"])


class Tracks:
    """Slices, instants, flows and counters of track events."""

    def __init__(self, replay, packets):
        self.replay, self.descriptors = replay, {}
        for d in (p["track_descriptor"] for p in packets if "track_descriptor" in p):
            self.descriptors[d.get("uuid")] = {**self.descriptors.get(d.get("uuid"), {}), **d}
        self.resolved, self.stacks = {}, collections.defaultdict(list)
        self.slices, self.flows, self.counters, self.active = [], [], [], {}

    def describe(self, fields):
        if "thread" in fields:
            thread = fields["thread"]
            utid = self.replay.p.declare(thread["tid"], thread["pid"])
            self.replay.p.rename(utid, thread.get("thread_name"), TRACK_DESCRIPTOR)
        if "process" in fields:
            upid = self.replay.p.process(fields["process"]["pid"])
            if fields["process"].get("process_name") and not self.replay.p.processes[upid].name:
                self.replay.p.processes[upid].name = fields["process"]["process_name"]

    def resolve(self, uuid):
        """("thread", utid), ("process", upid) or the name of a track."""
        if uuid not in self.resolved:
            d = self.descriptors.get(uuid, {})
            if d.get("parent_uuid") and "counter" not in d:
                self.resolved[uuid] = self.resolve(d["parent_uuid"])
            elif "thread" in d:
                utid = self.replay.p.declare(d["thread"]["tid"], d["thread"]["pid"])
                self.resolved[uuid] = ("thread", utid)
            elif "process" in d:
                self.resolved[uuid] = ("process", self.replay.p.process(d["process"]["pid"]))
            else:
                self.resolved[uuid] = d.get("name", d.get("static_name", f"track {uuid}"))
        return self.resolved[uuid]

    def event(self, ts, fields):
        uuid, kind = fields["track_uuid"], fields.get("type")
        track = self.resolve(uuid)
        writer = fields["_sequence"].thread
        if writer and track[0] != "thread":
            self.replay.p.declare(writer["tid"], writer["pid"])
        if kind == 4:
            self.counters.append(Counter(track, ts, fields.get("counter_value", fields.get("double_counter_value"))))
        elif kind == 1:
            self.begin(ts, uuid, track, fields, -1)
            self.stacks[uuid].append(len(self.slices) - 1)
        elif kind == 3:
            self.begin(ts, uuid, track, fields, 0)
        elif kind == 2:
            self.end(ts, uuid)
        else:
            self.replay.stats["track_event_parser_errors"] += 1

    def begin(self, ts, uuid, track, fields, dur):
        args = {a["name"]: a.get("string_value", a.get("uint_value")) for a in fields.get("debug_annotations", ())}
        self.slices.append(Slice(track, ts, dur, fields.get("name"), len(self.stacks[uuid]), args))
        here = len(self.slices) - 1
        for flow in fields.get("flow_ids", ()):
            if flow in self.active:
                self.flows.append((self.active[flow], here))
            self.active[flow] = here
        for flow in fields.get("terminating_flow_ids", ()):
            if flow in self.active:
                self.flows.append((self.active.pop(flow), here))

    def end(self, ts, uuid):
        if not self.stacks[uuid]:
            self.replay.stats["misplaced_end_event"] += 1
            return
        row = self.stacks[uuid].pop()
        self.slices[row] = self.slices[row]._replace(dur=ts - self.slices[row].ts)
