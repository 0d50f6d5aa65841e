"""Read any WARC file: ours, warcio's, Common Crawl's, gzipped or not, with a torn tail or without HTTP heads."""

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
_HEAD_END = b"\r\n\r\n"
"""Behind a record's head, and behind its block."""
_LENGTH = re.compile(rb"^Content-Length:\s*(\d+)", re.IGNORECASE | re.MULTILINE)
_CHUNK = 1 << 16
_MOST_NAME = 200
"""Characters that are kept of a crawler's name."""
_ANSWERS = (WarcRecordType.response, WarcRecordType.revisit)
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
                    file, record_types=WarcRecordType.any_type, parse_http=False, auto_decode="none"
                ):
                    count += 1
                    position = raw.stream_pos
                    if raw.record_type in _ANSWERS or _is_converted_page(raw):
                        record = _read(raw, max_bytes, told)
                        if record is None:
                            self.torn_at = position
                            return
                        yield record
                    else:
                        told = self._passed_over(raw, told)
            except (OSError, ValueError) as error:
                if count == 0:
                    raise InputError(f"{self.path}: not a WARC file ({error}).") from error
                self.torn_at = _torn_at(self.path, position) or position
        if count == 0:
            raise InputError(f"{self.path}: not a WARC file, or its first record is cut short.")
        if self.torn_at is None:
            self.torn_at = _torn_at(self.path, position)

    def _passed_over(self, raw: object, told: _Told) -> _Told:
        """Read what a record says that is no answer; ``told`` is what was said before it."""
        kind = raw.record_type  # type: ignore[attr-defined]
        if kind == WarcRecordType.metadata:
            told = _told(raw)
        elif kind == WarcRecordType.warcinfo and self.crawler is None:
            self.crawler = _crawler(raw)
        raw.consume()  # type: ignore[attr-defined]
        return told


def _is_converted_page(raw: object) -> bool:
    """Whether a record is a conversion of a web page into a page or a text, as in Common Crawl's WET files."""
    if raw.record_type != WarcRecordType.conversion:  # type: ignore[attr-defined]
        return False
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
    """WARC-Date to the second; 1970 where a writer left it out or broke it."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)
    except ValueError:
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
        return end + len(rest) - len(rest.lstrip(_HEAD_END)) if rest.strip() else None


def _end_of_record(file: BinaryIO) -> int | None:
    """Where the record ends that begins here; None where the file ends before its last byte."""
    begin = file.tell()
    head = file.read(HEAD_BYTES).partition(_HEAD_END)[0]
    length = _LENGTH.search(head)
    end = begin + len(head) + len(_HEAD_END) + (int(length[1]) if length else 0)
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
