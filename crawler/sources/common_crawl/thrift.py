"""Thrift's compact protocol, as far as Parquet's footers need it: bytes ⇄ dictionaries by field number.

A struct is ``{number: (type, value)}``, a list ``(type of its members, members)``. Source: thrift-compact-protocol.md.
"""

import struct
from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
Struct = dict[int, tuple[int, Any]]
_SHORT = 15
"""A list of so many members, or a larger step between field numbers, is written out."""
_DEEPEST = 16
"""Structs inside of structs; Parquet's footer has five."""


class NotThriftError(ValueError):
    """The bytes are no struct."""


class Reader:
    """Reads structs from bytes; ``position`` is behind the last."""

    def __init__(self, content: bytes, position: int = 0) -> None:
        self._content = content
        self.position = position

    def struct(self, depth: int = 0) -> Struct:
        """The struct that begins here.

        Raises:
            NotThriftError: it is not a struct, or is cut short.
        """
        if depth > _DEEPEST:
            raise NotThriftError("structs too deep")
        found: Struct = {}
        number = 0
        while head := self._byte():
            step, kind = head >> 4, head & 15
            number = number + step if step else self._zigzag()
            found[number] = kind, self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (TRUE, FALSE):
            return kind == TRUE
        if kind in (I16, I32, I64):
            return self._zigzag()
        if kind == BINARY:
            return self._take(self._varint())
        if kind == STRUCT:
            return self.struct(depth + 1)
        if kind in (LIST, SET):
            return self._list(depth)
        if kind == BYTE:
            return self._byte()
        if kind == DOUBLE:
            return float(struct.unpack("<d", self._take(8))[0])
        raise NotThriftError(f"type {kind}")

    def _list(self, depth: int) -> tuple[int, list[Any]]:
        head = self._byte()
        count, kind = head >> 4, head & 15
        count = self._varint() if count == _SHORT else count
        if count > len(self._content):
            raise NotThriftError(f"a list of {count:,} members")
        if kind in (TRUE, FALSE):
            return kind, [self._byte() == TRUE for _ in range(count)]
        return kind, [self._value(kind, depth) for _ in range(count)]

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, length: int) -> bytes:
        end = self.position + length
        if length < 0 or end > len(self._content):
            raise NotThriftError("cut short")
        found, self.position = self._content[self.position : end], end
        return found

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:  # noqa: PLR2004 - the bit that says that more follow
                return value
            shift += 7

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)


def written(fields: Struct) -> bytes:
    """A struct's bytes.

    >>> Reader(written({1: (I32, -7), 20: (LIST, (BINARY, [b"a", b""]))})).struct()
    {1: (5, -7), 20: (9, (8, [b'a', b'']))}
    """
    out = bytearray()
    last = 0
    for number, (kind, value) in sorted(fields.items()):
        kind = (TRUE if value else FALSE) if kind in (TRUE, FALSE) else kind  # noqa: PLW2901 - a boolean is its type
        step = number - last
        if 0 < step <= _SHORT:
            out.append(step << 4 | kind)
        else:
            out.append(kind)
            out += _varint(_zigzag(number))
        out += b"" if kind in (TRUE, FALSE) else _value(kind, value)
        last = number
    return bytes(out) + b"\0"


def _value(kind: int, value: Any) -> bytes:
    if kind in (I16, I32, I64):
        return _varint(_zigzag(value))
    if kind == BINARY:
        return _varint(len(value)) + bytes(value)
    if kind == STRUCT:
        return written(value)
    if kind in (LIST, SET):
        return _list(*value)
    if kind == BYTE:
        return bytes((value,))
    packed: bytes = struct.pack("<d", value)
    return packed


def _list(kind: int, members: list[Any]) -> bytes:
    short = len(members) < _SHORT
    head = bytes((len(members) << 4 | kind,)) if short else bytes((_SHORT << 4 | kind,)) + _varint(len(members))
    if kind in (TRUE, FALSE):
        return head + bytes(TRUE if one else FALSE for one in members)
    return head + b"".join(_value(kind, one) for one in members)


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:  # noqa: PLR2004 - seven bits a byte
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
