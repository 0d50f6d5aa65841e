"""The encoding of a page: byte order mark, HTTP header, meta, strict UTF-8, then windows-1252."""

import codecs
import re

HEAD = 4096
"""Bytes in which a declaration is looked for."""
MAX_DECLARED = 40
"""Characters of a charset's name."""

_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]+)", re.IGNORECASE | re.ASCII)
_META = re.compile(
    rb"<(?:meta[\s/][^>]{0,500}?charset|\?xml\s[^>]{0,200}?encoding)\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]+)",
    re.IGNORECASE,
)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LATIN = frozenset({"iso8859-1", "latin-1", "ascii", "cp1252"})
"""Browsers read all of these as windows-1252 (WHATWG Encoding, 4.2)."""
_BYTEWISE = frozenset(
    ["ascii", "cp866", "koi8-r", "koi8-u", "mac-cyrillic", "mac-roman"]
    + [f"cp{number}" for number in (874, *range(1250, 1259))]
    + [f"iso8859-{number}" for number in (*range(1, 12), 13, 14, 15, 16)]
)
_KNOWN = _BYTEWISE | {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb2312", "gb18030", "big5"}
_KNOWN |= {"euc_jp", "shift_jis", "iso2022_jp", "euc_kr", "cp949"}
"""What a page may declare (WHATWG Encoding). Python also knows hex, punycode, unicode_escape."""

_ASCII = bytes(range(0x80))
BROKEN_SHARE = 0.1
"""Text with up to this share of broken sequences counts as UTF-8; in windows-1252 text nearly all are broken."""


def decode(body: bytes, content_type: str | None) -> tuple[str, str]:
    """The text of a page and the name of its encoding; what cannot be read becomes U+FFFD. Never raises."""
    text, encoding = decode_with_mark(body, content_type)
    return text.removeprefix("\ufeff"), encoding


def decode_with_mark(body: bytes, content_type: str | None) -> tuple[str, str]:
    """The same, with the byte order mark that it may begin with."""
    text = _as_utf8(body)
    encoding = _encoding_of(body, content_type, is_utf8=text is not None or _is_utf8(body))
    return (text if text is not None and encoding == "utf-8" else body.decode(encoding, "replace")), encoding


def encoding_of(body: bytes, content_type: str | None) -> str:
    """Name a codec that Python knows.

    A declared UTF-8 is not believed where the bytes are not valid UTF-8. A declared single-byte charset is not believed
    where all bytes are valid UTF-8: the accents of real Latin-1 text make no valid sequences.
    """
    return _encoding_of(body, content_type, is_utf8=_is_utf8(body))


def _encoding_of(body: bytes, content_type: str | None, *, is_utf8: bool) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return encoding
    for codec in _declarations(body, content_type):
        if codec == "utf-8" or (is_utf8 and codec in _BYTEWISE):
            if is_utf8:
                return "utf-8"
        else:
            return "cp1252" if codec in _LATIN else codec
    return "utf-8" if is_utf8 else "cp1252"


def _declarations(body: bytes, content_type: str | None) -> list[str]:
    header = _CHARSET.search(content_type or "")
    meta = _META.search(body[:HEAD])
    named = [header[1]] if header else []
    if meta:
        inside = meta[1].decode("latin-1")
        named.append("utf-8" if inside.lower().startswith("utf-16") else inside)  # WHATWG HTML, 13.2.3.2
    return [codec for name in named if (codec := _known(name)) is not None]


def _known(name: str) -> str | None:
    if len(name) > MAX_DECLARED:
        return None
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        return None
    if codec not in _KNOWN:
        return None
    return "utf-16-le" if codec == "utf-16" else codec


def _as_utf8(body: bytes) -> str | None:
    """The text of UTF-8 without a broken byte."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        high = len(body.translate(None, _ASCII))
        broken = body.decode("utf-8", "replace").count("\ufffd")
        if broken == 1 and error.reason == "unexpected end of data":  # the body was cut within a letter
            return high > len(body) - error.start
        return broken < BROKEN_SHARE * (high - broken) / 2
    return True
