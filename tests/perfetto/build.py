# SPDX-License-Identifier: GPL-2.0-only
"""build.py - dictionaries back to the bytes of a trace, so that tests of the checks can plant what is wrong."""
import struct

from schema import BY_NAME


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def bytes_of(field, value):
    if field.packed:
        body = b"".join(varint(int(v)) for v in value)
    elif field.kind == "string":
        body = value.encode()
    elif field.kind == "bytes":
        body = value
    elif field.kind == "fixed64":
        return struct.pack("<Q", value)
    elif field.kind == "double":
        return struct.pack("<d", value)
    elif field.wire() == 0:
        return varint(int(value))
    else:
        body = message(field.kind, value)
    return varint(len(body)) + body


def message(kind, values):
    out = bytearray()
    for name, value in values.items():
        field = BY_NAME[kind][name]
        for one in value if field.repeated and not field.packed else [value]:
            out += varint(field.number << 3 | field.wire()) + bytes_of(field, one)
    return bytes(out)


def trace(packets):
    return message("Trace", {"packet": packets})
