"""Turns a response into the new row of its URL: the next visit and the validators."""

from typing import Any

from crawler.frontier.due import AGAIN_RANK
from crawler.frontier.numbers import DONE, SITEMAP
from crawler.frontier.records import KnownUrl
from crawler.settings import CrawlSettings

DAY = 86_400.0
MOST_DOUBTS = 2
"""Visits in a row that find something else instead of a page before it counts as gone."""
SHORTER, LONGER = 0.5, 1.5
"""Factors of the revisit interval after a change and after no change."""

UNCONDITIONAL_EVERY = 5
"""Every n-th visit in a row that may find a page unchanged fetches the whole page."""

OK, PARTIAL, MOVED, NOT_MODIFIED = 200, 206, 300, 304
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({404, 410})
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Statuses of transient failures."""


def is_status(status: int) -> bool:
    """Whether a number is an HTTP status (RFC 9110, 15)."""
    return 100 <= status < 600  # noqa: PLR2004 - the classes 1xx to 5xx


def is_success(status: int) -> bool:
    """Whether a response has the page."""
    return OK <= status < 300  # noqa: PLR2004 - the class of 2xx


def is_unchanged(known: KnownUrl, digest: str, text_digest: int | None) -> bool:
    """Whether a page is unchanged for a reader: the same bytes, or the same visible text."""
    return known.digest == digest or (text_digest is not None and text_digest == known.text_digest)


def fetched_row(
    known: KnownUrl,
    settings: CrawlSettings,
    now: float,
    *,
    status: int,
    digest: str,
    text_digest: int | None,
    warc_digest: str | None,
    **validators: str | None,
) -> dict[str, Any]:
    """The row of a page that was fetched. ``warc_digest`` is None if the stored record is still valid for it."""
    unchanged = is_unchanged(known, digest, text_digest)
    values = {
        **_visited(known, settings, now, status, LONGER if unchanged else SHORTER if known.digest else None),
        "unchanged": known.unchanged + 1 if unchanged else 0,
        "digest": digest,
        "text_digest": text_digest,
        **validators,
    }
    return values if warc_digest is None else {**values, "warc_digest": warc_digest}


def not_modified_row(known: KnownUrl, settings: CrawlSettings, now: float) -> dict[str, Any]:
    """The row of a page that answered 304."""
    return {**_visited(known, settings, now, NOT_MODIFIED, LONGER), "unchanged": known.unchanged + 1}


def absent_row(known: KnownUrl, settings: CrawlSettings, now: float, status: int) -> dict[str, Any]:
    """The row of a page that is gone, moved or refused; its validators are dropped."""
    forgotten = dict.fromkeys(("etag", "last_modified", "digest", "text_digest", "warc_digest"))
    return {**_visited(known, settings, now, status, LONGER), "unchanged": 0, **forgotten}


def is_unconditional_visit(known: KnownUrl) -> bool:
    """Whether this visit must be unconditional, to detect a server that answers 304 for changed pages."""
    return known.unchanged > 0 and (known.unchanged + 1) % UNCONDITIONAL_EVERY == 0


def is_false_validator(known: KnownUrl, etag: str | None, last_modified: str | None) -> bool:
    """Whether a changed page has the same validator as before, so that a 304 would have been false."""
    if known.etag is not None or etag is not None:
        return known.etag == etag
    return last_modified is not None and known.last_modified == last_modified


def classify_absence(known: KnownUrl, status: int) -> str:
    """Classify an absent page: ``gone`` or ``moved`` if we had it before, ``missing`` or ``redirect`` if not."""
    if status in REDIRECTS:
        return "moved" if known.warc_digest is not None else "redirect"
    if status in GONE:
        return "gone" if known.warc_digest is not None else "missing"
    return "other"


def given_up_row(
    known: KnownUrl, settings: CrawlSettings, now: float, reason: str, status: int | None
) -> dict[str, Any]:
    """The row of a page with too many transient failures: due again soon, its validators stay."""
    due = now + settings.interval_min * DAY
    return {**_row(known), "state": DONE, "reason": reason, "status": status, "due_at": due, "attempts": 0}


def doubted_row(known: KnownUrl, settings: CrawlSettings, now: float, reason: str, status: int) -> dict[str, Any]:
    """The row of a known page instead of which something else was served: its validators stay for now."""
    return {**given_up_row(known, settings, now, reason, status), "doubts": known.doubts + 1}


def retry_row(known: KnownUrl, reason: str) -> dict[str, Any]:
    """The row of a page that is retried in this round."""
    return {**_row(known), "reason": reason, "attempts": known.attempts + 1, "rank": AGAIN_RANK}


def _visited(known: KnownUrl, settings: CrawlSettings, now: float, status: int, factor: float | None) -> dict[str, Any]:
    interval = (known.interval_days or settings.interval_initial) * (factor or 1.0)
    interval = min(max(interval, settings.interval_min), settings.interval_max)
    if known.kind == SITEMAP:  # it lists what is new, so it is fetched in every round
        interval = settings.interval_min
    return {
        **_row(known),
        "state": DONE,
        "status": status,
        "reason": None,
        "doubts": 0,
        "fetched_at": now,
        "interval_days": interval,
        "due_at": now + interval * DAY,
    }


def _row(known: KnownUrl) -> dict[str, Any]:
    return {"row": known.id}
