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


real.main()
