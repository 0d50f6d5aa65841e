"""A WARC record of a source: a gzip member that is parsed, checked and copied unchanged."""

import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecordType

from crawler.warc.record import Packed, payload_digest
from crawler.warc.rows import ANSWERS, mime_of

_GZIP_WINDOW = 31
MOST_UNPACKED = 1 << 28
"""Bytes of a decompressed record; a larger one is a decompression bomb."""


class NotARecordError(Exception):
    """The bytes are not one gzip member with one response; the message says what they are."""


@dataclass(frozen=True, slots=True)
class Member:
    """A record of an archive with its parsed headers."""

    content: bytes
    """The gzip member, as it came."""
    kind: str
    """response or revisit."""
    record_id: str
    url: str
    when: datetime
    status: int | None
    """None if the response has no valid status line."""
    headers: Mapping[str, str]
    """Of the HTTP answer, names in lower case."""
    payload: bytes
    digest: str | None
    """WARC-Payload-Digest, as written in the record."""
    truncated: str | None
    """WARC-Truncated."""

    @classmethod
    def read(cls, content: bytes) -> "Member":
        """Read a gzip member.

        Raises:
            NotARecordError: it is not a gzip member, is cut short, has more than one record, or no response.
        """
        record = _only_record(_unpacked(content))
        http = record.http_headers
        status = ((http.status_line or "") if http is not None else "").split(" ")[1:2]
        fields = {name.lower(): value for name, value in record.headers.items()}
        kind = fields.get("warc-type", "nameless")
        if kind not in ANSWERS:
            raise NotARecordError(f"a {kind} record, not an HTTP answer")
        if record.record_date is None:
            raise NotARecordError("a record without a date")
        return cls(
            content=content,
            kind=kind,
            record_id=fields.get("warc-record-id", ""),
            url=fields.get("warc-target-uri", "").strip("<>"),
            when=record.record_date.astimezone(UTC).replace(microsecond=0),
            status=int(status[0]) if status and status[0].isdigit() else None,
            headers={name.lower(): value for name, value in http.items()} if http is not None else {},
            payload=record.reader.read(),
            digest=fields.get("warc-payload-digest"),
            truncated=fields.get("warc-truncated"),
        )

    @property
    def payload_digest(self) -> str:
        """The computed digest of its payload, as ``sha1:`` and base 32."""
        return payload_digest(self.payload)

    def packed(self) -> Packed:
        """The member, ready to be appended to a WARC file."""
        row = (self.url, self.kind, int(self.when.timestamp()), self.digest, self.status)
        return Packed(self.content, self.digest, (*row, *mime_of(self.headers.get("content-type", ""))))


def _unpacked(content: bytes) -> bytes:
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        record = unpacker.decompress(content, MOST_UNPACKED)
    except zlib.error as error:
        raise NotARecordError(f"no gzip member ({error})") from error
    if unpacker.unconsumed_tail:
        raise NotARecordError(f"a record of more than {MOST_UNPACKED:,} bytes")
    if not unpacker.eof:
        raise NotARecordError("a gzip member that is cut short")
    if unpacker.unused_data:
        raise NotARecordError(f"a gzip member and {len(unpacker.unused_data):,} bytes more")
    return record


def _only_record(content: bytes) -> Any:
    records = ArchiveIterator(
        io.BytesIO(content), record_types=WarcRecordType.any_type, parse_http=True, auto_decode="none"
    )
    try:
        found = next(iter(records), None)
    except (OSError, ValueError) as error:
        raise NotARecordError(f"no WARC record ({error})") from error
    if found is None:
        raise NotARecordError("no WARC record")
    found.freeze()
    return found
