#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""importer.py - exports of drawn and real recordings, as Perfetto's own trace processor sees them.

usage: TRACE_PROCESSOR=/path/to/trace_processor_shell importer.py [WORD]

Prints "PASS name", "FAIL name: why" or "SKIP name: why". An argument runs only the tests whose name contains it.
"""
import os
import sys

import exports
import harness
import real
import sql
from harness import Skip, check

PROGRAM = os.environ.get("TRACE_PROCESSOR", "")


def hold(recording, *options, **kw):
    trace, told = exports.both(recording, *options, **kw)
    sentences, counts = sql.differences(PROGRAM, trace, told)
    check(not sentences, f"({len(sentences)} differences)", *sentences[:4])
    return counts


def recorded(name):
    def test():
        if os.geteuid() != 0:
            raise Skip("needs root")
        exports.RECORDED[name](f"{name}.svz")
        counts = hold(real.path(f"{name}.svz"))
        print(f"{name}: {', '.join(f'{n} {what}' for what, n in counts.items())}")
        hold(real.path(f"{name}.svz"), "--from", "10ms", "--to", "60ms", gzip=True)
        if name == "pool":
            hold(real.path("pool.svz"), "--tasks", "worker*")
    return test


def main():
    if not os.access(PROGRAM, os.X_OK):
        print(f"FAIL importer: '{PROGRAM}' is no program - TRACE_PROCESSOR=/path/to/trace_processor_shell names it")
        sys.exit(1)
    os.makedirs(real.TMP, exist_ok=True)
    tests = {f"drawn_{name}": (lambda p=p: hold(p)) for name, p in exports.drawn().items()}
    tests.update({f"recorded_{name}": recorded(name) for name in exports.RECORDED})
    sys.exit(harness.run(tests))


if __name__ == "__main__":
    main()
