#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""workloads_groups.py - groups, quotas, limits, bombs on real events; and that nothing is left of them."""
import glob
import os
import signal
import subprocess
import time

import real
from real import check, equal


def groups_left():
    return [d for pattern in ("/sys/fs/cgroup/**/schedviz-*",) for d in glob.glob(pattern, recursive=True)]


def gone(pid):
    return not os.path.exists(f"/proc/{pid}")


def descendants(pid):
    """Every process below `pid`, children first made first."""
    out, todo = [], [pid]
    while todo:
        p = todo.pop(0)
        try:
            tasks = os.listdir(f"/proc/{p}/task")
            kids = [int(k) for t in tasks for k in open(f"/proc/{p}/task/{t}/children").read().split()]
        except OSError:
            kids = []
        out += kids
        todo += kids
    return out


def name_of(pid):
    try:
        return open(f"/proc/{pid}/comm").read().strip()
    except OSError:
        return ""


def until(condition, what, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, f"{what} within {seconds} s")
        time.sleep(0.01)


def alive(pid):
    """Not even on its way out: who was killed may be left to be waited for by process 1, which takes its time."""
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def killed(words, whom, role, sig=signal.SIGKILL):
    """Send `sig` to the process `whom` of a workload as soon as one called `role` is there; all must be gone."""
    before = set(groups_left())
    p = subprocess.Popen([real.SCHEDVIZ, "run", *words, "--no-picture", "-o", real.path("killed.svz")],
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: any(name_of(k).startswith(role) for k in descendants(p.pid)), f"a process '{role}'", 10)
    time.sleep(0.1)
    kids = descendants(p.pid)
    check(set(groups_left()) - before, "a control group was made")
    victim = p.pid if whom == "schedviz" else next(k for k in kids if name_of(k) == whom)
    os.kill(victim, sig)
    p.wait(20)
    until(lambda: all(gone(k) for k in kids), "every process is gone")
    until(lambda: not set(groups_left()) - before, "the control group is gone")


def refuted(line, name):
    """What the recording shows is not what another line predicts: its check can fail, whoever else was busy."""
    out = real.report(name, "--as", line)
    check(real.failures(out), f"'{line}' is refuted by {name}: {out['findings']}")
    check(out["verdict"] != "as predicted", f"the verdict on '{line}'")


def test_groups_share_by_threads_then_by_group():
    real.predicted("groups", "--quick", name="groups.svz")
    refuted("groups --session --quick", "groups.svz")


def test_groups_of_sessions_share_alike():
    out = real.judged("groups", "--session", "--quick", name="session.svz")
    if not out["cannot"]:
        equal(out["verdict"], "as predicted", f"verdict ({real.failures(out)})")
        refuted("groups --quick", "session.svz")


def test_groups_of_cgroups_share_by_weight():
    out = real.judged("groups", "--cgroup", "--weight", "1:3", "--quick", name="cgroup.svz")
    if out["cannot"]:
        raise real.Skip(out["doubts"])
    equal(out["verdict"], "as predicted", f"verdict ({real.failures(out)})")
    refuted("groups --cgroup --quick", "cgroup.svz")
    equal(groups_left(), [], "control groups left")


def test_groups_killed_leaves_no_group_and_no_process():
    killed(["groups", "--cgroup"], "groups", "B0")
    killed(["groups", "--cgroup"], "schedviz", "B0")


def test_quota_is_a_saw_tooth():
    out = real.judged("quota", "--quick", name="quota.svz")
    if out["cannot"]:
        raise real.Skip(out["doubts"])
    equal(out["verdict"], "as predicted", f"verdict ({real.failures(out)})")
    refuted("quota --quick --quota 50ms", "quota.svz")
    refuted("quota --quick --period 50ms", "quota.svz")
    equal(groups_left(), [], "control groups left")


def test_quota_is_used_up_sooner_by_more_threads():
    out = real.judged("quota", "--quick", "--threads", "2", name="quota2.svz")
    if not out["cannot"]:
        equal(out["verdict"], "as predicted", f"verdict ({real.failures(out)})")


def test_limits_refuse_a_fork_and_sleepers_cost_nothing():
    out = real.judged("limits", "--quick", name="limits.svz")
    if out["cannot"]:
        raise real.Skip(out["doubts"])
    equal(out["verdict"], "as predicted", f"verdict ({real.failures(out)})")
    refuted("limits --quick --limit 30", "limits.svz")
    equal(groups_left(), [], "control groups left")


def test_limits_of_a_user_do_the_same():
    real.predicted("limits", "--rlimit", "--quick", "--limit", "40")
    pids = {e.tid for e in real.events("workload.svz") if e.kind == "fork" and e.by == "forker"}
    equal(len(pids), 39, "forks of forker")


def test_bomb_meets_its_limit_and_only_what_runs_costs():
    out = real.judged("bomb", "--quick", name="bomb.svz")
    if out["cannot"]:
        raise real.Skip(out["doubts"])
    equal(out["verdict"], "as predicted", f"verdict ({real.failures(out)})")
    refuted("bomb --quick --limit 8", "bomb.svz")
    equal(groups_left(), [], "control groups left")


def test_bomb_killed_leaves_no_group_and_no_process():
    for victim in ("bomb", "schedviz", "janitor"):
        killed(["bomb", "--quick"], victim, "bomb5")
    killed(["limits"], "limits", "sleeper9")
    killed(["limits"], "forker", "sleeper9")


def test_bomb_and_limits_interrupted_leave_no_group_and_no_process():
    for sig in (signal.SIGINT, signal.SIGTERM):
        killed(["bomb", "--quick"], "schedviz", "bomb5", sig)
        killed(["limits"], "schedviz", "sleeper9", sig)


def test_bomb_dies_with_its_maker_even_without_a_janitor():
    before = set(groups_left())
    p = subprocess.Popen([real.SCHEDVIZ, "run", "bomb", "--length", "8s", "--no-picture", "-o", real.path("left.svz")],
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: any(name_of(k) == "bomb9" for k in descendants(p.pid)), "a process 'bomb9'", 10)
    kids = {k: name_of(k) for k in descendants(p.pid)}
    for victim in ("janitor", "bomb"):
        os.kill(next(k for k in kids if kids[k] == victim), signal.SIGKILL)
    try:
        # long before their deadline: they had 8 s
        until(lambda: not any(alive(k) for k in kids), "every process is dead", 2)
        p.wait(20)
    finally:
        for left in set(groups_left()) - before:  # nobody is there to remove it
            until(lambda d=left: not open(f"{d}/cgroup.procs").read(), "the group is empty", 15)
            os.rmdir(left)


def test_bomb_refuses_to_run_without_a_limit_of_its_own():
    # somebody else than root may make no group, and there is no other limit
    done = real.run("setpriv", "--reuid=65534", "--clear-groups", real.SCHEDVIZ, "run", "bomb", "-o", "/dev/null",
                    status=77)
    check("root" in done.err and done.err.count("\n") == 1, "one sentence that says so", done.err)


def refused_where(change):
    """Run bomb as root in a mount namespace of its own, in which `change` took the control groups away."""
    if real.run("unshare", "-m", "true", status=None).returncode:
        raise real.Skip("mount namespaces cannot be made here")
    done = real.run("unshare", "-m", "--propagation", "private", "sh", "-c", f'{change} && exec "$@"', "sh",
                    real.SCHEDVIZ, "run", "bomb", "--quick", "--no-picture", "-o", real.path("refused.svz"), status=1)
    said = [l for l in done.err.splitlines() if "no bomb without a limit" in l]
    equal(len(said), 1, f"sentences that refuse ({done.err})")
    names = {e.name for e in real.events("refused.svz") if e.kind == "rename"}
    check("bomb" in names, "the workload was recorded", names)
    check(not any(n.startswith(("bomb0", "fuse", "witness")) for n in names), "nothing was lit", names)
    equal(real.report("refused.svz")["verdict"] == "as predicted", False, "a refusal passes for a bomb")


def test_bomb_refuses_as_root_where_no_controller_is_or_none_can_be_used():
    mounts = [l.split() for l in open("/proc/mounts")]
    pids = [m[1] for m in mounts if m[2] == "cgroup" and "pids" in m[3].split(",")]
    if pids:
        refused_where(f"umount -l {pids[0]}")
        refused_where(f"mount -o remount,bind,ro {pids[0]}")
    else:
        refused_where("umount -l /sys/fs/cgroup")
        refused_where("mount -o remount,bind,ro /sys/fs/cgroup")


real.main()
