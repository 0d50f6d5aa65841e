"""A record and what became of it → a row of the one file or of the other."""

import hashlib
from typing import Any

from cleaning.pages.page import Drop, Page
from cleaning.pages.warc import Record
from data.errors import InputError
from data.urls import canonical_url, document_id, host_of


def document_row(record: Record, page: Page) -> dict[str, Any]:
    """A row of DOCUMENT_SCHEMA; where it lies is added by who knows."""
    return {
        **_identity(record),
        "country": record.country or None,
        "category": record.category,
        "canonical": page.canonical,
        "title": page.title,
        "author": page.author,
        "published": page.published,
        "fetched_at": record.fetched_at,
        "first_seen_at": record.fetched_at,
        "mime": record.answer.content_type or None,
        "language": page.language,
        "language_score": page.language_score,
        "text": page.text,
        "n_words": page.n_words,
        "quality": [{"rule": rule, "figure": figure} for rule, figure in sorted(page.quality.items())],
        "verdicts": [{"identifier": name, "answer": answer} for name, answer in page.verdicts.items()],
        "health": page.health,
        "masked": [{"kind": kind, "count": count} for kind, count in sorted(page.masked.items())],
        "text_digest": text_digest(page.text),
    }


def text_digest(text: str) -> str:
    """By which a text is known everywhere."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def dropped_row(record: Record, drop: Drop) -> dict[str, Any]:
    """A row of DROPPED_SCHEMA; where it lies is added by who knows."""
    return {
        **_identity(record),
        "status": record.answer.status,
        "fetched_at": record.fetched_at,
        "reason": drop.reason,
        "figure": drop.figure,
        "detail": drop.detail,
        "lost_to": drop.lost_to,
    }


def _identity(record: Record) -> dict[str, Any]:
    try:
        url = canonical_url(record.url)
    except InputError:
        url = record.url
    return {"id": document_id(url), "url": url, "host": host_of(url), "site": record.site}
