"""Keeps each response as it came over the wire, before Scrapy decompresses it."""

from dataclasses import dataclass

from scrapy import Request
from scrapy.http import Response

RAW_RESPONSE = "wire"
"""Key of a request's meta."""
_UNDONE = (b"transfer-encoding",)
"""Encodings that Twisted has undone already; the record renames the field, as Common Crawl does."""
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_TEXTS = (b"<", b"%PDF", b"{")
"""First bytes of an uncompressed body."""
_READ_LATER = ((b"gzip",), (b"x-gzip",), (b"deflate",))
"""Encodings that readers of WARC files can undo; a body with others is kept decompressed."""


@dataclass(frozen=True, slots=True)
class RawResponse:
    """Header fields and body of a response; the body still has its content encoding."""

    headers: list[tuple[bytes, bytes]]
    body: bytes
    kept_unpacked: bool = False
    """The record keeps the decompressed body, because of its encodings."""


def keep_raw_response(request: Request, response: Response) -> None:
    """Keep a response in its request's meta; a Content-Encoding that the body does not have is removed."""
    encodings = _encodings(response)
    is_false = bool(encodings) and not _has(encodings[-1], response.body)
    unpacked = not is_false and bool(encodings) and encodings not in _READ_LATER
    undone = (*_UNDONE, b"content-encoding") if is_false or unpacked else _UNDONE
    headers = [
        (b"X-Crawler-" + name if name.lower() in undone else name, value)
        for name, values in response.headers.items()
        for value in values
    ]
    request.meta[RAW_RESPONSE] = RawResponse(headers, response.body, unpacked)
    if is_false:
        del response.headers["Content-Encoding"]


def _encodings(response: Response) -> tuple[bytes, ...]:
    fields = b",".join(response.headers.getlist("Content-Encoding")).lower()
    return tuple(one for part in fields.split(b",") if (one := part.strip()))


def _has(encoding: bytes, body: bytes) -> bool:
    """Whether a body may have the encoding that its header names; some servers name one without applying it."""
    if encoding in (b"gzip", b"x-gzip"):
        return body.startswith(_GZIP)
    if encoding == b"zstd":
        return body.startswith(_ZSTD)
    if encoding in (b"deflate", b"br"):
        return bool(body) and not body.lstrip().startswith(_TEXTS)
    return False
