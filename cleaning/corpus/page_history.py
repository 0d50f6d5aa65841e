"""The history of one page in cleaning and publishing: the verdict of every visit, the status in every version."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from pydantic import BaseModel, ConfigDict

from cleaning.corpus.reservation_record import ReservationRecord
from cleaning.corpus.version_status import VersionStatus, status_in_versions
from cleaning.corpus.versions import newest
from cleaning.ids import find_id, ids_path
from cleaning.pages.page import OPTED_OUT
from cleaning.pending import pairs
from cleaning.recipe import extraction_digest, recipe_digest
from cleaning.settings import CleaningSettings
from data.documents import DOCUMENT_SCHEMA, DROPPED_SCHEMA
from data.lookup import row_at, rows_where
from data.manifest import Manifest
from data.store import Store
from data.takedowns import TAKEDOWN, Takedowns
from data.urls import document_id

_KEPT_COLUMNS = [name for name in DOCUMENT_SCHEMA.names if name not in ("text", "host", "author", "first_seen_at")]
_PAIRS = {"verdicts": ("identifier", "answer"), "quality": ("rule", "figure"), "masked": ("kind", "count")}
"""Columns that are lists of pairs: column → names of the two fields."""


class Verdict(BaseModel):
    """The verdict of cleaning on one response."""

    model_config = ConfigDict(frozen=True)

    url: str
    fetched_at: datetime
    warc_file: str
    warc_offset: int
    recipe: str
    kept: bool
    reason: str | None = None
    figure: float | None = None
    """The value that decided."""
    detail: str | None = None
    said: ReservationRecord | None = None
    """For a reserved page, the record with the line that reserves it."""
    lost_to: str | None = None
    """The URL that the page moved to."""
    title: str | None = None
    published: date | None = None
    mime: str | None = None
    n_words: int | None = None
    language: str | None = None
    language_score: float | None = None
    verdicts: dict[str, str] = {}
    quality: dict[str, float] = {}
    health: float | None = None
    masked: dict[str, int] = {}
    license: str | None = None
    license_url: str | None = None
    text_digest: str | None = None


class Takedown(BaseModel):
    """The line of the takedown list that matches a page."""

    model_config = ConfigDict(frozen=True)

    target: str
    since: str


class PageHistory(BaseModel):
    """The history of a page after its fetch."""

    model_config = ConfigDict(frozen=True)

    takedown: Takedown | None
    verdicts: list[Verdict]
    versions: list[VersionStatus]


def page_history(store: Store, settings: CleaningSettings, url: str) -> PageHistory:
    """Look a canonical URL up in the documents of the settings' recipe and in every version.

    If these settings have no documents, those of the newest version's recipe are used.

    Raises:
        InputError: a file is damaged.
    """
    identity = document_id(url)
    takedowns = Takedowns.load(store)
    folder = _documents(store, settings)
    rows = [row for pair in pairs(folder) for row in _rows(pair, identity)]
    verdicts = [_verdict(row) for row in rows]
    own = [row["canonical"] for row in rows if row.get("canonical")]
    target = next((one for address in (url, *own) for one in takedowns.covering(address)), None)
    found = status_in_versions(store, identity)
    verdicts, found = _with_lines(store, settings, url, verdicts, found)
    return PageHistory(
        takedown=Takedown(target=target, since=takedowns.targets[target]) if target else None,
        verdicts=sorted(verdicts, key=lambda one: (one.fetched_at, one.warc_file, one.warc_offset)),
        versions=_with_takedown(found) if target else found,
    )


def _documents(store: Store, settings: CleaningSettings) -> Path:
    """The folder of the settings' recipe, or of the newest version's if these settings have no documents."""
    published = newest(store)
    if published is None:
        return store.documents / recipe_digest(settings)
    of_version = store.documents / published.made_from["documents"].partition("/")[0]
    if not any(folder != of_version for folder in store.documents.glob("*")):
        return of_version  # there is no other: the digest of the recipe, 0.04 s of work, decides nothing
    folder = store.documents / recipe_digest(settings)
    return folder if folder.is_dir() else of_version


def _with_lines(
    store: Store, settings: CleaningSettings, url: str, verdicts: list[Verdict], found: list[VersionStatus]
) -> tuple[list[Verdict], list[VersionStatus]]:
    """Add the record of the reserving line to reserved pages; None if no ledger of these settings has it."""
    if OPTED_OUT not in {one.reason for one in verdicts} | {one.reason for one in found}:
        return verdicts, found
    from cleaning.corpus.reservation_evidence import ReservationRecords  # noqa: PLC0415 - loads all grammars of rights

    lines = ReservationRecords(store.rights / extraction_digest(settings), url)
    fetched = {(one.warc_file, one.warc_offset): one.fetched_at for one in verdicts}

    def line(one: Verdict | VersionStatus, *, today: bool = False) -> ReservationRecord | None:
        record = (one.warc_file or "", one.warc_offset or 0)
        reserved = one.reason == OPTED_OUT and one.detail is not None
        return lines.find(one.detail or "", None if today else fetched.get(record), record) if reserved else None

    def by_today(place: VersionStatus) -> bool:
        shaping = Manifest.read(store.corpus / place.version).settings.get("publish", {})
        return bool(shaping.get("rights") == "as_of_today")

    return (
        [one.model_copy(update={"said": line(one)}) for one in verdicts],
        [one.model_copy(update={"said": line(one, today=by_today(one))}) for one in found],
    )


def _with_takedown(found: list[VersionStatus]) -> list[VersionStatus]:
    """Set the reason takedown: versions do not list pages that are taken down."""
    met = False
    replaced = []
    for place in found:
        met = met or place.state != "absent"
        taken = met and place.state == "absent"
        replaced.append(place.model_copy(update={"state": "dropped", "reason": TAKEDOWN}) if taken else place)
    return replaced


def _rows(pair: tuple[Path, Path], identity: str) -> Iterator[dict[str, Any]]:
    """The rows of an id in a pair of files, by the list of ids beside it if there is one."""
    documents, dropped = pair
    columns = {True: _KEPT_COLUMNS, False: DROPPED_SCHEMA.names}
    if ids_path(documents).is_file():
        for kept, number in find_id(ids_path(documents), identity):
            row = row_at(documents if kept else dropped, number, columns[kept])
            if row["id"] == identity:
                yield row
        return
    for path, kept in ((documents, True), (dropped, False)):
        yield from rows_where(path, "id", [identity], columns[kept])


def _verdict(row: dict[str, Any]) -> Verdict:
    values = {name: row[name] for name in Verdict.model_fields if name in row}
    for column, (name, value) in _PAIRS.items():
        values[column] = {one[name]: one[value] for one in row.get(column, ())}
    if row.get("lost_to"):
        values["lost_to"] = urljoin(row["url"], row["lost_to"])
    return Verdict(**values, kept="reason" not in row)
