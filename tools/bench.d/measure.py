# SPDX-License-Identifier: GPL-2.0-only
"""measure.py - run commands, time them, keep the kernel's switches as they were found; knows nothing of the table."""
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
SCHEDVIZ = os.environ.get("SCHEDVIZ", os.path.join(ROOT, "schedviz"))
HELPERS = os.path.join(BUILD, "tools/bench.d")
TRACEFS = "/sys/kernel/tracing"
STATS = "/proc/sys/kernel/bpf_stats_enabled"


class Failed(Exception):
    """A measurement that cannot be made here, with the reason."""


class Run:
    """How a command went: seconds of wall and CPU time (its children's too), memory, output."""

    def __init__(self, args, may_fail=False):
        with tempfile.TemporaryFile() as out:
            start = time.monotonic()
            child = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(child.pid, 0)
            self.wall = time.monotonic() - start
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            self.out = out.read().decode(errors="replace")
        self.cpu = usage.ru_utime + usage.ru_stime
        self.max_rss = usage.ru_maxrss * 1024
        if child.returncode and not may_fail:
            raise Failed(f"'{' '.join(args)}' ended with {child.returncode}: {self.out.strip()[-300:]}")


def schedviz_json(command, path):
    args = [SCHEDVIZ, command, "--json", path]
    out = subprocess.run(args, capture_output=True, check=False)
    if out.returncode:
        raise Failed(f"'{' '.join(args)}' ended with {out.returncode}: {out.stderr.decode(errors='replace').strip()}")
    return json.loads(out.stdout)


def pipe_args(cpu, loops):
    return ["taskset", "-c", str(cpu), "perf", "bench", "sched", "pipe", "-l", str(loops)]


def pipe_us(run):
    """Microseconds an operation, from what perf bench sched pipe prints."""
    return float(re.search(r"([\d.]+) usecs/op", run.out)[1])


def messaging_args(loops=2000):
    return ["perf", "bench", "sched", "messaging", "-g", "20", "-l", str(loops)]


def everywhere(make_args):
    """One such command on each CPU, at once, as one command."""
    each = (" ".join(make_args(cpu)) + " &" for cpu in sorted(os.sched_getaffinity(0)))
    return ["bash", "-c", " ".join(each) + " wait"]


def interleave(rounds, variants):
    """{name: [result of each round]}: every variant once in each round, so that what drifts drifts for all."""
    results = {name: [] for name in variants}
    for _ in range(rounds):
        for name, variant in variants.items():
            results[name].append(variant())
    return results


def median(values):
    return statistics.median(values)


def added(results, name, base="base"):
    """What `name` adds to the base, paired round by round."""
    return median([a - b for a, b in zip(results[name], results[base])])


@contextlib.contextmanager
def scratch():
    """A directory that whoever called sudo may write to, too: the recorder becomes that user."""
    path = tempfile.mkdtemp(prefix="schedviz-bench-")
    os.chmod(path, 0o777)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def cpu_ticks():
    """(all, idle) of all CPUs so far."""
    with open("/proc/stat", encoding="ascii") as f:
        ticks = [int(n) for n in f.readline().split()[1:9]]
    return sum(ticks), ticks[3] + ticks[4]


@contextlib.contextmanager
def busy():
    """A list that will hold how busy the machine was meanwhile, in percent: an idle machine is not always one."""
    percent, before = [], cpu_ticks()
    yield percent
    total, idle = (a - b for a, b in zip(cpu_ticks(), before))
    percent.append(100 * (1 - idle / max(1, total)))


@contextlib.contextmanager
def setting(path, value):
    """A file of the kernel's holds `value` meanwhile."""
    with open(path, encoding="ascii") as f:
        old = f.read().strip()
    with open(path, "w", encoding="ascii") as f:
        f.write(value)
    try:
        yield
    finally:
        with open(path, "w", encoding="ascii") as f:
            f.write(old)


def program_stats(match):
    """(ns, runs) so far of the loaded BPF program that `match` accepts; None when there is none."""
    tool = shutil.which("bpftool", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    shown = subprocess.run([tool, "-j", "prog", "show"], capture_output=True, check=True)
    for prog in json.loads(shown.stdout):
        if match(prog):
            return prog.get("run_time_ns", 0), prog.get("run_cnt", 0)
    return None


@contextlib.contextmanager
def peer(program):
    """One of peer.bpf.c's programs is attached meanwhile; gives its id."""
    args = [os.path.join(HELPERS, "peer"), os.path.join(HELPERS, "peer.bpf.o"), program]
    with subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        line = child.stdout.readline()
        if not line:
            raise Failed(f"'{' '.join(args)}' did not attach")
        try:
            yield int(line)
        finally:
            child.stdin.close()
            child.wait()


@contextlib.contextmanager
def ftrace(events):
    """These events go to a trace instance of our own meanwhile."""
    if not os.path.exists(f"{TRACEFS}/instances"):
        subprocess.run(["mount", "-t", "tracefs", "none", TRACEFS], check=False)
    instance = f"{TRACEFS}/instances/schedviz-bench"
    try:
        os.mkdir(instance)
    except OSError as e:
        raise Failed(f"cannot make '{instance}': {e.strerror}") from e
    try:
        for event in events:
            with open(f"{instance}/events/sched/{event}/enable", "w", encoding="ascii") as f:
                f.write("1")
        yield
    finally:
        os.rmdir(instance)


def recorder_of(parent):
    """Pid of the schedviz process among a process and its children: the one with BPF maps."""
    pids = [parent]
    for pid in pids:
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
                pids += [int(p) for p in f.read().split()]
        if map_bytes(pid):
            return pid
    return None


def map_bytes(pid):
    """Memory of the BPF maps that a process holds, as the kernel accounts it; each map once."""
    maps = {}
    with contextlib.suppress(OSError):
        for fd in os.listdir(f"/proc/{pid}/fdinfo"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as f:
                info = dict(line.split(":", 1) for line in f.read().splitlines() if ":" in line)
                if "map_id" in info:
                    maps[info["map_id"]] = int(info["memlock"])
    return sum(maps.values())


def peak_rss(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return int(re.search(r"VmHWM:\s+(\d+) kB", f.read())[1]) * 1024


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        model = re.search(r"model name\s*:\s*(.*)", f.read())
    perf = subprocess.run(["perf", "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    uname = os.uname()
    return f"{os.cpu_count()} CPUs ({model[1] if model else uname.machine}), Linux {uname.release}, perf {perf}"


def say(text):
    print(text, file=sys.stderr, flush=True)
