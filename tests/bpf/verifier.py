#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""verifier.py - no BPF program is twice as much to the verifier as tools/bench.d/verifier.txt says."""
import os
import sys

import real
from real import check, equal

sys.path.insert(0, os.path.join(real.ROOT, "tools/bench.d"))
import verifier  # noqa: E402


def test_no_program_has_grown_to_twice_its_size():
    programs, rows = verifier.measured(real.BUILD), verifier.written()
    check("sv_sched_switch" in programs, "the verifier was not asked about sv_sched_switch")
    grown = []
    for program, figures in programs.items():
        row = verifier.row_of(rows, program)
        grown += [f"{program}: {s}" for s in (verifier.too_large(figures, row) if row else ())]
    equal(grown, [], "what grew")


def test_a_program_that_grows_is_found():
    """Each figure alone, from what this kernel says."""
    figures = verifier.measured(real.BUILD)["sv_sched_switch"]
    for i, word in enumerate(verifier.WORDS):
        half = list(figures)
        half[i] = (figures[i] - 1) // 2
        equal(verifier.too_large(figures, half), [f"{figures[i]} {word}, {half[i]} are written"], "what is found")
        half[i] = (figures[i] + 1) // 2
        equal(verifier.too_large(figures, half), [], "what is found at twice")


def test_a_program_that_nobody_wrote_down_is_found():
    rows = verifier.written()
    equal(verifier.row_of(rows, "sv_waking_count"), rows["sv_waking_*"], "the row of a pattern")
    try:
        verifier.row_of(rows, "sv_unheard_of")
    except verifier.Failed as e:
        check("verifier.txt" in str(e), "the remedy is not named:", e)
        return
    raise AssertionError("a program without a row passes")


def test_every_row_has_its_program():
    with open(os.path.join(real.BUILD, "bpf/schedviz.bpf.o"), "rb") as f:
        names = f.read()
    for name in verifier.written():
        check(b"\0" + name.rstrip("*").encode() in names, name, "is written of a program that is not there")


real.main()
