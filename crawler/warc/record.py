"""Builds a WARC record as a gzip member, independently of the file, so that a thread can compress a long one."""

import hashlib
import uuid
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from isal import isal_zlib

from crawler.warc.rows import mime_of

CRLF = b"\r\n"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
SAME_DIGEST = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"

_LEVEL, _GZIP_WINDOW = 2, 31
"""igzip's levels are 0 to 3; a window of 16 + 15 bits asks for gzip's header."""

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Packed:
    """A compressed record, ready to be appended."""

    member: bytes
    """The record as one gzip member."""
    digest: str | None
    """WARC-Payload-Digest."""
    row: tuple[Any, ...]
    """Its index row without file and offset: url, kind, fetched_at, digest | status, mime, charset."""


def payload_digest(body: bytes) -> str:
    """SHA-1 of a body in base 32, as WARC files write it."""
    return "sha1:" + b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


def pack_response(
    url: str, when: datetime, status_line: bytes, headers: Headers, body: bytes, fields: Mapping[str, str]
) -> Packed:
    """Pack a response as it came over the wire; its payload digest is computed unless ``fields`` has it."""
    digest = fields.get("WARC-Payload-Digest") or payload_digest(body)
    return _pack("response", url, when, status_line, headers, body, {"WARC-Payload-Digest": digest, **fields})


def pack_revisit(
    url: str, when: datetime, status_line: bytes, headers: Headers, profile: str, fields: Mapping[str, str]
) -> Packed:
    """Pack a revisit record for an unchanged page (``profile``: NOT_MODIFIED or SAME_DIGEST)."""
    return _pack("revisit", url, when, status_line, headers, b"", {"WARC-Profile": profile, **fields})


def pack_info(when: datetime, fields: Mapping[str, str], about: bytes, record_id: str) -> Packed:
    """Pack the warcinfo record that a file begins with."""
    content = record("warcinfo", record_id, when, "application/warc-fields", (about,), fields)
    return Packed(gzip_member(content), None, ("", "warcinfo", int(when.timestamp()), None, None, None, None))


def pack_conversion(url: str, when: datetime, content_type: str, body: bytes, fields: Mapping[str, str]) -> Packed:
    """Pack a conversion record: a page or text without an HTTP header (WARC 1.1, 6.7)."""
    content = record("conversion", new_record_id(), when, content_type, (body,), {"WARC-Target-URI": url, **fields})
    row = (url, "conversion", int(when.timestamp()), None, None, *mime_of(content_type))
    return Packed(gzip_member(content), None, row)


def pack_metadata(when: datetime, url: str, refers_to: str, fields: Mapping[str, str]) -> Packed:
    """Pack a metadata record about the next record, which is copied unchanged and so lacks our fields."""
    named = {"WARC-Target-URI": url, "WARC-Refers-To": refers_to, **fields}
    content = record("metadata", new_record_id(), when, "application/warc-fields", (b"",), named)
    return Packed(gzip_member(content), None, (url, "metadata", int(when.timestamp()), None, None, None, None))


def _pack(
    kind: str,
    url: str,
    when: datetime,
    status_line: bytes,
    headers: Headers,
    body: bytes,
    fields: Mapping[str, str],
) -> Packed:
    head = status_line + CRLF + b"".join(name + b": " + value + CRLF for name, value in headers) + CRLF
    named = {"WARC-Target-URI": url, **fields}
    content = record(kind, new_record_id(), when, "application/http; msgtype=response", (head, body), named)
    mime = next((value for name, value in headers if name.lower() == b"content-type"), b"").decode("latin-1")
    status, digest = int(status_line.split(b" ", 2)[1]), fields.get("WARC-Payload-Digest")
    return Packed(gzip_member(content), digest, (url, kind, int(when.timestamp()), digest, status, *mime_of(mime)))


def new_record_id() -> str:
    """A unique WARC-Record-ID."""
    return f"<urn:uuid:{uuid.uuid4()}>"


def record(
    kind: str, record_id: str, when: datetime, content_type: str, content: Sequence[bytes], fields: Mapping[str, str]
) -> Sequence[bytes]:
    """The bytes of one record, in pieces; header values are put on one line."""
    digest = hashlib.sha1(usedforsecurity=False)
    for piece in content:
        digest.update(piece)
    named = {
        "WARC-Type": kind,
        "WARC-Record-ID": record_id,
        "WARC-Date": when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **fields,
        "WARC-Block-Digest": "sha1:" + b32encode(digest.digest()).decode(),
        "Content-Type": content_type,
        "Content-Length": str(sum(map(len, content))),
    }
    head = "WARC/1.1\r\n" + "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in named.items()) + "\r\n"
    return (head.encode(), *content, CRLF + CRLF)


def gzip_member(content: Sequence[bytes]) -> bytes:
    """One gzip member, by Intel's igzip: a quarter of zlib's time at level 1, and smaller (docs/measurements.md)."""
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW)
    return b"".join((*map(packer.compress, content), packer.flush()))
