# SPDX-License-Identifier: GPL-2.0-only
"""compare.py - the tables of Perfetto, wherever they are from, against the lines of the same recording.

`Tables` holds rows as replay.py names them; times are BOOTTIME. A comparison yields sentences. The first of a kind is
enough to look at; the others are counted.
"""
import bisect
import collections
import itertools

import lines as lines_module
from lines import PID_MAX

Thread = collections.namedtuple("Thread", "tid name pid start end")
Process = collections.namedtuple("Process", "pid name cmdline parent")


ANY = object()  # what is not told, so that it may be anything


def safe(name):
    """As a view of schedviz prints it: what is not printable is shown as the bytes it is."""
    return "".join(c if c.isprintable() and c != "\\" else "".join(f"\\x{b:02x}" for b in c.encode()) for c in name)


class Tables:
    """threads by utid, processes, states, sched, slices, flows (pairs of indices of slices), counters."""

    def __init__(self, offset):
        self.offset = offset  # what is to be added to a time of the lines
        self.threads, self.processes = {}, []
        self.states, self.spurious, self.sched, self.slices, self.flows, self.counters = [], [], [], [], [], []


def of_replay(replay, packets, start_ns):
    out = Tables(start_ns + boot_offset(packets))
    processes = replay.p.processes
    for utid, t in enumerate(replay.p.threads):
        out.threads[utid] = Thread(t.tid, t.name, None if t.upid is None else processes[t.upid].pid, t.start, t.end)
    for p in processes:
        out.processes.append(Process(p.pid, p.name, p.cmdline, None if p.parent is None else processes[p.parent].pid))
    out.states, out.spurious, out.sched = replay.states, replay.s.spurious, replay.sched
    out.slices, out.flows, out.counters = replay.tracks.slices, replay.tracks.flows, replay.tracks.counters
    return out


def boot_offset(packets):
    """BOOTTIME - MONOTONIC."""
    clocks = next(p["clock_snapshot"] for p in packets if "clock_snapshot" in p)["clocks"]
    at = {c["clock_id"]: c["timestamp"] for c in clocks}
    return at[6] - at[3]


class Comparison:
    def __init__(self, tables, lines):
        self.t, self.l = tables, lines
        self.utids = {}  # task -> utid
        self.counts = collections.Counter()
        self.not_known = 0  # rows without a state

    def since(self, ns):
        return ns - self.t.offset

    def name(self, utid):
        thread = self.t.threads.get(utid)
        return f"{thread.name}/{thread.tid}" if thread else str(utid)

    # ---- who is who ----

    def match(self):
        """Tasks with one number are told apart by their order."""
        by_tid, ours = collections.defaultdict(list), collections.defaultdict(list)
        for utid, thread in self.t.threads.items():
            by_tid[thread.tid].append(utid)
        for task in self.l.tasks.values():
            if task["tid"] and self.l.alive(task["id"]):
                ours[task["tid"]].append((task["born_ns"], task["id"]))
        for tid, tasks in ours.items():
            found = sorted(by_tid[tid])
            if self.at_once(tid):
                self.counts["numbers that two had"] += 1
                continue
            if not found and not any(self.l.spans[task] for _, task in tasks):
                continue  # it is not followed
            if len(found) != len(tasks):
                yield f"thread {tid} is there {len(found)} times, not {len(tasks)}"
            self.utids.update(zip((task for _, task in sorted(tasks)), found))
        self.counts["threads"] = len(self.utids)

    def at_once(self, tid):
        """An exec by another thread than the leader took the leader's number while that was there."""
        lives = sorted((t["born_ns"], t["died_ns"]) for t in self.l.tasks.values() if t["tid"] == tid)
        return any(later[0] < earlier[1] for earlier, later in zip(lives, lives[1:]))

    def names(self):
        for task, utid in self.utids.items():
            want, got = self.l.tasks[task], self.t.threads[utid]
            if got.name != safe(want["name"]) and "\ufffd" not in want["name"]:
                yield f"thread {got.tid} is called {got.name!r}, not {safe(want['name'])!r}"
            if got.pid != want["pid"]:
                yield f"thread {got.tid} is of process {got.pid}, not {want['pid']}"

    def parents(self):
        found = collections.defaultdict(set)
        for p in self.t.processes:
            found[p.pid].add(p.parent)
        for task in self.l.tasks.values():
            parent = self.l.tasks.get(task["parent"])
            if task["id"] not in self.utids or task["tid"] != task["pid"] or not parent:
                continue
            if parent["pid"] not in found[task["pid"]]:
                yield f"process {task['pid']} has the parents {found[task['pid']]}, not {parent['pid']}"

    # ---- states ----

    def states(self):
        rows = collections.defaultdict(list)
        for row in self.t.states:
            rows[row.utid].append(row)
        for task, utid in self.utids.items():
            want = self.l.rows(task)
            self.not_known += sum(w.states == {None} for w in want)
            got = rows.pop(utid, [])
            self.counts["thread_state"] += len(got)
            yield from self.rows_of(utid, want, sorted(got, key=lambda r: r.ts))
        for utid in rows:
            tid = self.t.threads[utid].tid
            if tid and tid < PID_MAX and not self.counts["numbers that two had"]:
                yield f"{self.name(utid)} has {len(rows[utid])} states and is no task of the recording"

    def rows_of(self, utid, want, got):
        """Rows without a length are of two things that happened at once."""
        got = [g for g in got if g.dur]
        for w, g in itertools.zip_longest(want, got):
            fault = self.row_fault(w, g) if w and g else f"has {len(got)} states, not {len(want)}"
            if fault:
                yield f"{self.name(utid)}: {fault}: {self.shown(w, g)}"
                return
            fault = self.wake_fault(w.wake, g)
            if fault:
                yield f"{self.name(utid)} woken at {w.from_ns}: {fault}"
            fault = self.call_fault(w.span, g)
            if fault:
                yield f"{self.name(utid)} from {w.from_ns}: {fault}"

    def call_fault(self, span, got):
        """What it slept in: a call, and for some an argument."""
        call = span["syscall"] if span and span["state"] in ("sleeping", "blocked", "stopped") else None
        if call and got.function:
            self.counts["calls"] += 1
        if not call:
            return got.function and f"it slept in {got.function}, of which the lines say nothing"
        if not got.function and span["to_ns"] - span["from_ns"] < 2:
            return None  # there is no instant within it at which to say so
        if got.function not in (call, f"{call} {span['arg']:#x}"):
            return f"it slept in {got.function}, not {call}({span['arg']:#x})"
        return None

    def shown(self, want, got):
        row = got and (self.since(got.ts), got.dur, got.state, got.cpu)
        return f"the lines say {want and want[:4]}, Perfetto {row}"

    def row_fault(self, want, got):
        if self.since(got.ts) != want.from_ns:
            return "another start"
        if got.dur != (-1 if want.to_ns is None else want.to_ns - want.from_ns):
            return "another duration"
        if got.state not in want.states:
            return "another state"
        return "another CPU" if got.cpu != want.cpu else None

    def wake_fault(self, wake, got):
        """The importer takes for the waker who ran on the CPU of the bundle; at a birth, who is named by the event."""
        if not wake:
            return None if got.waker is None else f"by {self.name(got.waker)}, of which the lines say nothing"
        self.counts["wakers"] += 1
        if wake["context"] is None:
            return None
        if got.irq != int(wake["context"] != "task"):
            return f"the interrupt flag is {got.irq}, and it was {wake['context']}"
        whos = self.wakers(wake)
        if None in whos or any(who[0] == "task" and who[1] not in self.utids for who in whos):
            return None
        if got.waker is None or not any(self.is_who(got.waker, who) for who in whos):
            return f"by {self.name(got.waker)}, not {' or '.join(self.told(who) for who in whos)}"
        return None

    def wakers(self, wake):
        """Two where a CPU changed hands at that instant."""
        if wake["cpu"] is None:
            return [("task", wake["waker"])]
        there = [self.l.cpu_at(wake["cpu"], ns) for ns in (wake["ts_ns"], wake["ts_ns"] - 1)]
        return [self.l.who(span) for span in there if span] or [None]

    def told(self, who):
        return self.l.tasks[who[1]]["name"] if who[0] == "task" else f"thread {who[1]}"

    def is_who(self, utid, who):
        if who[0] == "task":
            return self.utids.get(who[1], utid) == utid
        return self.t.threads[utid].tid == who[1] or (who[1] >= PID_MAX and self.nobody(utid))

    # ---- CPUs ----

    def cpus(self):
        rows = collections.defaultdict(list)
        for row in self.t.sched:
            rows[row.cpu].append(row)
        for cpu in sorted(set(rows) | set(self.l.cpus)):
            got = sorted(rows[cpu], key=lambda r: r.ts)
            self.counts["sched"] += len(got)
            want = self.l.cpu_rows(cpu)
            got = self.left_out(got)
            yield from self.cpu_rows(cpu, want, got)

    def nobody(self, utid):
        """Idle, left out, not known: where only some tasks are told of that is all the same."""
        tid = self.t.threads[utid].tid
        return self.l.filtered and (not tid or tid >= PID_MAX)

    def left_out(self, rows):
        out = []
        for row in rows:
            if out and self.nobody(out[-1].utid) and self.nobody(row.utid):
                out[-1] = row._replace(ts=out[-1].ts, dur=-1 if row.dur < 0 else row.ts + row.dur - out[-1].ts)
            else:
                out.append(row)
        return out

    def cpu_rows(self, cpu, want, got):
        for w, g in itertools.zip_longest(want, got):
            shown = f"the lines say {w}, Perfetto {g and (self.since(g.ts), g.dur, self.name(g.utid))}"
            if w is None or g is None:
                yield f"CPU {cpu} has {len(got)} rows, not {len(want)}: {shown}"
                return
            dur = -1 if w.to_ns is None else w.to_ns - w.from_ns
            if (self.since(g.ts), g.dur) != (w.from_ns, dur) or not self.is_who(g.utid, w.who):
                yield f"CPU {cpu}: {shown}"
                return

    # ---- wake-ups that changed nothing ----

    def spurious(self):
        """Of who ran or was runnable: in a table of their own, but for those of who had been taken off its CPU (R+)."""
        left = collections.Counter((self.since(ts), utid) for ts, utid, _, _ in self.t.spurious)
        states = collections.defaultdict(list)
        for row in sorted(self.t.states, key=lambda r: r.ts):
            states[row.utid].append((self.since(row.ts), row.state))
        for w in self.l.of["wake"]:
            utid = self.utids.get(w["task"])
            if not left[w["ts_ns"], utid]:
                at = bisect.bisect_right(states[utid], (w["ts_ns"], "~")) - 1
                runs = at >= 0 and states[utid][at][1] in ("R", "Running")
                if w["effect"] in ("early", "again") and runs and not self.after_gap(w):
                    yield f"{self.name(utid)} was woken at {w['ts_ns']} ({w['effect']}): that is not there"
            else:
                left[w["ts_ns"], utid] -= 1
                self.counts["spurious"] += 1
        for (ns, utid), n in left.items():
            if n and utid in self.utids.values():
                yield f"{self.name(utid)} is woken at {ns}, of which the lines say nothing"

    def after_gap(self, wake):
        """What it did until it came to run was not known: then the exporter is not sure, and leaves it out."""
        spans = self.l.spans[wake["task"]]
        at = bisect.bisect_right([s["from_ns"] for s in spans], wake["ts_ns"]) - 1
        return at > 0 and spans[at - 1]["state"] == "unknown"

    # ---- jobs ----

    def jobs(self):
        index = collections.defaultdict(list)
        for i, s in enumerate(self.t.slices):
            index[s.track, s.name].append(i)
        flows = set(self.t.flows)
        for job in self.l.of["job"]:
            noun, chain = f"{job['noun']} {job['job']}", []
            for who, name, when in (("submitter", f"submit {noun}", "submitted_ns"), ("worker", noun, "started_ns"),
                                    ("worker", f"finish {noun}", "finished_ns")):
                if when == "finished_ns" and len(chain) < 2:
                    break  # no arrow leads to its end
                found = self.job_slice(index, job, who, name, when)
                if isinstance(found, str):
                    yield found
                elif found is not None:
                    chain.append(found)
                    if name == noun:
                        yield from self.job_end(job, found)
            for pair in zip(chain, chain[1:]):
                self.counts["flows"] += 1
                if pair not in flows:
                    yield f"{noun} has no flow from '{self.t.slices[pair[0]].name}' to the next"
        if self.counts["flows"] != len(flows):
            yield f"there are {len(flows)} flows, not {self.counts['flows']}"

    def inside(self, ns):
        return ns is not None and self.l.from_ns <= ns <= self.l.to_ns

    def job_slice(self, index, job, who, name, when):
        """Its index; None: there is none to be; text: what is wrong."""
        if job[who] not in self.utids or not self.inside(job[when]):
            return None
        at = job[when] + self.t.offset
        found = [i for i in index[("thread", self.utids[job[who]]), name] if self.t.slices[i].ts == at]
        self.counts["job slices"] += 1
        if len(found) != 1:
            return f"'{name}' at {job[when]} is there {len(found)} times"
        return found[0]

    def job_end(self, job, work):
        if job["finished_ns"] is None:
            return  # until the worker began another, or for ever
        want = job["finished_ns"] - job["started_ns"] if self.inside(job["finished_ns"]) else -1
        if self.t.slices[work].dur != want:
            yield f"{job['noun']} {job['job']} lasts {self.t.slices[work].dur}, not {want}"

    # ---- the critical path ----

    def path(self):
        """Step for step: when, what it says, and who, where and behind whom."""
        got = sorted((s for s in self.t.slices if s.track == "critical path"), key=lambda s: s.ts)
        self.counts["steps"] = len(got)
        for w, g in itertools.zip_longest(self.l.of["path"], got):
            if not w or not g:
                yield f"the path has {len(got)} steps, not {len(self.l.of['path'])}"
                return
            want = (w["from_ns"], w["to_ns"] - w["from_ns"], w["says"], self.path_args(w))
            have = (self.since(g.ts), g.dur, g.name, g.args)
            if want[:3] != have[:3] or any(v is not ANY and have[3].get(k) != v for k, v in want[3].items()) \
                    or have[3].keys() - want[3].keys():
                yield f"a step is {have}, not {want}"
                return

    def path_args(self, step):
        waits = step["kind"] == "waiting"
        by = self.tid_of(step["by"])
        out = {"kind": step["kind"], "then": step["edge"], "tid": self.tid_of(step["task"]), "job": step["job"],
               "cpu": step["cpu"] if waits or step["kind"] == "running" else None,
               "behind_tid" if waits else "woken_by_tid": by,
               "behind_ns": step["by_ns"] if waits and by is not None else None}
        return {k: v for k, v in out.items() if v is not None}

    def tid_of(self, task):
        """ANY: it is left out, or two have its number."""
        if task is None:
            return None
        return self.t.threads[self.utids[task]].tid if task in self.utids else ANY

    # ---- counters ----

    def counters(self):
        """Jobs queued are counted by their marks. The others only have to be there: they say what was known then."""
        names = {c.track for c in self.t.counters}
        for wanted in [f"run queue of CPU {cpu}" for cpu in self.l.cpus if self.l.depth(cpu)]:
            if wanted not in names:
                yield f"there is no counter '{wanted}'"
        if self.l.queued():
            yield from self.counter("jobs queued", self.l.queued())
        for c in self.t.counters:
            if c.value < 0:
                yield f"counter '{c.track}' is {c.value} at {self.since(c.ts)}"
                return

    def counter(self, name, steps):
        """What is counted on a track, at each instant at which either says something."""
        got = {self.since(c.ts): c.value for c in self.t.counters if c.track == name}
        have = sorted(got.items())
        if not have:
            yield f"there is no counter '{name}'"
            return
        for ns in sorted({*got, *(ns for ns, _ in steps if self.l.from_ns <= ns < self.l.to_ns)}):
            a, b = lines_module.value_at(have, ns), lines_module.value_at(steps, ns)
            if a != b and have[0][0] <= ns < self.l.to_ns:
                yield f"counter '{name}' is {a:g} at {ns}, not {b}"
                return
        self.counts["counted"] += len(have)

    def all(self):
        for part in (self.match, self.names, self.parents, self.states, self.cpus, self.spurious, self.jobs,
                     self.path, self.counters):
            for sentence in part():
                yield f"{part.__name__}: {sentence}"
