#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""matrix.py - one cell of the matrix of kernels and CPUs: boot it, do guest.sh in it, judge what comes back.

usage: matrix.py CELL               KERNEL:CPUS, as 6.12-rt:2; prints "PASS CELL-TEST" and so on
       matrix.py --list few|all     the cells of 'make check', of 'make check-vm'
       matrix.py --kernels few|all  their kernels, as tools/vm-kernels wants them
       matrix.py --table            what the cells said last, as a table of Markdown

Results are kept in build/vm-cells, a file for each cell.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
CELLS = os.path.join(ROOT, "build", "vm-cells")

ALL = ("5.10:2", "6.1:2", "6.1:8", "6.1:32", "6.12:2", "6.12:8", "6.12:32", "6.12:64", "6.12-rt:2", "6.18:2",
       "newest:2", "newest:8", "newest:64", "6.12/arm64:2")
FEW = ("6.1:2", "6.12:2")

# QEMU's -smp, NUMA nodes, MiB; what the guest must then see is in cell.py.
SHAPES = {2: ("2,sockets=1,cores=2,threads=1", 0, 512), 8: ("8,sockets=1,cores=4,threads=2", 2, 1024),
          32: ("32,sockets=2,cores=8,threads=2", 2, 1024), 64: ("64,sockets=2,cores=16,threads=2", 2, 2048)}
ARM_SHAPE = ("2", 0, 512)  # its kernel reads the topology from firmware, which these machines have none of
PROGRAMS = ("schedviz", "loadall", "switcher")
GUEST_SECONDS = 240


def list_of(which):
    return {"few": FEW, "all": ALL}[which]


def shape(cell):
    kernel, cpus = cell.split(":")
    return ARM_SHAPE if kernel.endswith("/arm64") else SHAPES[int(cpus)]


def tools(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT)


def why_not(arch):
    """A sentence when this machine cannot do that architecture, or None."""
    lists = ("vm", "arm64") if arch == "arm64" else ("vm",)
    if os.uname().machine != "x86_64":
        return "the matrix is made for hosts with x86-64"
    lacking = tools("tools/setup", "--missing", *lists).stdout.strip()
    missing = [p for p in PROGRAMS if not os.path.exists(f"{programs(arch)}/{p}")]
    return lacking or (f"{missing[0]} is not built for it - make check-vm does" if missing else None)


def programs(arch):
    return os.path.join(ROOT, "build/arm64/vm") if arch == "arm64" else os.path.join(BUILD, "vm")


def busybox(arch):
    """For tools/vm-test; its own is that of the PATH."""
    return {"BUSYBOX": tools("tools/vm-sysroot", arch).stdout.strip() + "/bin/busybox"} if arch == "arm64" else {}


def boot(cell, image, folder):
    """The seconds it took, and the finished process."""
    arch = "arm64" if "/arm64" in cell else "amd64"
    smp, nodes, memory = shape(cell)
    line = ["tools/vm-test", "-k", image, "-a", arch, "-s", smp, "-n", str(nodes), "-m", str(memory), "-o", folder,
            "-t", str(GUEST_SECONDS), "-f", os.path.join(ROOT, "tests/vm/guest.sh:guest.sh")]
    for name in PROGRAMS:
        line += ["-f", f"{programs(arch)}/{name}"]
    begin = time.monotonic()
    done = subprocess.run([*line, "--", "sh", "/guest.sh"], cwd=ROOT, env={**os.environ, **busybox(arch)},
                          capture_output=True, text=True, check=False)
    return time.monotonic() - begin, done


def file_name(cell):
    return cell.replace("/", "-").replace(":", "-")


def save(cell, result):
    os.makedirs(CELLS, exist_ok=True)
    with open(f"{CELLS}/{file_name(cell)}.json", "w", encoding="utf-8") as f:
        json.dump({"cell": cell, **result}, f)


def run(cell):
    """The exit status."""
    kernel, arch = cell.split(":")[0], "arm64" if "/arm64" in cell else "amd64"
    found = tools("tools/vm-kernels", kernel)
    reason = why_not(arch) or (found.stderr.strip() if found.returncode else None)
    if reason:
        save(cell, {"skipped": reason})
        print(f"SKIP {cell}: {reason}")
        return 0
    _, image, package = found.stdout.split()
    with tempfile.TemporaryDirectory() as folder:
        seconds, done = boot(cell, image, folder)
        print(f"{cell}: {package}, {seconds:.0f} s")
        if os.environ.get("VM_KEEP"):
            shutil.copytree(folder, os.path.join(os.environ["VM_KEEP"], file_name(cell)), dirs_exist_ok=True)
        return judge(cell, package, seconds, done, folder)


def judge(cell, package, seconds, done, folder):
    import cell as tests  # here, as it needs schedviz, which --list does not

    results = tests.judge(cell, folder, shape(cell), done)
    for name, (outcome, why, _) in results.items():
        print(f"{outcome} {cell}-{name}{': ' + why if why else ''}")
    save(cell, {"package": package, "seconds": seconds, "tests": results})
    return any(outcome == "FAIL" for outcome, _, _ in results.values())


def read(cell):
    try:
        with open(f"{CELLS}/{file_name(cell)}.json", encoding="utf-8") as f:
            return json.load(f)
    except FileNotFoundError:
        return {"skipped": "not run"}


def words(test):
    outcome, _, seconds = test
    return {"PASS": f"{seconds:.1f} s" if seconds is not None else "yes", "SKIP": "-", "FAIL": "**no**"}[outcome]


def table():
    import cell as tests

    names = [n for n, _ in tests.tests()]
    yield f"| kernel | CPUs | {' | '.join(names)} | whole |"
    yield "|---" * (len(names) + 3) + "|"
    for cell in ALL:
        result = read(cell)
        kernel, cpus = cell.split(":")
        if "skipped" in result:
            yield f"| {kernel} | {cpus} | {' | '.join('-' for _ in names)} | {result['skipped']} |"
            continue
        release = result["package"].split("-", 2)[2]
        row = [words(result["tests"][n]) for n in names]
        yield f"| {release} | {cpus} | {' | '.join(row)} | {result['seconds']:.0f} s |"


def main():
    mode, *rest = sys.argv[1:] or ["--help"]
    if mode == "--list" and rest:
        print(*list_of(rest[0]))
    elif mode == "--kernels" and rest:
        print(*dict.fromkeys(c.split(":")[0] for c in list_of(rest[0])))
    elif mode == "--table":
        print("\n".join(table()))
    elif mode in ALL:
        return run(mode)
    else:
        print(__doc__.split("\n\n", 1)[1], "\ncells:", *ALL, file=sys.stderr)
        return 2
    return 0


sys.exit(main())
