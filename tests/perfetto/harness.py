# SPDX-License-Identifier: GPL-2.0-only
"""harness.py - how the tests of this directory say how they went: "PASS name", "FAIL name: why", "SKIP name: why"."""
import sys


class Skip(Exception):
    pass


def check(condition, *why):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in why))


def run(tests):
    """Each of {name: function}, or those whose name contains the argument; the exit status."""
    failed = 0
    for name, test in tests.items():
        if len(sys.argv) > 1 and sys.argv[1] not in name:
            continue
        try:
            test()
            print(f"PASS {name}", flush=True)
        except Skip as e:
            print(f"SKIP {name}: {e}", flush=True)
        except Exception as e:
            failed = 1
            print(f"FAIL {name}: {type(e).__name__}: {' '.join(str(e).split())[:800]}", flush=True)
    return failed


def of(module):
    """The functions test_NAME of a module's variables, by NAME."""
    return {n[5:]: f for n, f in module.items() if n.startswith("test_") and callable(f)}
