"""A row of extracted text and what was judged of it → a row of the one file or of the other."""

import hashlib
from collections.abc import Mapping
from typing import Any

from cleaning.pages.page import Drop, Page

_OF_BOTH = ("id", "url", "host", "site", "fetched_at", "warc_file", "warc_offset")
_OF_DOCUMENT = (*_OF_BOTH, "country", "category", "mime")
_OF_DROPPED = (*_OF_BOTH, "status")
"""Columns that are those of the extracted row."""


def document_row(extracted: Mapping[str, Any], page: Page) -> dict[str, Any]:
    """A row of DOCUMENT_SCHEMA; the recipe is added by who knows."""
    return {
        **{name: extracted[name] for name in _OF_DOCUMENT},
        "canonical": page.canonical,
        "title": page.title,
        "author": page.author,
        "published": page.published,
        "first_seen_at": extracted["fetched_at"],
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


def dropped_row(extracted: Mapping[str, Any], drop: Drop) -> dict[str, Any]:
    """A row of DROPPED_SCHEMA; the recipe is added by who knows."""
    return {
        **{name: extracted[name] for name in _OF_DROPPED},
        "reason": drop.reason,
        "figure": drop.figure,
        "detail": drop.detail,
        "lost_to": drop.lost_to,
    }


def text_digest(text: str) -> str:
    """By which a text is known everywhere."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
