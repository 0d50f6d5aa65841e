"""Writes the records of a source into the store: byte for byte, each with its origin, none twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from fastwarc.warc import ArchiveIterator, WarcRecordType

from crawler.sources.member import Member
from crawler.warc.index import index_closed
from crawler.warc.record import Headers, pack_conversion, pack_metadata, pack_response
from crawler.warc.recovery import recover
from crawler.warc.writer import WarcWriter
from data.errors import InputError
from data.files import write_text
from data.seeds import Seed
from data.store import Store
from data.warc_fields import CATEGORY, COUNTRY, ORIGIN, SEED

ORIGINS = ".origins"
"""Suffix of the file beside a source's WARC file with its records' origins; it is written again if missing."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a record, with other metadata.

    >>> Origin("crawl-data/CC-MAIN-2026-05/warc/00017.warc.gz 1024+2048").named()
    {'CoWeSe-Origin': 'crawl-data/CC-MAIN-2026-05/warc/00017.warc.gz 1024+2048'}
    """

    place: str
    """Unique within the source; a later run knows by it that the record is in the store."""
    seed: Seed | None = None
    """Start URL that it belongs to."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Other named fields of ``data.warc_fields``."""

    def named(self) -> dict[str, str]:
        """The WARC named fields of the origin."""
        seed = self.seed
        of_seed = {} if seed is None else {SEED: seed.url, COUNTRY: seed.country, CATEGORY: seed.category}
        return {ORIGIN: self.place, **of_seed, **self.fields}


class SourceWriter:
    """Appends records to ``store/warc/<source>/<prefix>-<serial>.warc.gz``.

    Opening it recovers files of a killed run; ``places`` are the origins of all records in the store then.
    """

    def __init__(self, store: Store, source: str, prefix: str, max_bytes: int, info: Mapping[str, str]) -> None:
        self._folder = store.warc / source
        recover(self._folder)
        self.places = places_of(self._folder, prefix)
        self._warc = WarcWriter(self._folder, prefix, max_bytes, info)
        self._unlisted: dict[Path, list[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def copy(self, member: Member, origin: Origin) -> None:
        """Append a gzip member unchanged, after a metadata record with its origin.

        Raises:
            StoreError: the folder cannot be written.
        """
        about = pack_metadata(member.when, member.url, member.record_id, origin.named())
        self._note(origin, self._warc.append_together((about, member.packed()), member.when))

    def response(
        self, url: str, when: datetime, status_line: bytes, headers: Headers, body: bytes, origin: Origin
    ) -> None:
        """Append a response record that we build.

        Raises:
            StoreError: the folder cannot be written.
        """
        fields = {**origin.named(), **self._warc.info_id(when)}
        packed = pack_response(url, when, status_line, headers, body, fields)
        self._note(origin, self._warc.append_together((packed,), when))

    def conversion(self, url: str, when: datetime, content_type: str, body: bytes, origin: Origin) -> None:
        """Append a page or a text of a corpus that has no HTTP response.

        Raises:
            StoreError: the folder cannot be written.
        """
        packed = pack_conversion(url, when, content_type, body, {**origin.named(), **self._warc.info_id(when)})
        self._note(origin, self._warc.append_together((packed,), when))

    def flush(self) -> None:
        """Flush to the kernel, so that the records survive the death of this process.

        Raises:
            StoreError: a file cannot be written.
        """
        self._warc.flush()
        self._list_closed()

    def close(self) -> None:
        """Finish all files, and write their indexes.

        Raises:
            StoreError: one cannot be written.
        """
        self._warc.close()
        self._list_closed()
        if self._folder.is_dir():
            index_closed(self._folder)

    def _note(self, origin: Origin, file: Path) -> None:
        self.places.add(origin.place)
        self._unlisted.setdefault(file, []).append(origin.place)

    def _list_closed(self) -> None:
        for file in [one for one in self._unlisted if one.is_file()]:
            _write_places(file, self._unlisted.pop(file))


def places_of(folder: Path, prefix: str) -> set[str]:
    """The origins of the records in a source's closed WARC files with this name prefix.

    Raises:
        InputError: a file is damaged.
        StoreError: a list of origins cannot be written.
    """
    found: set[str] = set()
    for file in sorted(folder.glob(f"{prefix}-*.warc.gz")):
        listed = file.with_name(file.name + ORIGINS)
        if not listed.is_file():
            _write_places(file, _read_places(file))
        found.update(listed.read_text(encoding="utf-8").splitlines())
    return found


def _write_places(file: Path, places: Sequence[str]) -> None:
    write_text(file.with_name(file.name + ORIGINS), "".join(f"{place}\n" for place in places))


def _read_places(file: Path) -> list[str]:
    """The origins in a file's own records; a metadata record without its response does not count."""
    places, held = [], ("", "")
    try:
        with file.open("rb") as opened:
            for record in ArchiveIterator(opened, record_types=WarcRecordType.any_type, parse_http=False):
                headers = {name.lower(): value for name, value in record.headers.items()}
                place = headers.get(ORIGIN.lower())
                if record.record_type == WarcRecordType.metadata:
                    held = (headers.get("warc-refers-to", ""), place or "")
                elif place is not None:
                    places.append(place)
                elif held[1] and held[0] == headers.get("warc-record-id"):
                    places.append(held[1])
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: damaged ({error}). Delete it: the next run brings its records again.") from error
    return places
