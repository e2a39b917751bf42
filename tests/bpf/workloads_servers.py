#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""workloads_servers.py - servers and wake-ups on real events: as predicted, and checks that can fail."""
import real
from real import check, equal

MODELS = ("iter", "prefork", "threads", "loop", "loops")


def test_server_models_are_as_predicted():
    rates = {}
    for model in MODELS:
        out = real.predicted("server", "--quick", "--model", model, name=f"{model}.svz")
        rates[model] = out["by"]["requests answered"]["measured"]
    check(rates["iter"] < rates["prefork"] < rates["threads"], rates)


def test_server_held_against_another_model_fails():
    real.predicted("server", "--quick", "--model", "iter", name="server.svz")
    real.not_predicted("server --quick --model prefork", name="server.svz")
    real.predicted("server", "--quick", "--model", "loop", name="server.svz")
    real.not_predicted("server --quick --model threads", name="server.svz")


def test_server_with_one_process_starves_clients():
    out = real.predicted("server", "--quick", "--model", "iter", "--clients", "4")
    longest = next(f for f in out["findings"] if f["what"].startswith("the longest response"))
    check(longest["measured"] > 10 * out["by"]["median response"]["measured"], longest)


def test_herd_is_woken_whole():
    out = real.predicted("herd", "--quick", name="herd.svz")
    equal(out["by"]["connections that waiters accepted"]["measured"], 10, "connections")
    real.not_predicted("herd --quick --exclusive", name="herd.svz")
    real.not_predicted("herd --quick --waiters 4", name="herd.svz")


def test_herd_hides_from_the_program():
    out = real.predicted("herd", "--quick", "--cpus", str(real.CPUS[0]))
    kernel = out["by"]["wake-ups of waiters, by the recording"]["measured"]
    program = out["by"]["times they saw themselves woken, by their own count"]["measured"]
    check(kernel >= 4 * program, f"{kernel} wake-ups, of which the program saw {program}")


def test_herd_exclusive_is_woken_one_by_one():
    real.predicted("herd", "--quick", "--exclusive", name="herd.svz")
    real.not_predicted("herd --quick", name="herd.svz")


def test_pingpong_ways_and_places():
    wheres = ("same", "cross", "free") if len(real.CPUS) > 1 else ("same", "free")
    for where in wheres:
        for over in ("pipe", "futex", "eventfd", "yield"):
            real.predicted("pingpong", "--quick", "--where", where, "--over", over)
    real.predicted("pingpong", "--quick", "--threads")


def test_pingpong_held_against_another_line_fails():
    real.predicted("pingpong", "--quick", "--over", "yield", name="pingpong.svz")
    real.not_predicted("pingpong --quick --over yield --where cross", name="pingpong.svz")
    real.not_predicted("pingpong --quick --over pipe", name="pingpong.svz")
    real.predicted("pingpong", "--quick", name="pingpong.svz")
    real.not_predicted("pingpong --quick --rounds 500", name="pingpong.svz")


real.main()
