# SPDX-License-Identifier: GPL-2.0-only
"""lines.py - a recording as `schedviz export --to json` tells it, and the rows that Perfetto must have of it.

What cannot be said in Perfetto: that the state of a task off its CPU is not known any more, and an end of what lasts to
the end of the trace. Rows here are without that. What is not known of a task that ran is a row without a state.
"""
import bisect
import collections
import functools
import json

PID_MAX, CPUS_MAX = 4194304, 1024
# Who runs on a CPU where nobody can be named: a thread of each kind for each CPU, beyond what a task can have.
NOT_KNOWN, NOT_RECORDED, LEFT_OUT, OFFLINE = range(PID_MAX, PID_MAX + 4 * CPUS_MAX, CPUS_MAX)
LETTERS = {"sleeping": {"S", "I", "P"}, "blocked": {"D"}, "stopped": {"T", "t"}, "runnable": {"R", "R+"},
           "unknown": {None}}
WAKES = ("woke", "new")

# to_ns None: it lasts to the end of the trace. span: what it is a row of, first of several.
Row = collections.namedtuple("Row", "from_ns to_ns states cpu wake span")
CpuRow = collections.namedtuple("CpuRow", "from_ns to_ns who")


class Lines:
    def __init__(self, text):
        self.of = collections.defaultdict(list)
        for line in text.splitlines():
            one = json.loads(line)
            self.of[one["type"]].append(one)
        self.trace, self.end = self.of["trace"][0], self.of["end"][0]
        self.from_ns, self.to_ns = self.trace["window_from_ns"], self.trace["window_to_ns"]
        self.tasks = {t["id"]: t for t in self.of["task"]}
        self.spans, self.cpus = collections.defaultdict(list), collections.defaultdict(list)
        for s in self.of["span"]:
            self.spans[s["task"]].append(s)
        for s in self.of["cpu"]:
            self.cpus[s["cpu"]].append(s)
        self.wakes = {(w["task"], w["ts_ns"]): w for w in self.of["wake"] if w["effect"] in WAKES}
        self.starts = {cpu: [s["from_ns"] for s in spans] for cpu, spans in self.cpus.items()}

    def cpu_at(self, cpu, ns):
        """The span of a CPU that holds this instant; None: nothing is told."""
        i = bisect.bisect_right(self.starts.get(cpu, []), ns) - 1
        if i < 0 or self.cpus[cpu][i]["to_ns"] <= ns:
            return None
        return self.cpus[cpu][i]

    @functools.cached_property
    def filtered(self):
        """Only some tasks are told of: what is not known of a CPU is left out, too."""
        return any(row.who == ("tid", LEFT_OUT + cpu) for cpu in self.cpus for row in self.cpu_rows(cpu))

    def gaps(self):
        """CPUs of which it is not known for a while who ran, and those where something is not known of a task.

        None: that is not told.
        """
        if self.filtered:
            return None
        of_cpus = {s["cpu"] for s in self.of["cpu"] if s["state"] == "unknown"}
        return of_cpus, of_cpus | set(self.left_for_the_unknown())

    def left_for_the_unknown(self):
        """CPUs on which a task was when it became unknown: where it is by then may be another."""
        before = {}
        for s in self.of["span"]:
            if s["state"] == "unknown":
                yield s["cpu"]
                if s["task"] in before:
                    yield before[s["task"]]
            before[s["task"]] = s["cpu"]

    def marked_well(self, cpus):
        """Data loss has to be marked on the former and may be on the latter."""
        return not self.gaps() or self.gaps()[0] <= cpus <= self.gaps()[1]

    def alive(self, task):
        """Within the window: of others there need not be anything."""
        t = self.tasks[task]
        return t["born_ns"] < self.to_ns and t["died_ns"] > self.from_ns

    # ---- rows of a task ----

    def rows(self, task):
        out, before = [], None
        for s in self.spans[task]:
            wake = self.wake_of(s, before)
            states = {"Running"} if s["state"] == "running" else LETTERS["runnable" if wake else s["state"]]
            cpu = s["cpu"] if s["state"] == "running" else None
            if out and self.goes_on(out[-1], before, states, cpu, wake):
                out[-1] = out[-1]._replace(to_ns=s["to_ns"])
            elif out or wake or states != {None}:
                out.append(Row(s["from_ns"], s["to_ns"], states, cpu, wake, s))
            before = "runnable" if wake else s["state"]
        return self.closed(out, before)

    def goes_on(self, row, before, states, cpu, wake):
        """The same state, or one that is not known any more. The importer ignores a waking of who is runnable."""
        if wake:
            return "R" in row.states
        if states == {None}:
            return before != "running"
        return states == row.states and cpu == row.cpu

    def wake_of(self, span, before):
        """What made it runnable: its birth or a waking of one that was not, also where nothing is known after it."""
        t = self.tasks[span["task"]]
        if before is None and t["born_here"] and span["from_ns"] == t["born_ns"]:
            context = None if span["waker"] is None else "task"
            return {"ts_ns": t["born_ns"], "waker": span["waker"], "context": context, "cpu": None}
        if span["state"] not in ("runnable", "unknown") or before in ("running", "runnable"):
            return None
        return self.wakes.get((span["task"], span["from_ns"]))

    def closed(self, out, last):
        """The last row is open, except that of who ran and died; then there is one more."""
        if out and last == "running" and out[-1].to_ns < self.to_ns:
            out.append(Row(out[-1].to_ns, None, {"X", "Z"}, None, None, None))
        elif out:
            out[-1] = out[-1]._replace(to_ns=None)
        return out

    # ---- rows of a CPU ----

    def who(self, s):
        """("task", id) or ("tid", number)."""
        if s["state"] == "task":
            return "task", s["task"]
        if s["state"] == "idle":
            return "tid", 0
        base = {"unrecorded": NOT_RECORDED, "unknown": NOT_KNOWN, "offline": OFFLINE}[s["state"]]
        return "tid", base + s["cpu"]

    def cpu_rows(self, cpu):
        """One after the other, without a gap: between them runs who is left out."""
        out, now, other = [], self.from_ns, ("tid", LEFT_OUT + cpu)
        for s in self.cpus[cpu] + [{"from_ns": self.to_ns, "to_ns": self.to_ns, "state": None}]:
            if s["from_ns"] > now:
                out.append(CpuRow(now, s["from_ns"], other))
            if s["to_ns"] > s["from_ns"]:
                who = self.who(s)
                if out and out[-1].who == who:
                    out[-1] = out[-1]._replace(to_ns=s["to_ns"])
                else:
                    out.append(CpuRow(s["from_ns"], s["to_ns"], who))
            now = s["to_ns"]
        return out[:-1] + [out[-1]._replace(to_ns=None)] if out else []

    # ---- counters, as steps: [(ns, value)] ----

    def steps(self, changes):
        out, value = [], 0
        for ns, delta in sorted(changes):
            value += delta
            if out and out[-1][0] == ns:
                out[-1] = (ns, value)
            else:
                out.append((ns, value))
        return [s for i, s in enumerate(out) if not i or s[1] != out[i - 1][1]]

    def depth(self, cpu=None):
        """Tasks running or runnable, on a CPU or on all."""
        return self.steps([(ns, by) for s in self.of["span"] if s["state"] in ("running", "runnable")
                           and cpu in (None, s["cpu"]) for ns, by in ((s["from_ns"], 1), (s["to_ns"], -1))])

    def queued(self):
        """Jobs that were submitted and are not started."""
        return self.steps([(ns, by) for j in self.of["job"] if j["submitted_ns"] is not None
                           for ns, by in ((j["submitted_ns"], 1), (j["started_ns"], -1)) if ns is not None])


def value_at(steps, ns):
    i = bisect.bisect_right(steps, (ns, float("inf"))) - 1
    return steps[i][1] if i >= 0 else 0
