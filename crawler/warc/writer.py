"""WARC 1.1 files: one gzip member a record, closed by rename, torn tails cut."""

import contextlib
import fcntl
import hashlib
import uuid
import zlib
from base64 import b32encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from isal import isal_zlib

from crawler.warc.rows import RowLog, mime_of, rows_path
from data.errors import StoreError
from data.files import storage_error, sync_file, sync_folder

OPEN = ".open"
"""Suffix of a file that is being written."""
CRLF = b"\r\n"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
SAME_DIGEST = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"

_LEVEL, _GZIP_WINDOW = 2, 31
"""igzip's levels are 0 to 3; a window of 16 + 15 bits asks for gzip's header."""

Headers = Sequence[tuple[bytes, bytes]]


def payload_digest(body: bytes) -> str:
    """SHA-1 of a body in base 32, as WARC files write it."""
    return "sha1:" + b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


class WarcWriter:
    """Appends records to ``<folder>/<prefix>-<serial>.warc.gz.open`` and closes a file when it is large enough."""

    def __init__(self, folder: Path, prefix: str, max_bytes: int, info: Mapping[str, str]) -> None:
        self._folder = folder
        self._prefix = prefix
        self._max_bytes = max_bytes
        self._info = info
        self._file: BinaryIO | None = None
        self._rows: RowLog | None = None
        self._path = folder
        self._serial = 0
        self._info_id = ""

    def response(
        self, url: str, when: datetime, status_line: bytes, headers: Headers, body: bytes, fields: Mapping[str, str]
    ) -> str:
        """Append an HTTP answer as it came over the wire; return its payload digest, taken unless ``fields`` has it."""
        digest = fields.get("WARC-Payload-Digest") or payload_digest(body)
        self._http("response", url, when, status_line, headers, body, {"WARC-Payload-Digest": digest, **fields})
        return digest

    def revisit(
        self, url: str, when: datetime, status_line: bytes, headers: Headers, profile: str, fields: Mapping[str, str]
    ) -> None:
        """Append the word that a page is still what it was (``profile``: NOT_MODIFIED or SAME_DIGEST)."""
        self._http("revisit", url, when, status_line, headers, b"", {"WARC-Profile": profile, **fields})

    def flush(self) -> None:
        """Hand what was written to the kernel: it survives the death of this process."""
        if self._file is not None:
            try:
                self._file.flush()
            except OSError as error:
                raise storage_error(error, self._path) from error

    def close(self) -> None:
        """Finish the open file: fsync and rename."""
        if self._file is None:
            return
        self.flush()
        self._file.close()
        self._file = None
        if self._rows is not None:
            self._rows.close()
        finish(self._path)

    def _http(
        self,
        kind: str,
        url: str,
        when: datetime,
        status_line: bytes,
        headers: Headers,
        body: bytes,
        fields: Mapping[str, str],
    ) -> None:
        head = status_line + CRLF + b"".join(name + b": " + value + CRLF for name, value in headers) + CRLF
        content_type = "application/http; msgtype=response"
        offset, length = self._write(kind, when, content_type, head + body, {"WARC-Target-URI": url, **fields})
        status = status_line.split(b" ", 2)[1]
        mime = next((value for name, value in headers if name.lower() == b"content-type"), b"").decode("latin-1")
        digest = fields.get("WARC-Payload-Digest")
        self._note([url, kind, int(when.timestamp()), digest, offset, length, int(status), *mime_of(mime)])
        if offset + length >= self._max_bytes:
            self.close()

    def _note(self, row: Sequence[Any]) -> None:
        if self._rows is not None:
            self._rows.add(row)

    def _write(
        self, kind: str, when: datetime, content_type: str, content: bytes, fields: Mapping[str, str]
    ) -> tuple[int, int]:
        if self._file is None:
            self._open(when)
        file = self._file
        if file is None:
            raise StoreError(f"{self._path}: the WARC file could not be opened.")
        offset = file.tell()
        record_id = f"<urn:uuid:{uuid.uuid4()}>"
        if kind == "warcinfo":
            self._info_id = record_id
        else:
            fields = {**fields, "WARC-Warcinfo-ID": self._info_id}
        member = gzip_member(_record(kind, record_id, when, content_type, content, fields))
        try:
            file.write(member)
        except OSError as error:
            raise storage_error(error, self._path) from error
        return offset, len(member)

    def _open(self, when: datetime) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        while any(self._path_of(self._serial, suffix).exists() for suffix in ("", OPEN)):
            self._serial += 1
        self._path = self._path_of(self._serial, OPEN)
        try:
            self._file = self._path.open("xb")
            fcntl.flock(self._file, fcntl.LOCK_EX)  # tells recover() that its writer lives
            self._rows = RowLog(self._path_of(self._serial, ""))
        except OSError as error:
            raise storage_error(error, self._path) from error
        about = "".join(f"{name}: {value}\r\n" for name, value in self._info.items()).encode()
        name = {"WARC-Filename": self._path.name.removesuffix(OPEN)}
        offset, length = self._write("warcinfo", when, "application/warc-fields", about, name)
        self._note(["", "warcinfo", int(when.timestamp()), None, offset, length, None, None, None])

    def _path_of(self, serial: int, suffix: str) -> Path:
        return self._folder / f"{self._prefix}-{serial:05d}.warc.gz{suffix}"


def _record(
    kind: str, record_id: str, when: datetime, content_type: str, content: bytes, fields: Mapping[str, str]
) -> bytes:
    """The bytes of one record; header values are kept to one line."""
    block = "sha1:" + b32encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()
    named = {
        "WARC-Type": kind,
        "WARC-Record-ID": record_id,
        "WARC-Date": when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **fields,
        "WARC-Block-Digest": block,
        "Content-Type": content_type,
        "Content-Length": str(len(content)),
    }
    head = "WARC/1.1\r\n" + "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in named.items()) + "\r\n"
    return head.encode() + content + CRLF + CRLF


def gzip_member(content: bytes) -> bytes:
    """One gzip member, by Intel's igzip: a quarter of the time of zlib's level 1, and smaller (bench/README.md)."""
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW)
    return packer.compress(content) + packer.flush()


def finish(path: Path) -> None:
    """Give a whole ``.open`` file its final name."""
    sync_file(path)
    path.rename(path.with_name(path.name.removesuffix(OPEN)))
    sync_folder(path.parent)


def recover(folder: Path) -> int:
    """Cut the torn tail of every ``.open`` file that a killed crawl left, and close it; return how many.

    A file that a living process writes is left alone.

    Raises:
        StoreError: a file cannot be written.
    """
    closed = 0
    for path in sorted(folder.glob(f"**/*{OPEN}")):
        try:
            with path.open("r+b") as file, contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _close_torn(path, file)
                closed += 1
        except OSError as error:
            raise storage_error(error, path) from error
    return closed


def _close_torn(path: Path, file: BinaryIO) -> None:
    whole = whole_members(path)
    if whole == 0:
        path.unlink()
        rows_path(path.with_name(path.name.removesuffix(OPEN))).unlink(missing_ok=True)
        return
    file.truncate(whole)
    finish(path)


def whole_members(path: Path) -> int:
    """Bytes of a file of gzip members up to the end of the last member that is whole."""
    whole = position = 0
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            while chunk:
                try:
                    unpacker.decompress(chunk)
                except zlib.error:
                    return whole
                if not unpacker.eof:
                    position += len(chunk)
                    break
                position += len(chunk) - len(unpacker.unused_data)
                whole, chunk, unpacker = position, unpacker.unused_data, zlib.decompressobj(_GZIP_WINDOW)
    return whole
