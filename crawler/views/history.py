"""What the crawl knows of one page: the state of its URL, and each answer with the WARC record that keeps it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from crawler.frontier.numbers import DONE, QUEUED, REFUSED, SITEMAP
from crawler.permissions.scope import Scope
from crawler.permissions.traps import Traps
from crawler.settings import CrawlSettings
from crawler.views.state_rows import rows_of
from crawler.warc.rows import INDEX_SUFFIX, LEFT_OUT
from data.lookup import rows_where
from data.seeds import load_seeds
from data.store import Store
from data.urls import document_id, host_of, url_variants

_STATES: dict[int, Literal["queued", "done", "refused"]] = {QUEUED: "queued", DONE: "done", REFUSED: "refused"}
_RECORD = ["url", "kind", "fetched_at", "digest", "offset", "length", "status", "mime"]


class CrawledUrl(BaseModel):
    """One spelling of an address in the crawl state."""

    model_config = ConfigDict(frozen=True)

    url: str
    state: Literal["queued", "done", "refused"]
    """In the current round."""
    reason: str | None
    """Why it was refused, or why the last attempts failed."""
    is_sitemap: bool
    start_url: str
    """The start URL whose scope it lies in."""
    depth: int
    """Links between the start URL and it."""
    round: int
    """The last one that it was done in; 0: none."""
    attempts: int
    """Failed ones in this round."""
    status: int | None
    fetched_at: datetime | None
    due_at: datetime | None
    interval_days: float | None
    unchanged: int
    """Visits in a row that found nothing new."""
    etag: str | None
    last_modified: str | None
    digest: str | None
    """Of the unpacked body."""
    warc_digest: str | None
    """WARC-Payload-Digest of the last full record."""
    host_rests_until: datetime | None


class Answer(BaseModel):
    """One answer, as a WARC file keeps it."""

    model_config = ConfigDict(frozen=True)

    url: str
    fetched_at: datetime
    kind: str
    """``response``, or ``revisit`` where the page had not changed."""
    status: int | None
    mime: str | None
    digest: str | None
    warc_file: str
    """Relative to ``store/warc``."""
    warc_offset: int
    length: int
    """Bytes of the gzip member."""


class LeftOutOfArchive(BaseModel):
    """An answer that an archive has, and that was not fetched from there."""

    model_config = ConfigDict(frozen=True)

    source: str
    """Archive and part of it, as ``common-crawl/CC-MAIN-2026-30``."""
    url: str
    reason: str
    fetched_at: datetime
    """When the archive got it."""


class History(BaseModel):
    """All that the crawl knows of a page."""

    model_config = ConfigDict(frozen=True)

    urls: list[CrawledUrl]
    """http and https are one page, and so are a host with and without www: up to four rows."""
    answers: list[Answer]
    """In the order in which they came; only those in closed WARC files."""
    left_out: list[LeftOutOfArchive]
    """In archives."""
    never_queued: str | None
    """Where there is neither state nor answer: the rule that would keep the URL out, ``unlinked`` where none would."""
    open_files: int
    """WARC files that a crawl writes, or left when it was killed."""


def history(store: Store, settings: CrawlSettings, url: str) -> History:
    """Look a canonical URL up in the crawl state and in the indexes of the WARC files.

    Raises:
        StoreError: the state cannot be opened.
        InputError: an index is damaged; bad seeds.
    """
    wanted = url_variants(url)
    known, met = _state(store, settings, wanted)
    answers = _answers(store.warc, wanted)
    return History(
        urls=known,
        answers=answers,
        left_out=_left_out(store.archives, document_id(url)),
        never_queued=None if known or answers else _never_queued(url, settings, host_is_met=met),
        open_files=sum(1 for _ in store.warc.glob("*/*.open")),
    )


def _state(store: Store, settings: CrawlSettings, wanted: tuple[str, ...]) -> tuple[list[CrawledUrl], bool]:
    """The rows of the URL, and whether any URL of its host was ever queued."""
    if settings.dsn is None and not store.crawl_state.exists():
        return [], False
    rows, met = rows_of(settings.dsn or store.crawl_state, wanted, {host_of(url) for url in wanted})
    return [_crawled(row) for row in rows], met


def _crawled(row: Mapping[str, Any]) -> CrawledUrl:
    return CrawledUrl(
        **{name: row[name] for name in CrawledUrl.model_fields if name in row and name != "state"}
        | {"fetched_at": _moment(row["fetched_at"]), "due_at": _moment(row["due_at"])},
        state=_STATES[row["state"]],
        is_sitemap=row["kind"] == SITEMAP,
        start_url=row["seed"],
        host_rests_until=_moment(row["rest_until"]),
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)


def _answers(folder: Path, wanted: tuple[str, ...]) -> list[Answer]:
    answers: list[Answer] = []
    for index in sorted(folder.glob(f"*/*{INDEX_SUFFIX}")):
        warc_file = index.relative_to(folder).as_posix().removesuffix(INDEX_SUFFIX)
        rows = rows_where(index, "url", wanted, _RECORD)
        answers += [Answer(**row, warc_file=warc_file, warc_offset=row["offset"]) for row in rows]
    return sorted(answers, key=lambda answer: (answer.fetched_at, answer.warc_file, answer.warc_offset))


def _left_out(folder: Path, identity: str) -> list[LeftOutOfArchive]:
    found = []
    for path in sorted(folder.glob(f"*/*/{LEFT_OUT}")):
        source = path.parent.relative_to(folder).as_posix()
        rows = rows_where(path, "id", [identity], ["url", "reason", "fetched_at"])
        found += [LeftOutOfArchive(source=source, **row) for row in rows]
    return found


def _never_queued(url: str, settings: CrawlSettings, *, host_is_met: bool) -> str:
    if not host_is_met and Scope(load_seeds(settings.seeds)).seed_of(url) is None:
        return "out_of_scope"
    return Traps(datetime.now(UTC).year).refusal(url, host_of(url)) or "unlinked"
