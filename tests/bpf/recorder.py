#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""recorder.py - the recorder as a program: how it begins, ends, fails, and what it is allowed to do."""
import os
import signal
import stat as st
import subprocess
import time

import real
from real import check, equal

NOBODY = 65534


def start(*argv, **kw):
    return subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **kw)


def wait_for(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, "waited in vain for", what)
        time.sleep(0.005)


def finish(p, status):
    out, err = p.communicate(timeout=30)
    equal(p.returncode, status, f"exit status ({err.decode(errors='replace')[-300:]})")
    return out.decode(), err.decode()


def open_directory(name):
    """A directory that another user may use too."""
    d = real.path(name)
    os.mkdir(d)
    os.chmod(d, 0o777)
    for up in (real.TMP,):
        os.chmod(up, 0o755)
    return d


def test_the_exit_status_is_the_commands():
    for code in (0, 7, 77):
        real.record("status.svz", "sh", "-c", f"exit {code}", status=code)
    real.record("status.svz", "sh", "-c", "kill -KILL $$", status=128 + 9)


def test_a_command_that_does_not_exist_leaves_the_old_file():
    file = real.path("kept.svz")
    real.record("kept.svz", "true")
    before = open(file, "rb").read()
    r = real.record("kept.svz", "no-such-program-here", status=1)
    check("no such program" in r.err and r.err.count("\n") == 1, "the sentence:", r.err)
    equal(open(file, "rb").read() == before, True, "the old file is as it was")
    equal([f for f in os.listdir(real.TMP) if f.startswith("kept")], ["kept.svz"], "files left")


def test_the_old_file_is_kept_beside_the_new():
    real.record("twice.svz", "true")
    first = open(real.path("twice.svz"), "rb").read()
    real.record("twice.svz", "true")
    equal(open(real.path("twice.svz.old"), "rb").read() == first, True, "twice.svz.old is the first")


def interrupted(sig, to_group):
    file = f"interrupt{sig}{to_group}.svz"
    p = start(real.SCHEDVIZ, "record", "-o", real.path(file), "--", "sleep", "60", start_new_session=True)
    wait_for(lambda: os.path.exists(real.path(file)), "the recording to begin")
    time.sleep(0.1)
    (os.killpg if to_group else os.kill)(p.pid, sig)
    finish(p, 128 + sig)
    check(not real.stat(file)["trace"]["damage"]["cut"], "the file has its end")
    check(any(t["name"] == "sleep" for t in real.stat(file)["tasks"]), "sleep is in it")


def test_ctrl_c_ends_the_recording_and_keeps_the_file():
    interrupted(signal.SIGINT, True)


def test_a_signal_to_the_recorder_alone_is_passed_on():
    interrupted(signal.SIGTERM, False)


def test_under_sudo_a_command_of_roots_can_still_be_ended():
    """The recorder has become the caller, the command is root's: a signal to the one must reach the other."""
    d = open_directory("sudo")
    env = dict(os.environ, SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY))
    p = start(real.SCHEDVIZ, "record", "-o", d + "/term.svz", "--", "sleep", "60", env=env)
    wait_for(lambda: os.path.exists(d + "/term.svz"), "the recording to begin")
    p.send_signal(signal.SIGTERM)
    finish(p, 128 + signal.SIGTERM)
    r = real.run(real.SCHEDVIZ, "record", "-d", "200ms", "-o", d + "/term.svz", "--", "sleep", "60", env=env,
                 status=None, timeout=20)
    equal(r.returncode, 128 + signal.SIGTERM, "exit status of a command ended by --duration")


def test_the_machine_for_a_while():
    r = real.run(real.SCHEDVIZ, "record", "-a", "-d", "300ms", "-o", real.path("all.svz"))
    check("events in" in r.err, r.err)
    trace = real.stat("all.svz")["trace"]
    check(300_000_000 <= trace["length_ns"] < 2_000_000_000, "length", trace["length_ns"])
    check("target.tid" not in real.facts("all.svz"), "no tree is singled out")


def test_a_running_process_with_its_threads_and_future_children():
    victim = start("sh", "-c", "while :; do sleep 0.01; done")
    try:
        real.run(real.SCHEDVIZ, "record", "-p", victim.pid, "-d", "300ms", "-o", real.path("pid.svz"))
        real.run(real.SCHEDVIZ, "record", "--only-target", "-p", victim.pid, "-d", "300ms", "-o", real.path("pid2.svz"))
    finally:
        victim.kill()
        victim.communicate()
    for file in ("pid.svz", "pid2.svz"):
        tree = [t for t in real.stat(file)["tasks"] if t["in_target"]]
        check(any(t["tid"] == victim.pid for t in tree), "the process itself")
        check(sum(1 for t in tree if t["parent"] == victim.pid and t["born_here"]) >= 5, "its children")


def test_a_process_that_ends_ends_its_recording():
    victim = start("sleep", "0.5")
    real.run(real.SCHEDVIZ, "record", "-p", victim.pid, "-o", real.path("end.svz"), timeout=20)
    victim.communicate()


def check_only_target(file, **kw):
    real.record(file, "sh", "-c", "true; /bin/true; /bin/true", options=["--only-target"], **kw)
    stat, evs = real.stat(file), real.events(file)
    tree = {t["tid"] for t in stat["tasks"] if t["in_target"]}
    equal(len(tree), 3, "tasks of the tree")
    strangers = [e for e in evs if e.kind == "switch" and not {e.prev_tid, e.next_tid} & tree]
    equal(len(strangers), 0, "switches between strangers")
    check(all(t["died_here"] for t in stat["tasks"] if t["in_target"]), "their last switches are there")


def test_only_target_keeps_the_tree_and_drops_the_rest():
    check_only_target("only.svz")


def test_only_target_keeps_the_recorders_own_helper_out():
    d = open_directory("only")
    check_only_target(os.path.relpath(d, real.TMP) + "/only.svz",
                      env=dict(os.environ, SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY)))


def test_sigkill_leaves_a_file_that_reads_to_its_last_chunk():
    file = "killed.svz"
    p = start(real.SCHEDVIZ, "record", "-a", "-o", real.path(file))
    wait_for(lambda: os.path.exists(real.path(file)), "the recording to begin")
    load = start("perf", "bench", "sched", "pipe", "-l", "1000000", start_new_session=True)
    size = os.path.getsize(real.path(file))
    wait_for(lambda: os.path.getsize(real.path(file)) > size + 50_000, "chunks to be written")
    p.kill()
    p.communicate()
    os.killpg(load.pid, signal.SIGKILL)
    load.communicate(timeout=10)
    trace = real.stat(file)["trace"]
    check(trace["damage"]["cut"], "it says that it was cut")
    r = real.run(real.SCHEDVIZ, "show", real.path(file))
    check("cut" in r.out or "killed" in r.out or "cut" in r.err, "the picture says so:", r.out[-300:])
    real.run(real.SCHEDVIZ, "show", "--strict", real.path(file), status=3)
    check(len(real.events(file)) > 1000, "events that can be read")


def test_a_full_disk_ends_the_recording_and_keeps_what_was_written():
    d = real.path("small")
    os.mkdir(d)
    real.run("mount", "-t", "tmpfs", "-o", "size=200k", "none", d)
    try:
        r = real.run(real.SCHEDVIZ, "record", "-o", d + "/full.svz", "--", "perf", "bench", "sched", "pipe",
                     "-T", "-l", "2000000", status=1, timeout=60)
        check("No space left on device" in r.err, "the sentence:", r.err)
        out = real.run(real.SCHEDVIZ, "stat", "--json", d + "/full.svz").out
        trace = real.json.loads(out)["trace"]
        check(trace["damage"]["cut"], "the file says that it is cut")
        check(len(real.run(real.SCHEDVIZ, "dump", d + "/full.svz").out) > 100000, "what was written can be read")
    finally:
        real.run("umount", d)


def capabilities(pid):
    status = open(f"/proc/{pid}/status").read()
    return {l.split()[0]: int(l.split()[1], 16) for l in status.splitlines() if l.startswith("Cap")}


def test_once_attached_the_recorder_has_no_capability():
    file = real.path("caps.svz")
    p = start(real.SCHEDVIZ, "record", "-a", "-o", file)
    wait_for(lambda: os.path.exists(file), "the recording to begin")
    caps = capabilities(p.pid)
    equal({k: caps[k] for k in ("CapEff:", "CapPrm:", "CapInh:", "CapAmb:")},
          {"CapEff:": 0, "CapPrm:": 0, "CapInh:": 0, "CapAmb:": 0}, "capabilities")
    p.send_signal(signal.SIGINT)
    finish(p, 0)


def test_under_sudo_the_file_and_the_workload_are_the_callers():
    d = open_directory("home")
    env = dict(os.environ, SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY), SUDO_USER="nobody")
    p = start(real.SCHEDVIZ, "run", "pool", "--scale", "0.3", "--no-picture", "-o", d + "/mine.svz", env=env)
    wait_for(lambda: os.path.exists(d + "/mine.svz"), "the recording to begin")
    uids = open(f"/proc/{p.pid}/status").read().split("Uid:")[1].split("\n")[0].split()
    equal(uids, [str(NOBODY)] * 4, "the recorder's users")
    child = open(f"/proc/{p.pid}/task/{p.pid}/children").read().split()[0]
    wait_for(lambda: os.stat(f"/proc/{child}").st_uid == NOBODY, "the workload to become the caller")
    finish(p, 0)
    equal(os.stat(d + "/mine.svz").st_uid, NOBODY, "owner of the file")
    private = real.path("private")
    os.mkdir(private, 0o700)
    r = real.run(real.SCHEDVIZ, "record", "-o", private + "/no.svz", "--", "true", status=1, env=env)
    check("Permission denied" in r.err, "what the caller may not write, it does not write:", r.err)
    equal(os.listdir(private), [], "files made there")


def test_record_runs_the_command_as_the_user_asked_for():
    r = real.record("user.svz", "id", "-u", options=["--user", "nobody"])
    equal(r.out.strip(), str(NOBODY), "who the command is")
    r = real.record("user.svz", "true", options=["--user", "no-such-user-here"], status=1)
    check("there is no user 'no-such-user-here'" in r.err, r.err)


def test_two_capabilities_are_enough():
    d = open_directory("capable")
    r = real.run("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--inh-caps", "+bpf,+perfmon",
                 "--ambient-caps", "+bpf,+perfmon", real.SCHEDVIZ, "record", "-o", d + "/cap.svz", "--", "true",
                 status=None)
    equal(r.returncode, 0, r.err)
    stat = real.json.loads(real.run(real.SCHEDVIZ, "stat", "--json", d + "/cap.svz").out)
    check(any(t["name"] == "true" and t["in_target"] for t in stat["tasks"]), "the command is in it")


def test_without_privilege_one_sentence_says_what_to_do():
    r = real.run("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", real.SCHEDVIZ, "record", "-o",
                 "/tmp/not-made.svz", "--", "true", status=77)
    check("sudo" in r.err and r.err.count("\n") == 1, "the sentence:", r.err)
    check(not os.path.exists("/tmp/not-made.svz"), "no file is made")


def test_an_output_that_is_no_regular_file_is_written_in_place():
    real.run(real.SCHEDVIZ, "record", "-o", "/dev/null", "--", "true")
    check(st.S_ISCHR(os.stat("/dev/null").st_mode), "/dev/null is still what it was")
    data = real.run(real.SCHEDVIZ, "record", "-o", "-", "--", "true").stdout
    with open(real.path("stdout.svz"), "wb") as f:
        f.write(data)
    check(any(t["name"] == "true" for t in real.stat("stdout.svz")["tasks"]), "standard output got a recording")
    real.run(real.SCHEDVIZ, "record", "-o", real.TMP, "--", "true", status=1)


def test_two_recorders_at_once():
    a = start(real.SCHEDVIZ, "record", "-a", "-d", "500ms", "-o", real.path("a.svz"))
    b = start(real.SCHEDVIZ, "record", "-a", "-d", "500ms", "-o", real.path("b.svz"))
    finish(a, 0)
    finish(b, 0)
    for f in ("a.svz", "b.svz"):
        equal(real.stat(f)["trace"]["health"]["lost_events"], 0, "events lost")


def test_a_ring_of_the_smallest_size_loses_and_says_so():
    file = real.path("tiny.svz")
    p = start(real.SCHEDVIZ, "record", "--buffer", "16K", "-o", file, "--", real.prog("switcher"), "400")
    wait_for(lambda: os.path.exists(file), "the recording to begin")
    p.send_signal(signal.SIGSTOP)  # a recorder that does not come to its turn
    time.sleep(0.2)
    p.send_signal(signal.SIGCONT)
    _, err = finish(p, 0)
    stat = real.stat("tiny.svz")
    lost = stat["trace"]["health"]["lost_events"]
    check(lost > 0, "nothing was lost in a ring of 16 KiB while nobody read it")
    check("lost" in err, "the recorder says so:", err)
    check(stat["trace"]["doubtful"], "the numbers are called doubtful")
    total = sum(int(v) for k, v in real.facts("tiny.svz").items() if k.startswith("receipt.lost.") and k[13:].isdigit())
    equal(lost, total, "events lost by the model and by the receipt")
    for t in stat["tasks"]:
        if t["in_target"]:
            life = t["died_ns"] - max(0, t["born_ns"])
            parts = sum(t[k] for k in ("run_ns", "wait_ns", "sleep_ns", "blocked_ns", "stopped_ns", "unknown_ns"))
            equal(parts, life, f"states of {t['name']} add up to its life")


def test_the_receipt_says_what_it_cost():
    real.record("receipt.svz", "perf", "bench", "sched", "pipe", "-l", "2000")
    facts = real.facts("receipt.svz")
    for key in ("receipt.events.switch", "receipt.bytes", "receipt.bpf_ns_per_run", "receipt.recorder_user_ns",
                "receipt.recorder_rss_bytes"):
        check(int(facts[key]) > 0, key, "is", facts.get(key))
    equal(int(facts["receipt.events.switch"]), sum(e.kind == "switch" for e in real.events("receipt.svz")), "switches")
    info = real.info("receipt.svz")
    check("BPF" in info and "recorder" in info, info)


def test_doctor_says_ready():
    r = real.run(real.SCHEDVIZ, "doctor")
    check("Ready to record" in r.out and "sched_switch" in r.out, r.out)
    r = real.run("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", real.SCHEDVIZ, "doctor", status=77)
    check("NO" in r.out and "->" in r.out, "each no has its remedy:", r.out)


def test_verbose_shows_what_libbpf_says():
    check("libbpf:" in real.record("v.svz", "true", options=["-v"]).err, "libbpf's own messages")
    check("libbpf:" not in real.record("v.svz", "true").err, "and not without -v")


real.main()
