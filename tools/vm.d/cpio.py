# SPDX-License-Identifier: GPL-2.0-only
"""cpio.py - an archive of the form that Linux takes as its first root file system ("newc")."""
import os
import stat


class Archive:
    """Files are added by their path in it; directories on the way come by themselves. All belongs to root."""

    def __init__(self):
        self.parts, self.made, self.inode = [], set(), 0

    def _entry(self, path, mode, content=b"", device=(0, 0)):
        self.inode += 1
        name = path.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0)
        self._padded(b"070701" + b"".join(b"%08X" % f for f in fields) + name)
        self._padded(content)

    def _padded(self, data):
        self.parts.append(data + b"\0" * (-len(data) % 4))

    def _parents(self, path):
        parent = os.path.dirname(path)
        if parent and parent not in self.made:
            self._parents(parent)
            self.made.add(parent)
            self._entry(parent, stat.S_IFDIR | 0o755)

    def add(self, path, content, mode=0o755):
        path = path.lstrip("/")
        self._parents(path)
        self._entry(path, stat.S_IFREG | mode, content)

    def console(self):
        """Without it process 1 begins with nowhere to say anything."""
        self._parents("dev/console")
        self._entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))

    def bytes(self):
        self._entry("TRAILER!!!", 0)
        return b"".join(self.parts)
