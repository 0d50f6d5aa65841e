"""What hosts and pages said of the use of a page, for the facet and for the page itself: lines of the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data.parquet import read_parquet, read_wide
from data.rights.ledger import LICENCE_FILE, PAGE_FILE, host_key
from data.store import Store

SAID_NOTHING, SAID_SOMETHING, LICENCE, RESERVED = "no word", "words, none for this page", "licence", "reserved"
ALLOWED = "allowed by a word"
_EMPTY = "(HTTP "
"""Begins the line of a file of permissions that is not there."""


def rights_folder(store: Store, recipe: str | None) -> Path | None:
    """The ledger beside the extracted texts."""
    folder = store.rights / recipe if recipe else None
    return folder if folder is not None and folder.is_dir() else None


def rights_of(rows: pa.Table, folder: Path | None) -> list[str]:
    """For each page what is known of its rights; the ledger's words, not a judgement of the law."""
    by_host, by_record = _verdicts(folder)
    hosts = [host.removeprefix("www.") for host in rows["host"].to_pylist()]
    places = zip(rows["warc_file"].to_pylist(), rows["warc_offset"].to_pylist(), strict=True)
    reasons = rows["reason"].to_pylist()
    found = []
    for host, place, reason in zip(hosts, places, reasons, strict=True):
        if reason is not None and reason.startswith("policy/"):
            found.append(RESERVED)
            continue
        said = by_record.get(place) or by_host.get(host, SAID_NOTHING)
        found.append(said)
    return found


def _verdicts(folder: Path | None) -> tuple[dict[str, str], dict[tuple[str, int], str]]:
    """By host and by record the strongest word that a file has of it."""
    by_host: dict[str, str] = {}
    by_record: dict[tuple[str, int], str] = {}
    for path in sorted(folder.glob("*.parquet")) if folder else ():
        table = read_wide(path, ["host", "file", "verdict", "line", "warc_file", "warc_offset"])
        table = table.filter(pc.invert(pc.starts_with(table["line"], _EMPTY)))
        table = table.set_column(4, "warc_file", table["warc_file"].cast(pa.large_string()))
        for row in table.to_pylist():
            said = {"licence": LICENCE, "allowed": ALLOWED}.get(row["verdict"], SAID_SOMETHING)
            if row["file"] == PAGE_FILE:
                by_record[row["warc_file"], row["warc_offset"]] = said
            elif row["file"] != LICENCE_FILE and by_host.get(row["host"]) != LICENCE:
                by_host[row["host"]] = said
    return by_host, by_record


@dataclass(frozen=True, slots=True)
class Quoted:
    """A line of the ledger about a host or a page."""

    file: str
    carrier: str
    path: str
    line: str
    verdict: str
    seen_at: Any
    warc_file: str
    warc_offset: int
    decides: bool
    """Whether it is the line for which the page was left out."""


def lines_about(folder: Path | None, url: str, place: tuple[str, int], detail: str | None) -> list[Quoted]:
    """What a page's host, and the page itself, said; the line that decided first.

    ``detail`` is what a dropped page quotes: carrier and line.
    """
    host = host_key(url)
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for path in sorted(folder.glob("*.parquet")) if folder else ():
        for row in _rows_about(path, host, place):
            rows[row["file"], row["carrier"], row["path"], row["line"]] = row  # the latest of equal lines
    quoted = [_quoted(row, detail) for row in rows.values()]
    return sorted(quoted, key=lambda one: (not one.decides, one.file != PAGE_FILE, one.file, one.path))


def _rows_about(path: Path, host: str, place: tuple[str, int]) -> Iterator[dict[str, Any]]:
    table = read_parquet(path)
    table = table.filter(pc.equal(table["host"], host))
    for row in table.to_pylist():
        if row["file"] != PAGE_FILE or (row["warc_file"], row["warc_offset"]) == place:
            yield row


def _quoted(row: dict[str, Any], detail: str | None) -> Quoted:
    columns = ("file", "carrier", "path", "line", "verdict", "seen_at", "warc_file", "warc_offset")
    decides = detail is not None and detail == f"{row['carrier']}: {row['line']}"
    return Quoted(**{name: row[name] for name in columns}, decides=decides)
