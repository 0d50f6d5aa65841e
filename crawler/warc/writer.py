"""Writes WARC 1.1 files: one gzip member for each record, closed by a rename.

A file is fsynced before it is renamed: otherwise a power cut could leave a file with its final name and without its
last records, and nothing would repair it.
"""

import fcntl
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from crawler.warc.record import Headers, Packed, new_record_id, pack_info, pack_response, pack_revisit
from crawler.warc.recovery import OPEN, finish
from crawler.warc.rows import RowLog
from data.errors import StoreError
from data.files import storage_error

WARCINFO_ID = "WARC-Warcinfo-ID"
BUFFER = 1 << 20
"""Bytes of the write buffer: the records of a batch reach the kernel in one call."""


class WarcWriter:
    """Appends records to ``<folder>/<prefix>-<serial>.warc.gz.open`` and closes a file when it is large enough.

    A full file is fsynced and renamed in a thread, since a disk may take seconds for a gigabyte.
    """

    def __init__(self, folder: Path, prefix: str, max_bytes: int, info: Mapping[str, str]) -> None:
        self._folder = folder
        self._prefix = prefix
        self._max_bytes = max_bytes
        self._info = info
        self._file: BinaryIO | None = None
        self._rows: RowLog | None = None
        self._path = folder
        self._serial = 0
        self._end = 0
        self._info_id = ""
        self._finisher = ThreadPoolExecutor(1, "warc")
        self._finishing: list[Future[None]] = []

    def info_id(self, when: datetime) -> dict[str, str]:
        """The field that refers to the warcinfo record of the open file.

        A record that is packed while its file fills up refers to the file before; both warcinfo records are equal.
        """
        if self._file is None:
            self._open(when)
        return {WARCINFO_ID: self._info_id}

    def response(
        self, url: str, when: datetime, status_line: bytes, headers: Headers, body: bytes, fields: Mapping[str, str]
    ) -> str | None:
        """Pack and append a response; return its payload digest."""
        packed = pack_response(url, when, status_line, headers, body, {**fields, **self.info_id(when)})
        self.append(packed, when)
        return packed.digest

    def revisit(
        self, url: str, when: datetime, status_line: bytes, headers: Headers, profile: str, fields: Mapping[str, str]
    ) -> None:
        """Pack and append a revisit record."""
        named = {**fields, **self.info_id(when)}
        self.append(pack_revisit(url, when, status_line, headers, profile, named), when)

    def append(self, packed: Packed, when: datetime) -> None:
        """Append a record; a file that is large enough is closed.

        Raises:
            StoreError: the folder cannot be written.
        """
        self.append_together((packed,), when)

    def append_together(self, records: Sequence[Packed], when: datetime) -> Path:
        """Append records that must be in one file; return the file's final name.

        Raises:
            StoreError: the folder cannot be written.
        """
        if self._file is None:
            self._open(when)
        path = self._path_of(self._serial, "")
        ends = [self._write(packed) for packed in records]
        if ends and ends[-1] >= self._max_bytes:
            self._retire()
        return path

    def flush(self) -> None:
        """Flush to the kernel, so that the records survive the death of this process.

        Raises:
            StoreError: this file, or one that was closed before, cannot be written.
        """
        self._see_finished(wait=False)
        if self._file is not None:
            try:
                self._file.flush()
            except OSError as error:
                raise storage_error(error, self._path) from error

    def close(self) -> None:
        """Finish all files: fsync and rename.

        Raises:
            StoreError: one cannot be written.
        """
        if self._file is not None:
            self._retire()
        self._see_finished(wait=True)
        self._finisher.shutdown()

    def _write(self, packed: Packed) -> int:
        """Append a record and log its row; return the new end of the file."""
        file, rows = self._file, self._rows
        if file is None or rows is None:
            raise StoreError(f"{self._path}: the WARC file could not be opened.")
        offset, length = self._end, len(packed.member)
        try:
            file.write(packed.member)
        except OSError as error:
            raise storage_error(error, self._path) from error
        rows.add((*packed.row[:4], offset, length, *packed.row[4:]))
        self._end = offset + length
        return self._end

    def _open(self, when: datetime) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        while any(self._path_of(self._serial, suffix).exists() for suffix in ("", OPEN)):
            self._serial += 1
        self._path = self._path_of(self._serial, OPEN)
        try:
            self._file, self._end = self._path.open("xb", BUFFER), 0
            fcntl.flock(self._file, fcntl.LOCK_EX)  # recover() must not truncate it while we live
            self._rows = RowLog(self._path_of(self._serial, ""))
        except OSError as error:
            raise storage_error(error, self._path) from error
        about = "".join(f"{name}: {value}\r\n" for name, value in self._info.items()).encode()
        self._info_id = new_record_id()
        self._write(pack_info(when, {"WARC-Filename": self._path.name.removesuffix(OPEN)}, about, self._info_id))

    def _retire(self) -> None:
        """Finish a full file in a thread; it stays locked until it has its final name."""
        self.flush()
        if self._rows is not None:
            self._rows.close()
        if self._file is not None:
            self._finishing.append(self._finisher.submit(_finish, self._path, self._file))
        self._file = None
        self._serial += 1

    def _see_finished(self, *, wait: bool) -> None:
        waiting = []
        for one in self._finishing:
            if wait or one.done():
                one.result()
            else:
                waiting.append(one)
        self._finishing = waiting

    def _path_of(self, serial: int, suffix: str) -> Path:
        return self._folder / f"{self._prefix}-{serial:05d}.warc.gz{suffix}"


def _finish(path: Path, file: BinaryIO) -> None:
    with file:
        try:
            finish(path)
        except OSError as error:
            raise storage_error(error, path) from error
