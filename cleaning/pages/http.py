"""The HTTP answer inside a WARC record: status, fields, and a body without its encodings, within bounds."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int | None
    """None where the record has no HTTP head (BSC's crawls)."""
    headers: Mapping[str, str]
    """By lower-case name; the values of a repeated field are joined by commas."""
    body: bytes
    problem: str | None = None
    """Why the body could not be unpacked."""

    @property
    def content_type(self) -> str:
        """The media type, lower-case, without parameters; empty where none is given."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_answer(content: bytes, record_type: str, max_bytes: int) -> Answer:
    """Split an HTTP answer; a record without a head is taken for a 200 answer of its own content type."""
    if not content.startswith(b"HTTP/"):
        media = "" if "application/http" in record_type else record_type
        return Answer(None, {"content-type": media} if media else {}, content[: max_bytes + 1])
    head, separator, body = content.partition(b"\r\n\r\n")
    if not separator:
        head, _, body = content.partition(b"\n\n")
    line, *fields = head.decode("latin-1").splitlines()
    headers: dict[str, str] = {}
    for field in fields:
        name, colon, value = field.partition(":")
        if colon:
            key = name.strip().lower()
            headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    status = line.split(" ", 2)[1] if line.count(" ") else ""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _joined(body)
    body, problem = _unpacked(body, headers.get("content-encoding", "").lower(), max_bytes)
    return Answer(int(status) if status.isdigit() else None, headers, body, problem)


def _joined(body: bytes) -> bytes:
    """The chunks of a chunked body in one; a body that was joined already is given back as it is."""
    parts: list[bytes] = []
    position = 0
    while True:
        end = body.find(b"\r\n", position)
        size = body[position:end].partition(b";")[0].strip() if 0 <= end - position <= 32 else b""  # noqa: PLR2004 - digits and extensions of a chunk head
        try:
            length = int(size, 16)
        except ValueError:
            return b"".join(parts) if parts else body
        if length == 0:
            return b"".join(parts)
        parts.append(body[end + 2 : end + 2 + length])
        position = end + 2 + length + 2


def _unpacked(body: bytes, encoding: str, max_bytes: int) -> tuple[bytes, str | None]:
    """Undo gzip and deflate up to ``max_bytes`` and one more; a body that was unpacked already is left alone."""
    if encoding in ("gzip", "x-gzip"):
        windows: tuple[int, ...] = (31,) if body.startswith(b"\x1f\x8b") else ()
    elif encoding == "deflate":
        windows = (15, -15)
    elif encoding in ("", "identity"):
        return body[: max_bytes + 1], None
    else:
        return body[: max_bytes + 1], f"encoding_{encoding[:20]}"
    for window in windows:
        try:
            return zlib.decompressobj(window).decompress(body, max_bytes + 1), None
        except zlib.error:
            continue
    return body[: max_bytes + 1], "damaged_encoding" if windows == (31,) else None
