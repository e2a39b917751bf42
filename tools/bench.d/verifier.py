# SPDX-License-Identifier: GPL-2.0-only
"""verifier.py - how large the BPF programs are to the kernel's verifier, against what verifier.txt allows."""
import fnmatch
import os
import subprocess

from measure import Failed

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "verifier.txt")
WORDS = ("instructions", "processed instructions", "states")
GROWTH = 2
LEAST = 16  # so much is nothing: what is written as less counts as this


def written():
    """{program, or pattern: (instructions, processed, states)}; None where nothing has been measured."""
    rows = {}
    with open(TABLE, encoding="ascii") as f:
        for line in f:
            if not line.startswith("#"):
                name, *numbers = line.split()
                rows[name] = None if "-" in numbers else tuple(map(int, numbers))
    return rows


def row_of(rows, program):
    """Its own name goes before a pattern. Failed: the table knows nothing of it."""
    if program in rows:
        return rows[program]
    for name, row in rows.items():
        if fnmatch.fnmatchcase(program, name):
            return row
    raise Failed(f"{program} is not in tools/bench.d/verifier.txt - write there what 'loadall --stats' says of it")


def measured(build):
    """{program: (instructions, processed, states)} of all that this kernel can load, the most of its variants."""
    tool = os.path.join(build, "tests/bpf/progs/loadall")
    out = subprocess.run([tool, "--stats"], capture_output=True, text=True, check=False)
    programs = {}
    for line in out.stdout.splitlines():
        program, _, *numbers = line.split()
        if out.returncode or len(numbers) != 3:
            raise Failed(f"'{tool} --stats' says: {line}")
        programs[program] = tuple(map(max, map(int, numbers), programs.get(program, (0, 0, 0))))
    return programs


def ratio(figures, row):
    """How many times what is written it has, of what grew most."""
    return max(got / max(want, LEAST) for got, want in zip(figures, row))


def too_large(figures, row):
    """A sentence for each figure that is more than GROWTH times what is written."""
    return [f"{got} {word}, {want} are written" for word, got, want in zip(WORDS, figures, row)
            if got > GROWTH * max(want, LEAST)]
