"""The record types of the frontier."""

from dataclasses import dataclass

from crawler.frontier.numbers import PAGE


@dataclass(frozen=True, slots=True)
class KnownUrl:
    """A URL of the frontier, as the scheduler needs it."""

    id: int
    url: str
    host: str
    seed: str
    kind: int
    depth: int
    hops: int
    attempts: int
    status: int | None
    etag: str | None
    last_modified: str | None
    digest: str | None
    warc_digest: str | None
    fetched_at: float | None
    due_at: float | None
    interval_days: float | None
    unchanged: int
    text_digest: int | None
    doubts: int = 0
    """Visits in a row that found something else in the page's place, such as the home page."""
    reason: str | None = None
    """Why the last attempt failed, or ``lastmod`` where a sitemap's date queued it again."""


@dataclass(frozen=True, slots=True)
class FoundUrl:
    """A discovered URL; it is queued if it is not known yet."""

    url: str
    host: str
    seed: str
    kind: int = PAGE
    depth: int = 0
    hops: int = 0
    lastmod: float | None = None
    """Last change according to a sitemap, in seconds since 1970."""
    rank: int = 600
    """Small: fetched early (``due``)."""


@dataclass(frozen=True, slots=True)
class HostState:
    """The state of a host that is kept between runs."""

    failures: int = 0
    """In a row."""
    rest_until: float | None = None
    """No request before this moment of the crawl's clock."""
    false_304: bool = False
    """It has answered 304 for a page that had changed."""
    state: str | None = None
    """``unreachable``, ``blocked`` or ``sick``; None: healthy."""
    why: str | None = None
    """The evidence of that state."""
    bad_runs: int = 0
    """Runs in a row that ended in an unhealthy state."""
    dates_right: int = 0
    """Pages with a new sitemap date that had changed."""
    dates_wrong: int = 0
    """Pages with a new sitemap date that had not changed."""
