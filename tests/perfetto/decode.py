#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""decode.py - reads a Perfetto trace without Perfetto: strictly, as dictionaries, by the table in schema.py.

usage: decode.py [--text] FILE      a .pftrace, or one that gzip made smaller; --text prints it, one event a line

Whatever the table does not know, or knows otherwise, is an error that names where it is: a field of another number or
wire type, a second value where there can be one, a number out of its range, text that is no UTF-8, a tail cut off.
"""
import gzip
import json
import struct
import sys
import zlib

from schema import MESSAGES

RANGES = {"u32": (0, 1 << 32), "u64": (0, 1 << 64), "i32": (-1 << 31, 1 << 31), "i64": (-1 << 63, 1 << 63),
          "bool": (0, 2)}
SWITCH = ("switch_timestamp", "switch_prev_state", "switch_next_pid", "switch_next_prio", "switch_next_comm_index")
WAKING = ("waking_timestamp", "waking_pid", "waking_target_cpu", "waking_prio", "waking_comm_index",
          "waking_common_flags")


class Bad(Exception):
    """What is wrong with the bytes, and where."""


def varint(data, at, end, path):
    value = shift = 0
    while True:
        if at >= end:
            raise Bad(f"{path}: a number is cut off at byte {at}")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
        if shift > 63:
            raise Bad(f"{path}: a number of more than ten bytes ends at {at}")
    if value >= 1 << 64:
        raise Bad(f"{path}: a number of more than 64 bits ends at {at}")
    return value, at


def integer(field, value, path):
    low, high = RANGES[field.kind]
    if low < 0 and value >= 1 << 63:
        value -= 1 << 64
    if not low <= value < high:
        raise Bad(f"{path}: {value} is no {field.kind}")
    return bool(value) if field.kind == "bool" else value


def packed(field, data, at, end, path):
    out = []
    while at < end:
        value, at = varint(data, at, end, path)
        out.append(integer(field, value, path))
    return out


def content(field, data, at, end, path):
    """What a length announced."""
    if field.packed:
        return packed(field, data, at, end, path)
    if field.kind == "string":
        try:
            return data[at:end].decode()
        except UnicodeDecodeError as e:
            raise Bad(f"{path}: text at byte {at} is no UTF-8: {e}") from e
    if field.kind == "bytes":
        return bytes(data[at:end])
    return message(field.kind, data, at, end, path)


def one(field, data, at, end, path):
    """The value of a field that begins at `at`, and where the next begins."""
    wire = field.wire()
    if wire == 0:
        value, at = varint(data, at, end, path)
        return integer(field, value, path), at
    if wire == 1:
        if at + 8 > end:
            raise Bad(f"{path}: eight bytes are cut off at byte {at}")
        return struct.unpack("<d" if field.kind == "double" else "<Q", data[at:at + 8])[0], at + 8
    size, at = varint(data, at, end, path)
    if at + size > end:
        raise Bad(f"{path}: {size} bytes announced at {at}, {end - at} are there")
    return content(field, data, at, at + size, path), at + size


def message(kind, data, at, end, path):
    out, known = {}, MESSAGES[kind]
    while at < end:
        tag, at = varint(data, at, end, path)
        field = known.get(tag >> 3)
        if not field:
            raise Bad(f"{path}: field {tag >> 3} of {kind} is not known")
        here = f"{path}.{field.name}"
        if tag & 7 != field.wire():
            raise Bad(f"{here}: wire type {tag & 7}, not {field.wire()}")
        value, at = one(field, data, at, end, here)
        if field.repeated and not field.packed:
            out.setdefault(field.name, []).append(value)
        elif field.name in out:
            raise Bad(f"{here}: there twice")
        else:
            out[field.name] = value
    return out


def inflate(data, path):
    engine = zlib.decompressobj()
    try:
        out = engine.decompress(data)
    except zlib.error as e:
        raise Bad(f"{path}: {e}") from e
    if not engine.eof or engine.unused_data:
        raise Bad(f"{path}: what is compressed does not end where it should")
    return out


def packets(data, path=""):
    """Each packet in the order of the file, those of a compressed one too."""
    at, number = 0, 0
    while at < len(data):
        here = f"{path}packet[{number}]"
        tag, at = varint(data, at, len(data), here)
        if tag != 1 << 3 | 2:
            raise Bad(f"{here}: a trace is made of packets, this is tag {tag}")
        size, at = varint(data, at, len(data), here)
        if at + size > len(data):
            raise Bad(f"{here}: {size} bytes announced at {at}, {len(data) - at} are there")
        packet = message("TracePacket", data, at, at + size, here)
        at += size
        number += 1
        if "compressed_packets" not in packet:
            yield packet
        elif len(packet) > 1:
            raise Bad(f"{here}: compressed packets have nothing beside them")
        else:
            yield from packets(inflate(packet["compressed_packets"], here), f"{here}.")


def load(path):
    with open(path, "rb") as f:
        data = f.read()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as e:
            raise Bad(f"{path}: {e}") from e
    return list(packets(data))


# ---- the columns of compact_sched ----

def column_lengths(compact, names):
    return {name: len(compact.get(name, ())) for name in names}


def expand(compact, names):
    """The rows of one table of compact_sched: times are made absolute, indices are left. Bad where columns differ."""
    lengths = column_lengths(compact, names)
    if len(set(lengths.values())) > 1:
        raise Bad(f"columns of compact_sched differ in length: {lengths}")
    now = 0
    for row in zip(*(compact.get(name, ()) for name in names)):
        now += row[0]
        yield (now, *row[1:])


def interned(compact, index):
    table = compact.get("intern_table", [])
    if index >= len(table):
        raise Bad(f"index {index} into an intern_table of {len(table)}")
    return table[index]


# ---- as text ----

def shown(value):
    if isinstance(value, bytes):
        value = value.decode(errors="backslashreplace")
    return json.dumps(value) if isinstance(value, (str, bool)) else str(value)


def scalars(fields):
    """ name=value of what is no message."""
    out = []
    for name, value in fields.items():
        values = value if isinstance(value, list) else [value]
        if values and not isinstance(values[0], dict):
            out += [f" {name}={shown(v)}" for v in values]
    return "".join(out)


def compact_lines(compact, indent):
    for at, state, pid, prio, comm in expand(compact, SWITCH):
        yield f"{indent}switch at={at} prev_state={state:#x} next={pid} {shown(interned(compact, comm))} prio={prio}"
    for at, pid, cpu, prio, comm, flags in expand(compact, WAKING):
        yield (f"{indent}waking at={at} pid={pid} {shown(interned(compact, comm))} cpu={cpu} prio={prio} "
               f"flags={flags:#x}")


def message_lines(name, value, depth):
    indent = "  " * depth
    if name == "compact_sched":
        yield from compact_lines(value, indent)
        return
    below = [(n, one) for n, v in value.items() for one in (v if isinstance(v, list) else [v]) if isinstance(one, dict)]
    inline = len(below) == 1 and depth and below[0][0] != "compact_sched"
    if inline and not any(isinstance(v, dict) for v in below[0][1].values()):
        yield f"{indent}{name}{scalars(value)} {below[0][0]}{scalars(below[0][1])}"
        return
    yield f"{indent}{name}{scalars(value)}"
    for child, fields in below:
        yield from message_lines(child, fields, depth + 1)


def text(trace):
    for packet in trace:
        yield from message_lines("packet", packet, 0)


def main():
    words = [w for w in sys.argv[1:] if w != "--text"]
    if len(words) != 1:
        sys.exit("usage: decode.py [--text] FILE")
    try:
        trace = load(words[0])
        if "--text" in sys.argv:
            sys.stdout.writelines(line + "\n" for line in text(trace))
        else:
            print(f"{len(trace)} packets")
    except (Bad, OSError) as e:
        sys.exit(f"decode.py: {e}")


if __name__ == "__main__":
    main()
