# SPDX-License-Identifier: GPL-2.0-only
"""real.py - what the tests on real kernel events share: recording, reading the dump, saying how it went.

A test file defines functions test_NAME and ends with real.main(). Each prints "PASS NAME", "FAIL NAME: why" or
"SKIP NAME: why". An argument runs only the tests whose name contains it.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCHEDVIZ = os.environ.get("SCHEDVIZ", os.path.join(ROOT, "schedviz"))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
TMP = os.environ.get("TEST_TMP") or tempfile.mkdtemp()
CPUS = sorted(os.sched_getaffinity(0))


class Skip(Exception):
    pass


def prog(name):
    return os.path.join(BUILD, "tests/bpf/progs", name)


def path(name):
    return os.path.join(TMP, name)


def check(condition, *why):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in why))


def equal(got, want, what):
    check(got == want, f"{what} is {got!r}, not {want!r}")


def run(*argv, status=0, timeout=120, **kw):
    """A command to its end; its output and exit status checked (None: any)."""
    r = subprocess.run([str(a) for a in argv], capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL, **kw)
    r.out = r.stdout.decode(errors="surrogateescape")
    r.err = r.stderr.decode(errors="surrogateescape")
    if status is not None:
        line = " ".join(map(str, argv))
        check(r.returncode == status, f"'{line}' exits {r.returncode}, not {status}: {r.err[-400:]}")
    return r


def record(name, *command, options=(), status=0, **kw):
    """Record a command into TMP/name; returns the finished process."""
    return run(SCHEDVIZ, "record", "-o", path(name), *options, "--", *command, status=status, **kw)


def run_workload(name, *words, status=0, **kw):
    return run(SCHEDVIZ, "run", *words, "--no-picture", "-o", path(name), status=status, **kw)


def report(name, *options):
    """What `schedviz check` says of a workload's recording; its exit status must say the same."""
    r = run(SCHEDVIZ, "check", "--json", *options, path(name), status=None)
    out = json.loads(r.out)
    equal(r.returncode, {"as predicted": 0, "not as predicted": 1, "not judged": 77}[out["verdict"]], "exit status")
    return out


def judged(*words, status=0, tries=8, name="workload.svz"):
    """Run a workload until its recording can be judged, because the machine was its own; the report.

    One that is not as predicted is not repeated: it is a failure. Nor is one that this machine cannot show.
    """
    for _ in range(tries):
        run_workload(name, *words, status=status)
        out = report(name)
        if out["verdict"] != "not judged" or out["cannot"]:
            return out
    raise AssertionError(f"'run {' '.join(words)}' could not be judged in {tries} runs: {out['doubts']}")


def failures(out):
    return [f"{f['what']}: {f['measured']}, expected {f.get('expected', (f.get('min'), f.get('max')))}"
            for f in out["findings"] if not f.get("holds", True)]


def predicted(*words, **kw):
    """It is as theory says; the report, with its findings by name in out["by"]."""
    out = judged(*words, **kw)
    equal(out["verdict"], "as predicted", f"the verdict on 'run {' '.join(words)}' ({failures(out)}; {out['doubts']})")
    out["by"] = {f["what"]: f for f in out["findings"]}
    return out


def not_predicted(line, name="workload.svz"):
    """The recording in `name` does not pass for what another line predicts: checks can fail. The claims that did."""
    out = report(name, "--as", line)
    check(out["verdict"] != "as predicted" and failures(out), f"held against '{line}' it is {out['verdict']}")
    return out


def stat(name, *options):
    return json.loads(run(SCHEDVIZ, "stat", "--json", *options, path(name)).out)


def info(name):
    return run(SCHEDVIZ, "info", path(name)).out


class Event:
    """A line of the dump: .ts (ns from the start), .cpu, .kind, and what the kind has."""

    SWITCH = re.compile(r"(?P<prev>.*?)/(?P<prev_tid>\d+) (?P<state>\S+)(?: (?P<call>[^ ]+\(.*?\)|[?]))? -> "
                        r"(?P<next>\S*)/(?P<next_tid>\d+)(?: prio (?P<prio>\S+ -> \S+))?(?: nvcsw (?P<nvcsw>\w+))?$")
    WAKING = re.compile(r"(?P<comm>\S*)/(?P<tid>\d+) by (?P<by>\S*)/(?P<by_tid>\d+)(?: in (?P<ctx>\w+))?")
    FORK = re.compile(r"(?P<by>\S*)/(?P<by_tid>\d+) -> (?P<comm>\S*)/(?P<tid>\d+) tgid (?P<tgid>\d+)")
    EXIT = re.compile(r"(?P<comm>\S*)/(?P<tid>\d+) tgid (?P<tgid>\d+) code (?P<code>\S+)(?P<last> last)?")
    RENAME = re.compile(r"(?P<comm>\S*)/(?P<tid>\d+) (?P<name>\S*)")
    MARK = re.compile(r"(?P<comm>\S*)/(?P<tid>\d+) (?P<what>\w+) (?P<job>\d+) arg (?P<arg>\d+)")
    EXEC = re.compile(r"(?P<comm>\S*)/(?P<tid>\d+) tgid (?P<tgid>\d+) old (?P<old>\d+)")
    ALLOWED = re.compile(r"(?P<comm>\S*)/(?P<tid>\d+) (?P<cpus>[-0-9,]+)$")
    FORMS = {"switch": SWITCH, "waking": WAKING, "fork": FORK, "exit": EXIT, "rename": RENAME, "mark": MARK,
             "exec": EXEC, "allowed": ALLOWED}

    def __init__(self, line):
        ts, self.cpu, self.kind, self.rest = re.match(r"(\S+)\s+cpu(\d+) (\w+) ?(.*)", line).groups()
        seconds, _, fraction = ts.partition(".")
        self.ts = int(seconds) * 10**9 + int((fraction + "0" * 9)[:9])
        self.cpu = int(self.cpu)
        if self.kind in self.FORMS:
            m = self.FORMS[self.kind].match(self.rest)
            check(m, f"the dump has a line of unknown form: {line}")
            for k, v in m.groupdict().items():
                is_number = k.endswith("tid") or k in ("tgid", "old", "job", "arg")
                setattr(self, k, int(v) if is_number and v is not None else v)


def events(name, *options):
    out = run(SCHEDVIZ, "dump", *options, path(name)).out
    return [Event(l) for l in out.splitlines() if re.match(r"\S+\s+cpu\d+ ", l)]


def facts(name):
    out = run(SCHEDVIZ, "dump", path(name)).out
    return dict(l.split(" ", 2)[1:] for l in out.splitlines() if l.startswith("fact ") and l.count(" ") >= 2)


def names(evs):
    """tid -> last name, from the events that carry names on purpose."""
    out = {}
    for e in evs:
        if e.kind == "fork":
            out[e.tid] = e.comm
        elif e.kind == "rename":
            out[e.tid] = e.name
    return out


def hidden_switches(evs):
    """Switches that the kernel did not report to anybody: the next one on that CPU leaves a task that was not there.

    Seen where the supervisor of a virtual machine runs as a thread of process 1 whose switches away are traced by no
    tool (perf and ftrace miss the same ones). A comparison to the nanosecond needs a recording without them.
    """
    now, hidden = {}, 0
    for e in evs:
        if e.kind == "switch":
            hidden += now.get(e.cpu, e.prev_tid) != e.prev_tid
            now[e.cpu] = e.next_tid
    return hidden


def main():
    module = sys.modules["__main__"]
    tests = [(n[5:], f) for n, f in vars(module).items() if n.startswith("test_")]
    failed = 0
    os.makedirs(TMP, exist_ok=True)
    for name, fn in tests:
        if len(sys.argv) > 1 and sys.argv[1] not in name:
            continue
        try:
            if os.geteuid() != 0:
                raise Skip("needs root")
            fn()
            print(f"PASS {name}", flush=True)
        except Skip as e:
            print(f"SKIP {name}: {e}", flush=True)
        except Exception as e:
            failed += 1
            at = traceback.extract_tb(e.__traceback__)[-1]
            for frame in traceback.extract_tb(e.__traceback__):
                if frame.filename == os.path.abspath(module.__file__):
                    at = frame
            what = " ".join(str(e).split()) or type(e).__name__
            print(f"FAIL {name}: line {at.lineno}: {what[:800]}", flush=True)
    sys.exit(1 if failed else 0)
