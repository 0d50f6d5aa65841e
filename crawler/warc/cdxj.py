"""Writes a CDXJ index beside each WARC file, for pywb and other replay tools."""

import json
import re
import string
from collections.abc import Iterable, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from data.files import atomic_file

SUFFIX = ".cdxj"
"""Follows the name of the WARC file, after .warc.gz."""
NOT_MODIFIED = 304

_WWW = re.compile(r"^www\d*\.")
_PORTS = {"http": 80, "https": 443}
_VISIBLE = "".join(letter for letter in string.punctuation if letter not in "#%")


def write_cdxj(warc: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the lines of a WARC file's records, sorted by their bytes (``crawler.warc.index`` has the rows).

    A 304 has no line: replay tools would show an empty response instead of the capture before it.
    """
    lines = sorted(_line(row).encode() for row in rows if _is_shown(row))
    with atomic_file(cdxj_path(warc)) as temporary:
        temporary.write_bytes(b"".join(lines))


def cdxj_path(warc: Path) -> Path:
    """The CDXJ of a WARC file."""
    return warc.with_name(warc.name + SUFFIX)


def surt(url: str) -> str:
    """The sort-friendly form of a URL: ``https://www.Salud.es/A//?b=1&a=%2F`` is ``es,salud)/a?a=/&b=1``.

    By the rules of the Internet Archive, which pywb uses for lookups: no scheme, www and default port; no empty labels
    in the host, as a dot at its end makes one; lower case; unnecessary escapes decoded; dots resolved; repeated slashes
    merged and none at the end; parameters sorted.
    """
    parts = urlsplit(url)
    labels = [label for label in (parts.hostname or "").lower().split(".") if label]
    name = ",".join(reversed(_WWW.sub("", ".".join(labels)).split(".")))
    port = f":{parts.port}" if parts.port is not None and parts.port != _PORTS.get(parts.scheme) else ""
    path = _resolved(_unescaped(parts.path).lower())
    query = _unescaped(parts.query).lower()
    query = "&".join("=".join(pair) for pair in sorted(pair.split("=", 1) for pair in query.split("&")))
    return f"{name}{port}){path}" + (f"?{query}" if query else "")


def _resolved(path: str) -> str:
    """A path without empty segments and dots; dots above the root stay, as in the Internet Archive's rules."""
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == ".." and kept:
            kept.pop()
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(segment for segment in kept if segment)


def _unescaped(text: str) -> str:
    """Decode escapes until none is left, then escape everything but visible ASCII, and ``#`` and ``%``."""
    octets = text.encode()
    while (fewer := unquote_to_bytes(octets)) != octets:
        octets = fewer
    return quote_from_bytes(octets, safe=_VISIBLE)


def _is_shown(row: Mapping[str, Any]) -> bool:
    is_not_modified = row["kind"] == "revisit" and row["status"] == NOT_MODIFIED
    return row["url"].startswith(("http://", "https://")) and not is_not_modified


def _line(row: Mapping[str, Any]) -> str:
    is_revisit = row["kind"] == "revisit"
    fields = {
        "url": row["url"],
        "mime": "warc/revisit" if is_revisit else row["mime"] or "unk",
        "status": str(row["status"]) if row["status"] is not None else "-",
        "digest": (row["digest"] or "-").removeprefix("sha1:"),
        "length": str(row["length"]),
        "offset": str(row["offset"]),
        "filename": row["file"],
    }
    when = row["fetched_at"].astimezone(UTC)
    return f"{surt(row['url'])} {when:%Y%m%d%H%M%S} {json.dumps(fields, ensure_ascii=False)}\n"
