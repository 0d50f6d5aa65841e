"""TDMRep (W3C community group, 2024): the file on the origin server, and the XMP packet of a PDF."""

import contextlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from data.charset import decode
from data.rights.robots_txt import MAX_BYTES, shown
from data.rights.signals import TDMREP, Signal

NAMESPACE = re.compile(r"""xmlns:([\w.-]{1,40})\s*=\s*["']https?://www\.w3\.org/ns/tdmrep[/#]?["']""")
MAX_STREAMS = 20
"""Uncompressed packets that are read, at most."""
MAX_MENTIONS = 100
"""Metadata objects whose streams are read, at most."""
MAX_PACKET = 1 << 20
"""Bytes of a packet that are read."""
_BETWEEN = " \t\r\n,"
"""Signs between the members of a list."""
_RESERVED = frozenset({"1", "1.0", "true"})
"""The recommendation has the number 1; what hosts write in its place means the same."""
_BEGIN = re.compile(rb"<(?:[a-zA-Z]\w{0,20}:)?(?:xmpmeta|RDF)\b")
_STREAM = re.compile(rb"/Metadata\b[^\x00]{0,400}?\bstream\r?\n", re.DOTALL)


def tdmrep_signals(body: bytes) -> list[Signal]:
    """The rules of a tdmrep.json, each with its own text; never raises."""
    text = decode(body[:MAX_BYTES], None)[0]
    try:
        said: Any = json.loads(text)
        places = _members(text) if isinstance(said, list) else [text]
    except (ValueError, RecursionError):
        return []
    rules = zip(said if isinstance(said, list) else [said], places, strict=True)
    return [signal for one, line in rules if (signal := _rule(one, line)) is not None]


def _members(text: str) -> list[str]:
    """The text of each member of a list.

    >>> _members(' [{"a":1} , {"b": [2]}]')
    ['{"a":1}', '{"b": [2]}']
    """
    decoder, found, at = json.JSONDecoder(), [], text.index("[") + 1
    while text[at] != "]":
        if text[at] in _BETWEEN:
            at += 1
            continue
        _, end = decoder.raw_decode(text, at)
        found.append(text[at:end])
        at = end
    return found


def _rule(one: object, line: str) -> Signal | None:
    if not isinstance(one, dict):
        return None
    location, reservation = one.get("location"), str(one.get("tdm-reservation")).strip().lower()
    if not isinstance(location, str) or not location.isprintable() or not location.startswith(("/", "*")):
        return None
    return Signal(TDMREP, shown(line), "reserved" if reservation in _RESERVED else "allowed", location)


def xmp_signals(body: bytes) -> list[Signal]:
    """The signals in the XMP packets of a PDF, uncompressed and compressed."""
    return [signal for packet in packets(body, (b"tdmrep",)) if (signal := _of_packet(packet)) is not None]


def packets(body: bytes, names: Iterable[bytes]) -> Iterator[str]:
    """The packets of a PDF, in UTF-8 or UTF-16: those with one of the names, and compressed ones."""
    if any(name in body for name in names):
        for begin in islice(_BEGIN.finditer(body), MAX_STREAMS):
            yield body[begin.start() : begin.start() + MAX_PACKET].decode("utf-8", "replace")
    at = -1
    for _ in range(MAX_MENTIONS):
        at = body.find(b"/Metadata", at + 1)
        stream = _STREAM.match(body, at) if at >= 0 else None
        if at < 0:
            return
        if stream is None:
            continue
        raw = body[stream.end() : stream.end() + MAX_PACKET]
        with contextlib.suppress(zlib.error):  # it was not compressed, and may still be UTF-16
            raw = zlib.decompressobj().decompress(raw, MAX_PACKET)
        yield raw.replace(b"\x00", b"").decode("utf-8", "replace")


def _of_packet(packet: str) -> Signal | None:
    for prefix in dict.fromkeys(NAMESPACE.findall(packet)):
        name = re.escape(prefix)
        element = rf"<{name}:reservation\b[^>]{{0,200}}>\s*([01])\s*</{name}:reservation\s*>"
        found = re.search(rf"""{element}|\b{name}:reservation\s*=\s*["']\s*([01])\s*["']""", packet)
        if found is not None:
            return Signal("pdf/xmp", shown(found[0]), "reserved" if "1" in found.groups() else "allowed")
    return None
