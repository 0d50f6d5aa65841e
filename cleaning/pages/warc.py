"""Read any WARC file: ours, warcio's, Common Crawl's, gzipped or not, with a torn tail or without HTTP heads.

Lines may end in bare line feeds, as in ClueWeb09, and names be in any case.
"""

import os
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Self

from fastwarc.warc import ArchiveIterator, WarcRecordType

from cleaning.pages.http import Answer, read_answer
from data.errors import InputError
from data.rights.licences import Licence
from data.warc_fields import CATEGORY, COUNTRY, FORGOTTEN, LICENSE, LICENSE_URL, REFUSAL, SEED

_GZIP = b"\x1f\x8b"
_HEAD_END = re.compile(rb"\r?\n\r?\n")
"""Behind a record's head, and behind its block."""
_LENGTH = re.compile(rb"^Content-Length:\s*(\d+)", re.IGNORECASE | re.MULTILINE)
_DIGITS = re.compile(r"\d{14}")
_CHUNK = 1 << 16
_MOST_NAME = 200
"""Characters that are kept of a crawler's name."""
_ANSWERS = (WarcRecordType.response, WarcRecordType.revisit)
_KINDS = {
    "response": WarcRecordType.response,
    "revisit": WarcRecordType.revisit,
    "conversion": WarcRecordType.conversion,
    "metadata": WarcRecordType.metadata,
    "warcinfo": WarcRecordType.warcinfo,
}
_FIRST_LINE = 64
"""Bytes in which the first line of a WARC file ends: WARC/1.1."""
_CONVERTED = ("text/html", "text/plain")
_NO_LICENCE = Licence(None)
_TOLD = (SEED.lower(), COUNTRY.lower(), CATEGORY.lower())
HEAD_BYTES = 1 << 20
"""Of a record larger than a page may be no more is read than this and a page: it is dropped as too large."""


@dataclass(frozen=True, slots=True)
class Record:
    """One answer of a WARC file."""

    url: str
    fetched_at: datetime
    offset: int
    refusal: str | None
    """What the crawler saw in the page's place (``data.warc_fields.REFUSAL``)."""
    revisit: str | None
    """``not_modified`` or ``same_digest`` where the record says that a page is still what it was."""
    answer: Answer
    forgotten: str | None = None
    """The receipt under which the record was blanked."""
    converted: bool = False
    """Whether a source made it of something else: a text in it is the document's."""
    licence: Licence | None = None
    """The licence that its source gives."""
    site: str | None = None
    country: str | None = None
    category: str | None = None

    def without_body(self) -> Self:
        """The record with all but what it weighs."""
        return replace(self, answer=replace(self.answer, body=b""))


_Told = tuple[str, Mapping[str, str]]
"""The id of a record, and what a metadata record before it says of it."""


@dataclass(slots=True)
class Segment:
    """A WARC file and what was found wrong in it."""

    path: Path
    crawler: str | None = field(default=None, init=False)
    """Who wrote the file, by its first warcinfo record: the user agent, or the software."""
    torn_at: int | None = field(default=None, init=False)
    """Offset of a record that is cut short or damaged, once ``records`` has come to it: nothing is read after it."""

    def records(self, max_bytes: int) -> Iterator[Record]:
        """Give each response and revisit, and conversions that are a page or a text.

        Bodies are unpacked up to ``max_bytes`` and one more.

        Raises:
            InputError: no such file, or not a WARC file.
        """
        if not self.path.is_file():
            raise InputError(f"{self.path}: no such WARC file.")
        position, count = 0, 0
        told: _Told = "", {}
        with self.path.open("rb") as file:
            try:
                for raw in ArchiveIterator(
                    file,
                    record_types=WarcRecordType.any_type,
                    parse_http=False,
                    auto_decode="none",
                    quirks_mode=_has_bare_line_feeds(self.path),  # elsewhere it would pass over torn records
                ):
                    count += 1
                    position = raw.stream_pos
                    kind = _kind(raw)
                    if kind in _ANSWERS or (kind == WarcRecordType.conversion and _is_converted_page(raw)):
                        record = _read(raw, max_bytes, told)
                        if record is None:
                            self.torn_at = position
                            return
                        yield record
                    else:
                        told = self._passed_over(raw, kind, told)
            except (OSError, ValueError) as error:
                if count == 0:
                    raise InputError(f"{self.path}: not a WARC file ({error}).") from error
                self.torn_at = _torn_at(self.path, position) or position
        if count == 0:
            raise InputError(f"{self.path}: not a WARC file, or its first record is cut short.")
        if self.torn_at is None:
            self.torn_at = _torn_at(self.path, position)

    def _passed_over(self, raw: object, kind: WarcRecordType, told: _Told) -> _Told:
        """Read what a record says that is no answer; ``told`` is what was said before it."""
        if kind == WarcRecordType.metadata:
            told = _told(raw)
        elif kind == WarcRecordType.warcinfo and self.crawler is None:
            self.crawler = _crawler(raw)
        raw.consume()  # type: ignore[attr-defined]
        return told


def _has_bare_line_feeds(path: Path) -> bool:
    """Whether the lines of a file's heads end without a carriage return, against the standard."""
    with path.open("rb") as file:
        content = file.read(_CHUNK)
    if content.startswith(_GZIP):
        try:
            content = zlib.decompressobj(31).decompress(content, _FIRST_LINE)
        except zlib.error:
            return False
    line, feed, _ = content[:_FIRST_LINE].partition(b"\n")
    return line.startswith(b"WARC/") and bool(feed) and not line.endswith(b"\r")


def _kind(raw: object) -> WarcRecordType:
    """The type of a record. Names have no case (WARC 1.1, 4), but FastWARC knows the field in its usual case only."""
    kind: WarcRecordType = raw.record_type  # type: ignore[attr-defined]
    if kind in _KINDS.values():
        return kind
    return _KINDS.get(_fields(raw).get("warc-type", "").strip().lower(), kind)


def _is_converted_page(raw: object) -> bool:
    """Whether a conversion is one of a web page into a page or a text, as in Common Crawl's WET files."""
    headers = _fields(raw)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in _CONVERTED and headers.get("warc-target-uri", "").strip("<>").startswith(("http://", "https://"))


def _told(raw: object) -> _Told:
    """The id of the record that a metadata record refers to, and what it says of it (``data.warc_fields``)."""
    headers = _fields(raw)
    return headers.get("warc-refers-to", ""), {name: headers[name] for name in _TOLD if name in headers}


def _crawler(raw: object) -> str | None:
    """The user agent that a warcinfo record names, else its software."""
    text: str = raw.reader.read(_CHUNK).decode("utf-8", "replace")  # type: ignore[attr-defined]
    lines = (line.partition(":") for line in text.splitlines())
    said = {name.strip().lower(): " ".join(value.split())[:_MOST_NAME] for name, _, value in lines}
    return said.get("http-header-user-agent") or said.get("software") or None


def _fields(raw: object) -> dict[str, str]:
    return {name.lower(): value for name, value in raw.headers.items()}  # type: ignore[attr-defined]


def _read(raw: object, max_bytes: int, told: _Told) -> Record | None:
    """The record, None where its head or its body is cut short: no record is without a length (WARC 1.1, 5.2).

    ``told`` is what the last metadata record says, and of which record.
    """
    headers = _fields(raw)
    if "content-length" not in headers:
        return None
    if told[0] and told[0] == headers.get("warc-record-id"):
        headers = {**told[1], **headers}
    length, most = int(headers["content-length"]), max_bytes + HEAD_BYTES
    content: bytes = raw.reader.read(min(length, most))  # type: ignore[attr-defined]
    if len(content) < min(length, most):
        return None
    if length > most:
        raw.consume()  # type: ignore[attr-defined]
    licence = Licence(headers.get(LICENSE.lower()), headers.get(LICENSE_URL.lower()))
    is_revisit = headers.get("warc-type") == "revisit"
    profile = headers.get("warc-profile", "")
    return Record(
        url=headers.get("warc-target-uri", "").strip("<>"),
        fetched_at=_date(headers.get("warc-date", "")),
        offset=raw.stream_pos,  # type: ignore[attr-defined]
        refusal=headers.get(REFUSAL.lower()),
        revisit=("not_modified" if "not-modified" in profile else "same_digest") if is_revisit else None,
        answer=read_answer(content, headers.get("content-type", ""), max_bytes),
        forgotten=headers.get(FORGOTTEN.lower()),
        converted=headers.get("warc-type") == "conversion",
        licence=None if licence == _NO_LICENCE else licence,
        site=headers.get(SEED.lower()),
        country=headers.get(COUNTRY.lower()),
        category=headers.get(CATEGORY.lower()),
    )


def _date(text: str) -> datetime:
    """WARC-Date to the second, without a zone in UTC, or of 14 digits; 1970 where a writer left it out or broke it."""
    text = text.strip()
    try:
        if _DIGITS.fullmatch(text):
            return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        found = datetime.fromisoformat(text)
        return (found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)).replace(microsecond=0)
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(0, UTC)


def _torn_at(path: Path, position: int) -> int | None:
    """Where what is no whole record begins, behind the last one that was given, which begins at ``position``.

    A file whose gzip members are not its records is judged by its members, from the first.
    """
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
        file.seek(position)
        if packed:
            member = position if file.read(2) == _GZIP else 0
            while member < path.stat().st_size:
                file.seek(member)
                end = _end_of_member(file)
                if end is None:
                    return member
                member = end
            return None
        end = _end_of_record(file)
        if end is None:
            return position
        file.seek(end)
        rest = file.read(_CHUNK)
        return end + len(rest) - len(rest.lstrip(b"\r\n")) if rest.strip() else None


def _end_of_record(file: BinaryIO) -> int | None:
    """Where the record ends that begins here; None where the file ends before its last byte."""
    begin = file.tell()
    content = file.read(HEAD_BYTES)
    behind = _HEAD_END.search(content)
    if behind is None:
        return None
    length = _LENGTH.search(content, 0, behind.end())
    end = begin + behind.end() + (int(length[1]) if length else 0)
    return end if end <= file.seek(0, os.SEEK_END) else None


def _end_of_member(file: BinaryIO) -> int | None:
    """Where the gzip member ends that begins here; None where it has no end."""
    unpacker = zlib.decompressobj(31)
    while not unpacker.eof:
        read = file.read(_CHUNK)
        try:
            unpacker.decompress(read)
        except zlib.error:
            return None
        if not read:
            return None
    return file.tell() - len(unpacker.unused_data)
