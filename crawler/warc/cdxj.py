"""A CDXJ beside each WARC file, by which pywb and other replay tools find its records."""

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from data.files import whole_file

SUFFIX = ".cdxj"
"""Follows the name of the WARC file, after .warc.gz."""

_WWW = re.compile(r"^www\d*\.")
_PORTS = {"http": 80, "https": 443}


def write_cdxj(warc: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the lines of a WARC file's records, sorted as the format asks (``crawler.warc.index`` has the rows)."""
    lines = sorted(_line(row) for row in rows if row["url"].startswith(("http://", "https://")))
    with whole_file(cdxj_path(warc)) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")


def cdxj_path(warc: Path) -> Path:
    """The CDXJ of a WARC file."""
    return warc.with_name(warc.name + SUFFIX)


def surt(url: str) -> str:
    """The sort-friendly form of a URL: ``https://www.Salud.es/A/?b=1&a=2`` is ``es,salud)/a?a=2&b=1``.

    As the Internet Archive's canonicaliser does: no scheme, www and usual port, lower case, parameters in order.
    """
    parts = urlsplit(url)
    host = _WWW.sub("", (parts.hostname or "").lower())
    try:
        name = str(ipaddress.ip_address(host))
    except ValueError:
        name = ",".join(reversed(host.split(".")))
    port = f":{parts.port}" if parts.port is not None and parts.port != _PORTS.get(parts.scheme) else ""
    path = parts.path.lower()
    path = path.rstrip("/") or "/"
    query = "&".join(sorted(parts.query.lower().split("&"))) if parts.query else ""
    return f"{name}{port}){path}" + (f"?{query}" if query else "")


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
