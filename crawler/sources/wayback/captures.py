"""Reads the archive's index of a host, page by page with the resume key, and selects captures.

The index: github.com/internetarchive/wayback/tree/master/wayback-cdx-server. With ``output=json`` an answer is a list
of lists, the names of the fields first; with ``showResumeKey`` an empty list and one with the key follow where there is
more.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.sources.settings import WaybackSettings
from crawler.sources.wayback.client import FORBIDDEN, OK, Client
from data.errors import InputError, StageError
from data.files import read_json, write_json
from data.urls import canonical_url, document_id

FIELDS = "timestamp,original,mimetype,statuscode,digest"
_PAGES = frozenset({"text/html", "application/xhtml+xml", "application/pdf"})
EXCLUDED = "excluded"
_MOST_LOOKUPS = 200
"""Index pages that are read for one host, at most."""


@dataclass(frozen=True, slots=True)
class Capture:
    """One capture of a page."""

    timestamp: str
    """14 digits, UTC."""
    url: str
    """The captured URL, without the scheme's default port."""
    digest: str

    @property
    def when(self) -> datetime:
        """When it was captured."""
        return datetime.strptime(self.timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)

    @property
    def place(self) -> str:
        """Its origin for later runs, without the URL, which may have to be forgotten."""
        return f"{self.timestamp} {document_id(self.canonical)}"

    @property
    def canonical(self) -> str:
        """The canonical URL."""
        return canonical_url(self.url)

    @property
    def path(self) -> str:
        """The path of its original bytes."""
        return f"web/{self.timestamp}id_/{self.url}"


class Excluded(Exception):  # noqa: N818 - a state of a host, no error
    """The archive does not show this host, at its owner's request."""


def captures_of(client: Client, target: str, match: str, kept: Path, settings: WaybackSettings) -> list[Capture]:
    """All captures of HTML pages and PDFs that answered 200 below a host, or a beginning of URLs.

    The result is saved in ``kept`` after each lookup, so that an interrupted run continues with the resume key.

    Raises:
        Excluded: the archive does not show it.
        StageError: the archive refuses, or answers what is no index.
    """
    known: dict[str, Any] = (
        read_json(kept) if kept.is_file() else {"rows": [], "key": None, "lookups": 0, "whole": False}
    )
    query = {"url": target, "matchType": match, "output": "json", "fl": FIELDS, "limit": str(settings.page_size)}
    query |= {"filter": "statuscode:200", "collapse": "digest", "showResumeKey": "true"}
    while not known["whole"] and known["lookups"] < _MOST_LOOKUPS:
        asked = query | ({"resumeKey": known["key"]} if known["key"] else {})
        rows, key = _rows(client, asked)
        known["rows"] += [row for row in rows if _is_page(row)]
        known |= {"key": key, "lookups": known["lookups"] + 1, "whole": key is None}
        write_json(kept, known)
    return list(_captures(known["rows"]))


def captures_of_file(client: Client, url: str) -> list[Capture]:
    """The captures of one permission file, each content once, without redirects.

    Raises:
        Excluded, StageError: as ``captures_of``.
    """
    query = {"url": url, "matchType": "exact", "output": "json", "fl": FIELDS, "collapse": "digest", "limit": "1000"}
    rows, _ = _rows(client, query)
    return list(_captures(row for row in rows if row[3] == "200"))


def newest(captures: Iterable[Capture], most: int) -> list[Capture]:
    """The newest capture of each page; of at most ``most`` pages, those with the shortest URLs."""
    latest: dict[str, Capture] = {}
    for one in captures:
        identity = document_id(one.canonical)
        if identity not in latest or one.timestamp > latest[identity].timestamp:
            latest[identity] = one
    return sorted(latest.values(), key=lambda one: (len(one.canonical), one.canonical))[:most]


def _rows(client: Client, query: dict[str, str]) -> tuple[list[list[str]], str | None]:
    """The rows of one lookup, and the resume key."""
    reply = client.lookup(query)
    if reply.status == FORBIDDEN or b"AccessControlException" in reply.body[:2_000]:
        raise Excluded
    if reply.status != OK:
        raise StageError(
            f"{query['url']}: the archive's index answers HTTP {reply.status}. Run the same command later."
        )
    if not reply.body.strip():
        return [], None
    try:
        said = json.loads(reply.body)
    except ValueError as error:
        raise StageError(f"{query['url']}: the archive's index answers no JSON. Run the same command later.") from error
    rows = [row for row in said[1:] if isinstance(row, list)] if isinstance(said, list) else []
    key = None
    if len(rows) >= 2 and rows[-2] == [] and len(rows[-1]) == 1:  # noqa: PLR2004 - an empty row, then the key
        key, rows = str(rows[-1][0]), rows[:-2]
    width = FIELDS.count(",") + 1
    return [list(map(str, row)) for row in rows if len(row) == width], key


def _is_page(row: list[str]) -> bool:
    return row[2] in _PAGES


def _captures(rows: Iterable[list[str]]) -> Iterator[Capture]:
    """The captures with a valid URL and time."""
    for timestamp, original, _, _, digest in rows:
        one = Capture(timestamp, original, digest)
        try:
            _ = one.when, one.canonical
        except (ValueError, InputError):
            continue
        yield one
