"""The texts of WARC records, as a search for words wants them: all that was sent, whatever extraction would take.

Of a page two readings: its words without tags, and its source as it is, in which descriptions, captions and scripts
stand. Of a PDF its words page by page.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pypdfium2
from fastwarc.warc import ArchiveIterator, WarcRecordType

from cleaning.pages.http import read_answer
from data.charset import decode
from data.errors import InputError
from data.warc_fields import FORGOTTEN

MAX_BYTES = 64 << 20
"""Bytes of a record that are read; a larger one is searched up to there."""
_TAG = re.compile(r"<[^<>]*>")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True)
class Body:
    """What one record says."""

    url: str
    """Its target."""
    offset: int
    texts: list[str]


def bodies_of(warc: Path) -> Iterator[Body]:
    """The texts of every record of a WARC file that was not blanked.

    Raises:
        InputError: it is no WARC file.
    """
    with warc.open("rb") as file:
        yield from bodies_in(file, str(warc))


def bodies_in(file: IO[bytes], name: str) -> Iterator[Body]:
    """The texts of every record of an open WARC file, packed or not, that was not blanked.

    Raises:
        InputError: it is no WARC file.
    """
    try:
        for record in ArchiveIterator(file, record_types=WarcRecordType.any_type, parse_http=False):
            headers = {name.lower(): value for name, value in record.headers.items()}
            if FORGOTTEN.lower() not in headers and record.record_type != WarcRecordType.warcinfo:
                yield _body(record, headers)
    except (OSError, ValueError) as error:  # cut short: the records before were given
        if file.tell() == 0:
            raise InputError(f"{name}: not a WARC file ({error}).") from error


def readings(content: str) -> list[str]:
    """A page without its tags, and its source; entities and escapes of scripts undone in both."""
    source = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), html.unescape(content))
    return [html.unescape(_TAG.sub(" ", content)), html.unescape(_TAG.sub("", content)), source]


def _body(record: Any, headers: dict[str, str]) -> Body:
    answer = read_answer(record.reader.read(MAX_BYTES), headers.get("content-type", ""), MAX_BYTES)
    target = headers.get("warc-target-uri", "").strip("<>")
    if answer.body.startswith(b"%PDF-"):
        return Body(target, record.stream_pos, pdf_texts(answer.body))
    text, _ = decode(answer.body, answer.headers.get("content-type"))
    return Body(target, record.stream_pos, readings(text))


def pdf_texts(body: bytes) -> list[str]:
    """The words of a PDF, page by page; empty where it cannot be read."""
    try:
        document = pypdfium2.PdfDocument(body)
    except (pypdfium2.PdfiumError, ValueError):
        return []
    try:
        pages = [document[number].get_textpage().get_text_range() for number in range(len(document))]
    except pypdfium2.PdfiumError:
        pages = []
    finally:
        document.close()
    return ["\n".join(pages)]
