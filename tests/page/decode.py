#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""decode.py - print the data of a page, read from standard input, by user/export/html/DATA.md and nothing else.

So that the format has a second reader, and golden tests that do not change with the page around the data. The name
and version of the program that exported are left out.
"""
import base64
import json
import re
import sys
import zlib

NONE = 0xffffffff
COLUMNS = ["kind", "to", "task", "cpu", "gap", "waker", "wakerCpu", "call", "arg"]


class Numbers:
    def __init__(self, data):
        self.data, self.at = data, 0

    def next(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed(self):
        v = self.next()
        return -(v + 1) // 2 if v % 2 else v // 2

    def number(self):
        """Of a task or a CPU, None for none."""
        v = self.next()
        return v - 1 if v else None

    def take(self, n):
        assert self.at + n <= len(self.data), "a column is cut off"
        self.at += n
        return Numbers(self.data[self.at - n:self.at])

    def done(self):
        return self.at == len(self.data)


class Page:
    def __init__(self, head, tasks):
        self.head, self.tasks, self.names = head, tasks, head["names"]
        window = head["info"]["windowFrom"]
        self.end = [max(t["born"], window) for t in tasks]
        self.cpu = [None] * len(tasks)
        self.woken_by = [None] * len(tasks)
        self.wake = [None] * len(tasks)  # waker, CPU, context of the task's last span
        self.call = [(-1, 0)] * len(tasks)
        self.running = {}
        self.cpu_end = {c["cpu"]: window for c in head["cpus"]}
        self.to = 0
        self.switch = (None, None)
        self.woken = None
        self.rows = [[] for _ in tasks]
        self.cpu_rows = {c["cpu"]: [] for c in head["cpus"]}
        self.spans = 0

    def block(self, data):
        n = Numbers(data)
        records = n.next()
        kinds = [n.next() for _ in range(n.next())]
        sizes = [n.next() for _ in COLUMNS]
        c = {name: n.take(size) for name, size in zip(COLUMNS, sizes)}
        for _ in range(records):
            kind = kinds[c["kind"].next()]
            if kind & 7 == 7:
                self.cpu_span(kind, c)
            else:
                self.span(kind, c)
        assert n.done() and all(column.done() for column in c.values()), "a column is too long"

    def until(self, kind, c):
        step = c["to"].next()
        self.to += -step if kind >> 23 & 1 else step
        return self.to

    def put_cpu(self, cpu, begin, end, state, task):
        self.cpu_rows[cpu].append((begin, end, self.names["cpuStates"][state], task))
        self.cpu_end[cpu] = end

    def cpu_span(self, kind, c):
        cpu, state = c["cpu"].number(), kind >> 3 & 7
        expected = self.running.get(cpu) if self.names["cpuStates"][state] == "task" else None
        task = expected if kind >> 19 & 1 else c["task"].number()
        begin = self.cpu_end[cpu] + (0 if kind >> 20 & 1 else c["gap"].signed())
        self.put_cpu(cpu, begin, self.until(kind, c), state, task)

    def who_woke(self, kind, c, task, cpu):
        told = kind >> 9 & 3
        if told == 1:
            return self.wake[task]
        if told == 0:
            return None
        context = self.names["contexts"][kind >> 11 & 7]
        expected = self.woken_by[task] if context == "task" else None
        waker = expected if kind >> 16 & 1 else c["waker"].number()
        where = (cpu if waker is None else self.cpu[waker]) if kind >> 17 & 1 else c["wakerCpu"].number()
        if context == "task":
            self.woken_by[task] = waker
        return waker, where, context

    def which_call(self, kind, c, task):
        told = kind >> 14 & 3
        if told == 0:
            return None
        call, arg = self.call[task]
        if told == 3:
            call = c["call"].next() - 2
        if told >= 2:
            arg = c["arg"].next()
        self.call[task] = call, arg
        return call, arg

    def span(self, kind, c):
        state, flags = self.names["states"][kind & 7], kind >> 6 & 7
        cpu = c["cpu"].number() if state == "running" else None
        expected = self.running.get(cpu) if cpu is not None else self.woken
        task = expected if kind >> 19 & 1 else c["task"].number()
        begin = self.end[task] + (0 if kind >> 20 & 1 else c["gap"].signed())
        end = self.until(kind, c)
        if state != "running" or cpu is None:
            if not kind >> 18 & 1:
                cpu = c["cpu"].number()
            else:
                cpu = self.switch[1] if flags & 4 and self.switch[0] == end else self.cpu[task]
        wake = self.who_woke(kind, c, task, cpu)
        call = self.which_call(kind, c, task)
        self.rows[task].append((begin, end, state, self.names["whys"][kind >> 3 & 7], cpu, flags, wake, call))
        self.learn(state, flags, task, cpu, end, wake)
        if kind >> 21 & 1:
            self.put_cpu(cpu, begin, end, self.names["cpuStates"].index("task"), task)
        elif kind >> 22 & 1:
            self.put_cpu(cpu, self.cpu_end[cpu], end, self.names["cpuStates"].index("idle"), None)
        self.spans += 1

    def learn(self, state, flags, task, cpu, end, wake):
        self.end[task], self.cpu[task], self.wake[task] = end, cpu, wake
        if state == "running" and cpu is not None:
            self.switch = end, cpu
        elif state == "runnable" and flags & 4 and cpu is not None:
            self.running[cpu] = task
        elif state in ("sleeping", "blocked", "stopped"):
            self.woken = task


def blocks(text):
    for data in re.findall(r'<script type="application/octet-stream" class="data">(.*?)</script>', text):
        inflated = zlib.decompress(base64.b64decode(data, validate=True))
        yield chr(inflated[0]), inflated[1:]


def words(*parts):
    print(" ".join("-" if p is None else str(p) for p in parts))


def print_rows(page, calls):
    for task, rows in zip(page.tasks, page.rows):
        assert len(rows) == task["count"], f"task {task['id']} has {len(rows)} spans"
        for begin, end, state, why, cpu, flags, wake, call in rows:
            name = None if call is None else {-1: "none", -2: "unknown"}.get(call[0]) or calls[call[0]]
            words("span", task["id"], begin, end, state, why, "cpu", cpu, "flags", flags,
                  *(["by", *wake] if wake else []), *([f"{name}({call[1]:#x})"] if call else []))
    for cpu in page.head["cpus"]:
        assert len(page.cpu_rows[cpu["cpu"]]) == cpu["count"], f"spans of CPU {cpu['cpu']}"
        for row in page.cpu_rows[cpu["cpu"]]:
            words("cpu", cpu["cpu"], *row)


def main():
    page, rows = None, {"T": [], "O": [], "J": [], "P": []}
    for count, (kind, data) in enumerate(blocks(sys.stdin.read()), 1):
        if kind == "H":
            head = json.loads(data)
            del head["info"]["tool"]
            words("head", json.dumps(head, ensure_ascii=False))
        elif kind in rows:
            rows[kind] += json.loads(data)
            for row in json.loads(data) if kind not in "OP" else [json.loads(data)]:
                words({"T": "task", "O": "order", "J": "job", "P": "path"}[kind], json.dumps(row, ensure_ascii=False))
        elif kind == "S":
            page = page or Page(head, rows["T"])
            page.block(data)
        elif kind == "E":
            end = json.loads(data)
            page = page or Page(head, rows["T"])
            assert end["blocks"] == count and end["spans"] == page.spans == head["spans"], "the end does not fit"
            print_rows(page, end["calls"])
            words("end", data.decode())


main()
