"""The encoding of a page: byte order mark, HTTP header, meta, strict UTF-8, then windows-1252."""

import codecs
import re

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
HEAD = 4096
"""Bytes in which a declaration is looked for."""
_LATIN = frozenset({"iso-8859-1", "latin-1", "latin1", "iso8859-1", "us-ascii", "ascii", "windows-1252", "cp1252"})
"""Browsers read all of these as windows-1252 (WHATWG Encoding, 4.2)."""


def encoding_of(body: bytes, content_type: str | None) -> str:
    """Name a codec that Python knows. A declared UTF-8 that the bytes are not is no UTF-8."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return encoding
    declared = _CHARSET.search(content_type or "")
    meta = _META.search(body[:HEAD])
    for name in (declared[1] if declared else None, meta[1].decode("ascii") if meta else None):
        codec = _known(name)
        if codec is not None and codec != "utf-8":
            return codec
        if codec == "utf-8" and _is_utf8(body):
            return codec
    return "utf-8" if _is_utf8(body) else "cp1252"


def _known(name: str | None) -> str | None:
    if name is None:
        return None
    if name.lower() in _LATIN:
        return "cp1252"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(body) - 4 and error.reason == "unexpected end of data"
    return True
