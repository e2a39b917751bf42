# SPDX-License-Identifier: GPL-2.0-only
"""apt.py - Debian's packages, fetched without being installed, through an apt that shares nothing with the machine's.

It has lists, sources and settings of its own under the cache; from the machine's apt it takes the mirror and whatever
is needed to reach it (a proxy). All belongs to whoever runs it.
"""
import os
import re
import shutil
import subprocess
import tempfile

# Where kernels and libraries are looked for; a suite that the mirror has not (any more) is gone without.
SUITES = ("bullseye-security", "bookworm-security", "trixie-security", "bookworm", "bookworm-backports", "trixie",
          "trixie-backports", "sid")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class Refused(Exception):
    """What cannot be had, in one sentence."""


def cache():
    """VM_CACHE, or where the XDG base directories have it."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("VM_CACHE") or os.path.join(home, "schedviz", "vm")


def mirrors():
    """(of the releases, of their security updates): VM_MIRROR, or those of the machine's apt."""
    if os.environ.get("VM_MIRROR"):
        mirror = os.environ["VM_MIRROR"].rstrip("/")
        return mirror, mirror + "-security"
    done = run("apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)")
    found = dict(line.split(" ", 1) for line in done.stdout.splitlines() if line.startswith("Debian"))
    if "Debian" not in found:
        raise Refused("the machine's apt names no mirror of Debian - name one by VM_MIRROR=http://.../debian")
    main = found["Debian"].rstrip("/")
    return main, found.get("Debian-Security", main + "-security").rstrip("/")


def run(*argv, env=None, cwd=None):
    try:
        return subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=env, cwd=cwd,
                              check=False)
    except FileNotFoundError as e:
        raise Refused(f"there is no {argv[0]}: kernels can be fetched on Debian and its relatives only") from e


def last_line(text):
    return (text.strip().splitlines() or ["no reason given"])[-1]


class Apt:
    """One for each architecture. `update()` asks the mirror, once in a life of this object; the rest asks the lists."""

    def __init__(self, arch):
        self.arch, self.fresh = arch, False
        self.home = os.path.join(cache(), "apt-" + arch)
        self.env = {**os.environ, "APT_CONFIG": os.path.join(self.home, "apt.conf"), "LC_ALL": "C"}

    def _settings(self):
        for folder in ("lists/partial", "cache/archives/partial"):
            os.makedirs(os.path.join(self.home, folder), exist_ok=True)
        settings = {"Dir::State::lists": self.home + "/lists", "Dir::Cache": self.home + "/cache",
                    "Dir::State::status": self.home + "/status", "Dir::Etc::sourcelist": self.home + "/sources.list",
                    "Dir::Etc::sourceparts": "/dev/null", "Dir::Etc::preferences": "/dev/null",
                    "Dir::Etc::preferencesparts": "/dev/null", "APT::Architecture": self.arch,
                    "APT::Default-Release": "", "Acquire::Languages": "none", "APT::Sandbox::User": "root"}
        with open(self.home + "/apt.conf", "w", encoding="utf-8") as f:
            f.writelines(f'{name} "{value}";\n' for name, value in settings.items())
            f.write(f'#clear APT::Architectures;\nAPT::Architectures {{ "{self.arch}"; }};\n')
        with open(self.home + "/status", "w", encoding="utf-8"):
            pass

    def _sources(self):
        main, security = mirrors()
        with open(self.home + "/sources.list", "w", encoding="utf-8") as f:
            for suite in SUITES:
                mirror = security if suite.endswith("-security") else main
                f.write(f"deb [arch={self.arch} signed-by={KEYRING}] {mirror} {suite} main\n")

    def update(self):
        if self.fresh:
            return
        self._settings()
        self._sources()
        done = run("apt-get", "-qq", "-o", "Acquire::Retries=1", "update", env=self.env)
        if not self.names("."):
            shutil.rmtree(self.home + "/lists", ignore_errors=True)
            raise Refused(f"the mirror cannot be asked: {last_line(done.stderr)}")
        self.fresh = True

    def names(self, pattern):
        done = run("apt-cache", "pkgnames", env=self.env)
        return [n for n in done.stdout.split() if re.search(pattern, n)]

    def unpacked(self, package, use):
        """Call use(DIRECTORY) on what the package holds; PACKAGE may be name/SUITE."""
        with tempfile.TemporaryDirectory(dir=self.home) as tmp:
            done = run("apt-get", "-qq", "download", package, env=self.env, cwd=tmp)
            found = [f for f in os.listdir(tmp) if f.endswith(".deb")]
            if not found:
                raise Refused(f"'{package}' cannot be fetched: {last_line(done.stderr)}")
            done = run("dpkg-deb", "-x", os.path.join(tmp, found[0]), tmp + "/files")
            if done.returncode:
                raise Refused(f"'{package}' cannot be unpacked: {last_line(done.stderr)}")
            use(tmp + "/files")
