"""Blanks WARC records in place: same offset, length and type, without their content.

Every offset in the file stays valid, so neither indexes nor documents of other records change. In a compressed file a
comment in the gzip header fills the new member up to its length; in an uncompressed file blanks fill the block.
"""

import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecordType
from pydantic import BaseModel, ConfigDict

from crawler.warc.cdxj import cdxj_path, write_cdxj
from crawler.warc.index import write_index
from crawler.warc.rows import index_path, rows_path
from data.errors import InputError, StageError
from data.files import storage_error
from data.parquet import read_parquet
from data.warc_fields import FORGOTTEN

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
_RAW_WINDOW = -15
_HAS_COMMENT = 16
"""The flag of a gzip header with a zero-terminated comment (RFC 1952, 2.3.1)."""
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"^Content-Length:\s*(\d+)", re.IGNORECASE | re.MULTILINE)
_CHUNK = 1 << 16


class Blank(BaseModel):
    """A record to blank, with all that its new bytes depend on: an interrupted run can write them again."""

    model_config = ConfigDict(frozen=True)

    offset: int
    length: int
    """Bytes of the file: of the gzip member, or of the record."""
    packed: bool
    kind: str
    """WARC-Type."""
    record_id: str
    date: str
    profile: str | None
    """WARC-Profile, which a revisit must have."""
    url: str
    """The new WARC-Target-URI."""
    receipt: str

    def content(self) -> bytes:
        """The new bytes, ``length`` of them.

        Raises:
            StageError: there is no room for them.
        """
        return self._packed() if self.packed else self._plain()

    def _head(self, length: str) -> bytes:
        fields = {
            "WARC-Type": self.kind,
            "WARC-Record-ID": self.record_id,
            "WARC-Date": self.date,
            "WARC-Target-URI": self.url,
            **({"WARC-Profile": self.profile} if self.profile else {}),
            FORGOTTEN: self.receipt,
            "Content-Length": length,
        }
        return ("WARC/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n").encode()

    def _plain(self) -> bytes:
        for digits in range(1, 20):
            filling = self.length - len(self._head("0" * digits)) - len(_HEAD_END)
            if filling >= 0 and len(str(filling)) <= digits:  # pad with a zero if no number fits its own length
                return self._head(str(filling).zfill(digits)) + b" " * filling + _HEAD_END
        raise self._too_short()

    def _packed(self) -> bytes:
        record = self._head("0") + _HEAD_END
        packer = zlib.compressobj(9, zlib.DEFLATED, _RAW_WINDOW, 9)
        body = packer.compress(record) + packer.flush()
        body += zlib.crc32(record).to_bytes(4, "little") + len(record).to_bytes(4, "little")
        filling = self.length - len(body) - 10
        if filling < 0:
            raise self._too_short()
        comment = b"-" * (filling - 1) + b"\0" if filling else b""
        flags = _HAS_COMMENT if filling else 0
        return _GZIP + bytes((8, flags, 0, 0, 0, 0, 2, 255)) + comment + body

    def _too_short(self) -> StageError:
        return StageError(f"the record at byte {self.offset:,} is too short to be blanked where it lies.")


def blanks_of(
    warc: Path,
    wanted: Callable[[str, int], str | None],
    receipt: str,
    on_progress: Callable[[int], None] = lambda _at: None,
) -> Iterator[Blank]:
    """The records to blank: those for whose target and offset ``wanted`` returns a new target.

    Records that are blank already are skipped; ``on_progress`` is called with the offset reached.

    Raises:
        InputError: it is no WARC file.
        StageError: its gzip members are not its records, or a record is too short.
    """
    with warc.open("rb") as file, warc.open("rb") as raw:
        try:
            for record in ArchiveIterator(file, record_types=WarcRecordType.any_type, parse_http=False):
                headers = {name.lower(): value for name, value in record.headers.items()}
                on_progress(record.stream_pos)
                if FORGOTTEN.lower() in headers:
                    continue
                target = headers.get("warc-target-uri", "").strip("<>")
                url = wanted(target, record.stream_pos)
                if url is not None:
                    yield _blank(raw, warc, record.stream_pos, headers, url, receipt)
        except (OSError, ValueError) as error:  # cut short: the records before it are complete
            if file.tell() == 0:
                raise InputError(f"{warc}: not a WARC file ({error}).") from error


def blank(warc: Path, blanks: Sequence[Blank]) -> None:
    """Overwrite records; an interrupted run can be repeated.

    Raises:
        DiskFullError, StoreError: the file cannot be written.
    """
    try:
        with warc.open("r+b") as file:
            for one in blanks:
                file.seek(one.offset)
                file.write(one.content())
            file.flush()
            os.fsync(file.fileno())  # before the receipt says so: a power cut must not bring the texts back
    except OSError as error:
        raise storage_error(error, warc) from error
    _blank_indexes(warc, {one.offset: one for one in blanks})


def _blank(raw: BinaryIO, warc: Path, offset: int, headers: dict[str, str], url: str, receipt: str) -> Blank:
    raw.seek(offset)
    packed = raw.read(2) == _GZIP
    raw.seek(offset)
    length = _member_length(raw, warc) if packed else _record_length(raw)
    found = Blank(
        offset=offset,
        length=length,
        packed=packed,
        kind=headers.get("warc-type", "response"),
        record_id=headers.get("warc-record-id", ""),
        date=headers.get("warc-date", ""),
        profile=headers.get("warc-profile"),
        url=url,
        receipt=receipt,
    )
    found.content()
    return found


def _record_length(raw: BinaryIO) -> int:
    """Bytes of the uncompressed record that begins here."""
    begin, head = raw.tell(), b""
    while _HEAD_END not in head:
        read = raw.read(_CHUNK)
        if not read:
            break
        head += read
    head = head.partition(_HEAD_END)[0]
    length = _LENGTH.search(head)
    end = begin + len(head) + len(_HEAD_END) + (int(length[1]) if length else 0)
    raw.seek(end)
    return end + len(_HEAD_END) - begin if raw.read(len(_HEAD_END)) == _HEAD_END else end - begin


def _member_length(raw: BinaryIO, warc: Path) -> int:
    """Bytes of the gzip member that begins here.

    Raises:
        StageError: it holds no record, or more than one.
    """
    unpacker, content, length = zlib.decompressobj(_GZIP_WINDOW), b"", 0
    while not unpacker.eof:
        read = raw.read(_CHUNK)
        if not read:
            break
        content += unpacker.decompress(read)
        length += len(read)
    head, end, rest = content.partition(_HEAD_END)
    declared = _LENGTH.search(head)
    is_one = end and declared and not rest[int(declared[1]) :].strip() and head.startswith(b"WARC/")
    if not is_one or not unpacker.eof:
        raise StageError(
            f"{warc}: its gzip members are not its records. Unpack the file with gunzip, give that to `cowese clean` "
            "in its place, and run it again."
        )
    return length - len(unpacker.unused_data)


def _blank_indexes(warc: Path, blanks: dict[int, Blank]) -> None:
    """Remove the targets of blanked records from the file's index and CDXJ."""
    rows_path(warc).unlink(missing_ok=True)
    if not index_path(warc).is_file():
        cdxj_path(warc).unlink(missing_ok=True)  # both are built again from the file
        return
    table = read_parquet(index_path(warc))
    rows = [_blank_row(row, blanks.get(row["offset"])) for row in table.to_pylist()]
    write_cdxj(warc, rows)
    write_index(warc, rows)


def _blank_row(row: dict[str, Any], found: Blank | None) -> dict[str, Any]:
    if found is None:
        return row
    return {**row, "url": found.url, "digest": None, "status": None, "mime": None, "charset": None}
