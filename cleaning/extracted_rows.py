"""A record and what was taken out of it ⇄ a row of EXTRACTED_SCHEMA."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cleaning.pages.page import Drop, Page
from cleaning.pages.warc import Record
from data.errors import InputError
from data.rights.licences import Licence
from data.urls import canonical_url, document_id, host_of

_OUTCOME = (
    "reason",
    "figure",
    "detail",
    "lost_to",
    "text",
    "title",
    "author",
    "published",
    "canonical",
    "declared_language",
    "license",
    "license_url",
    "text_given",
    "figures",
)


def extracted_row(record: Record, outcome: Page | Drop) -> dict[str, Any]:
    """A row of EXTRACTED_SCHEMA; where it lies is added by who knows."""
    if isinstance(outcome, Drop):
        return _record_columns(record) | _drop_columns(outcome)
    return _record_columns(record) | _page_columns(outcome, record.licence or outcome.licence)


def outcomes_of_rows(batch: pa.RecordBatch) -> list[Page | Drop]:
    """What was taken out of the record of each row, as extraction gave it."""
    rows = batch.select(_OUTCOME).to_pylist()
    return [_outcome(row) for row in rows]


def _outcome(row: Mapping[str, Any]) -> Page | Drop:
    if row["reason"] is not None:
        return Drop(row["reason"], row["figure"], row["detail"], row["lost_to"])
    return Page(
        row["text"],
        title=row["title"],
        author=row["author"],
        published=row["published"],
        canonical=row["canonical"],
        declared_language=row["declared_language"],
        licence=Licence(row["license"], row["license_url"]) if row["license"] or row["license_url"] else None,
        given=row["text_given"],
        figures={one["name"]: one["figure"] for one in row["figures"]},
    )


def _record_columns(record: Record) -> dict[str, Any]:
    try:
        url = canonical_url(record.url)
    except InputError:
        url = record.url
    return {
        "id": document_id(url),
        "url": url,
        "host": host_of(url),
        "site": record.site,
        "country": record.country or None,
        "category": record.category,
        "status": record.answer.status,
        "mime": record.answer.content_type or None,
        "fetched_at": record.fetched_at,
        "warc_offset": record.offset,
    }


def _drop_columns(drop: Drop) -> dict[str, Any]:
    return {
        "reason": drop.reason,
        "figure": drop.figure,
        "detail": drop.detail,
        "lost_to": drop.lost_to,
        "text_given": False,
        "figures": [],
    }


def _page_columns(page: Page, licence: Licence | None) -> dict[str, Any]:
    return {
        "text": page.text,
        "title": page.title,
        "author": page.author,
        "published": page.published,
        "canonical": page.canonical,
        "declared_language": page.declared_language,
        "license": licence.name if licence is not None else None,
        "license_url": licence.url if licence is not None else None,
        "text_given": page.given,
        "figures": [{"name": name, "figure": figure} for name, figure in sorted(page.figures.items())],
    }
