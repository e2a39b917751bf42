#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""workloads_tasks.py - procs, threads, create, crash, prodcons, coro, mix: as predicted, and checks that can fail."""
import os
import time

import real
from real import check, equal


def measured(out, what):
    return out["by"][what]["measured"]


def alive(recording, *names):
    """Processes of the run that writes this recording, those of these names: they share its command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as f:
                comm = f.read().strip()
            with open(f"/proc/{pid}/cmdline") as f:
                line = f.read()
        except OSError:
            continue
        if comm in names and recording in line:
            found.append(f"{comm}/{pid}")
    return found


def test_procs_wake_their_parent_as_they_end():
    out = real.predicted("procs", "--quick")
    equal(measured(out, "wake-ups of the parent by a child that ends"), 2, "wake-ups")
    real.not_predicted("procs --quick --tasks 3")
    real.not_predicted("procs --quick --no-join")


def test_procs_without_join_live_on():
    out = real.predicted("procs", "--no-join", "--quick")
    equal(measured(out, "children that lived on without their parent"), 2, "orphans")
    check(measured(out, "wall clock") < 7_000_000, "the parent's stopwatch:", measured(out, "wall clock"))
    evs = real.events("workload.svz")
    names = real.names(evs)
    ends = {names.get(e.tid, e.comm): e.ts for e in evs if e.kind == "exit"}
    check(ends["parent"] < ends["child0"] and ends["child1"] < ends["procs"], "order of ends:", ends)
    check(ends["child0"] - ends["parent"] > 200_000_000, "the children sleep 0.2 s after the parent's end:", ends)
    real.not_predicted("procs --quick")


def test_no_orphan_outlives_a_killed_recording():
    """The recorder is killed in the middle: whoever it recorded goes too, though the parent is long gone."""
    path = real.path("killed.svz")
    line = [real.SCHEDVIZ, "run", "procs", "--no-join", "--sleep", "60s", "--no-picture", "-o", path]
    p = real.subprocess.Popen(line, stdout=real.subprocess.DEVNULL, stderr=real.subprocess.DEVNULL)
    for _ in range(100):
        time.sleep(0.05)
        if len(alive(path, "child0", "child1")) == 2 and not alive(path, "parent"):
            break
    time.sleep(0.3)
    children = alive(path, "child0", "child1")
    p.kill()
    p.wait()
    equal(len(children), 2, "children alive while it is recorded")
    for _ in range(100):
        time.sleep(0.02)
        if not alive(path, "child0", "child1", "procs"):
            break
    equal(alive(path, "child0", "child1", "procs"), [], "alive after the recorder was killed")


def test_threads_wake_their_joiner_as_they_end():
    out = real.predicted("threads", "--quick")
    equal(measured(out, "wake-ups of the joiner by a thread that ends"), 2, "wake-ups")
    real.not_predicted("threads --quick --tasks 3")


def test_processes_are_not_threads_of_one():
    real.predicted("procs", "--quick", name="procs.svz")
    out = real.not_predicted("threads --quick", name="procs.svz")
    check(any("threads of one process" in f for f in real.failures(out)), "which failed:", real.failures(out))


def test_fork_pays_for_page_tables():
    real.predicted("create", "--quick")
    real.not_predicted("create --quick --memory 16M")


def test_a_process_crashes_alone():
    out = real.predicted("crash", "--quick")
    equal(measured(out, "survivors of 4"), 3, "survivors")
    equal(measured(out, "exit status of crasher, as a shell says it"), 139, "status")
    real.not_predicted("crash --quick --threads")


def test_a_pool_replaces_the_dead_worker():
    real.predicted("crash", "--in-pool", "--quick")
    evs = [e for e in real.events("workload.svz") if e.kind == "exit" and e.comm.startswith("worker")]
    equal(sorted(e.code not in ("0", "0x0") for e in evs), [False, False, True], "workers that ended badly")
    real.not_predicted("crash --quick")
    real.not_predicted("crash --in-pool --quick --workers 1")


def test_a_thread_takes_its_process_with_it():
    out = real.predicted("crash", "--threads", "--quick")
    equal(measured(out, "survivors of 4"), 0, "survivors")
    ours = ("crash", "program", "sibling", "crasher", "worker0", "worker2", "worker3")
    evs = [e for e in real.events("workload.svz") if e.kind == "exit" and e.comm in ours and e.code not in ("0", "0x0")]
    equal(len({e.tgid for e in evs}), 1, "processes that ended badly")
    equal(len(evs), 5, "threads that ended badly")
    real.not_predicted("crash --quick")


def test_the_faster_of_two_waits():
    real.predicted("prodcons", "--quick")
    real.not_predicted("prodcons --quick --produce 250ms --consume 100ms")
    real.not_predicted("prodcons --quick --cap 6")
    out = real.predicted("prodcons", "--quick", "--produce", "250ms", "--consume", "100ms")
    equal(measured(out, "wake-ups of the consumer (buffer was empty)"), 8, "wake-ups of the consumer")
    equal(measured(out, "wake-ups of the producer (buffer was full)"), 0, "wake-ups of the producer")
    real.predicted("prodcons", "--quick", "--seed", "5", "--procs")


def test_a_thousand_coroutines_are_one_task():
    out = real.predicted("coro", "--quick")
    equal(measured(out, "times it gave up its CPU, for 1000 coroutines"), 1, "switches")
    real.not_predicted("coro --quick --blocking --tasks 1000")
    real.predicted("coro", "--quick", "--seed", "3", "--tasks", "50")
    real.not_predicted("coro --quick --tasks 50")


def test_blocking_coroutines_add_up():
    real.predicted("coro", "--quick", "--blocking")
    real.not_predicted("coro --quick --tasks 3")


def test_mix_in_every_combination():
    for kind in ("cpu", "io", "mixed"):
        for how in ("seq", "threads", "procs", "gil"):
            real.predicted("mix", "--kind", kind, "--how", how, "--scale", "0.2", name=f"{kind}-{how}.svz")
    if len(real.CPUS) > 1:
        real.not_predicted("mix --kind cpu --how gil --scale 0.2", name="cpu-procs.svz")
        real.not_predicted("mix --kind cpu --how procs --scale 0.2", name="cpu-gil.svz")
    real.not_predicted("mix --kind io --how seq --scale 0.2", name="io-threads.svz")


def test_mix_computes_powers_of_eight():
    for how in ("seq", "gil", "threads", "procs"):
        real.predicted("mix", "--exp", "100000", "--how", how, "--quick", name=f"{how}.svz")
    if len(real.CPUS) > 1:
        real.not_predicted("mix --exp 100000 --how threads --quick", name="seq.svz")
        real.not_predicted("mix --exp 100000 --how seq --quick", name="procs.svz")


real.main()
