"""A page as it was fetched: its WARC record, found by its offset."""

from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecordType

from cleaning.foreign_warcs import ForeignWarcs
from cleaning.pages.http import Answer, read_answer
from data.errors import InputError
from data.store import Store
from data.warc_fields import FORGOTTEN

HEAD_BYTES = 1 << 20
"""Bytes of a record that may be no page: its HTTP head."""


def warc_path(store: Store, warc_file: str) -> Path | None:
    """Where a WARC file lies that documents call so; None where it is gone.

    The name comes from a file of the store. It is followed no further than the store's own folder, or the register.
    """
    foreign = ForeignWarcs.load(store).by_name.get(warc_file)
    path = foreign.path if foreign is not None else (store.warc / warc_file).resolve()
    if foreign is None and not path.is_relative_to(store.warc.resolve()):
        return None
    return path if path.is_file() else None


def answer_at(store: Store, warc_file: str, warc_offset: int, max_bytes: int) -> Answer:
    """The answer that a record keeps, its body up to ``max_bytes`` and one more.

    Raises:
        InputError: the file is gone, has no record there, or the record was forgotten on request.
    """
    path = warc_path(store, warc_file)
    if path is None:
        raise InputError(f"{warc_file}: this WARC file is no longer in the store.")
    with path.open("rb") as file:
        file.seek(warc_offset)
        try:
            found = ArchiveIterator(file, record_types=WarcRecordType.any_type, parse_http=False, auto_decode="none")
            record = next(iter(found), None)
            if record is None or record.record_type not in (WarcRecordType.response, WarcRecordType.revisit):
                raise InputError(f"{warc_file}: no answer at {warc_offset:,}.")
            headers = {name.lower(): value for name, value in record.headers.items()}
            content: bytes = record.reader.read(max_bytes + HEAD_BYTES)
        except (OSError, ValueError) as error:
            raise InputError(f"{warc_file}: no record can be read at {warc_offset:,} ({error}).") from error
    if FORGOTTEN.lower() in headers:
        raise InputError(f"{warc_file}: what lay at {warc_offset:,} was forgotten on request.")
    return read_answer(content, headers.get("content-type", ""), max_bytes)
