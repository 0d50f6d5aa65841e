"""WARC segments → documents and dropped pages: every record ends in one of the two, with its reason."""

import hashlib
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from cleaning.boilerplate import without_site_lines
from cleaning.extraction import extract_html
from cleaning.language import identify
from cleaning.page import Drop, Page
from cleaning.pdf import extract_pdf
from cleaning.privacy import masked
from cleaning.quality import Rule, count_words, judge, rules_of
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from cleaning.warc import Record, Segment
from data.documents import DOCUMENT_SCHEMA, DROPPED_SCHEMA, FEW_VALUES
from data.errors import InputError, StageError
from data.parquet import write_parquet
from data.progress import Progress, quiet
from data.rights import HEAD, opt_out
from data.store import Store
from data.urls import canonical_url, document_id, host_of

log = logging.getLogger(__name__)

BATCH = 500
"""Rows held before they are written."""
WARC_ENDINGS = (".warc.gz", ".warc")
DROPPED = ".dropped.parquet"
KEPT = ".parquet"

_HTML = ("text/html", "application/xhtml+xml")
_PDF = "application/pdf"
_REMOVING = {301: "http/moved", 308: "http/moved", 302: "http/redirect", 303: "http/redirect", 307: "http/redirect"}


class CleanSummary(BaseModel):
    """What a run of cleaning did."""

    model_config = ConfigDict(frozen=True)

    recipe: str
    segments: int
    """WARC files cleaned in this run."""
    already: int
    """WARC files that had been cleaned before."""
    records: int
    kept: int
    dropped: dict[str, int]
    """By reason."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Pending:
    """A WARC file and the name of its pair."""

    path: Path
    name: str
    """As documents call the file: relative to ``store/warc``, or the file's own name."""

    def pair(self, folder: Path) -> tuple[Path, Path]:
        """Where its documents and its dropped pages go."""
        stem = self.name.replace("/", "-")
        for ending in WARC_ENDINGS:
            stem = stem.removesuffix(ending)
        return folder / f"{stem}{KEPT}", folder / f"{stem}{DROPPED}"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of one segment."""

    name: str
    kept: int
    dropped: dict[str, int]
    torn_at: int | None


def clean(
    store: Store,
    settings: CleaningSettings,
    *,
    warcs: Sequence[Path] = (),
    workers: int | None = None,
    progress: Progress = quiet,
) -> CleanSummary:
    """Clean every closed segment that has no twin yet, and the WARC files named.

    Raises:
        InputError: a named file is missing or is no WARC file.
        StageError: there is no WARC file at all; or, after all else was cleaned, one of them is cut short.
    """
    started = time.monotonic()
    recipe = recipe_digest(settings)
    folder = store.documents / recipe
    every = [*_of_store(store), *_named(warcs)]
    if not every:
        raise StageError(f"{store.warc}: no WARC file to clean. `cowese crawl` makes them, or name some.")
    pending = [one for one in every if not all(path.is_file() for path in one.pair(folder))]
    counts: Counter[str] = Counter()
    kept = 0
    torn = []
    progress("clean", 0, len(pending), {})
    for done, cleaned in enumerate(_clean_all(pending, folder, settings, recipe, workers), start=1):
        kept += cleaned.kept
        counts.update(cleaned.dropped)
        torn += [cleaned] if cleaned.torn_at is not None else []
        progress("clean", done, len(pending), {"kept": kept, "dropped": counts.total(), **dict(counts.most_common(4))})
    if torn:
        raise StageError(
            f"{torn[0].name}: cut short at byte {torn[0].torn_at:,}; the whole records before are kept. "
            f"Run the next step, or fetch the file again and delete its pair in {folder}."
        )
    return CleanSummary(
        recipe=recipe,
        segments=len(pending),
        already=len(every) - len(pending),
        records=kept + counts.total(),
        kept=kept,
        dropped=dict(counts.most_common()),
        seconds=round(time.monotonic() - started, 1),
    )


def _of_store(store: Store) -> list[Pending]:
    files = (path for path in sorted(store.warc.glob("*/*")) if path.name.endswith(WARC_ENDINGS))
    return [Pending(path, path.relative_to(store.warc).as_posix()) for path in files]


def _named(warcs: Sequence[Path]) -> list[Pending]:
    found: list[Pending] = []
    for path in warcs:
        files = [one for one in sorted(path.rglob("*")) if one.name.endswith(WARC_ENDINGS)] if path.is_dir() else [path]
        if not files or not files[0].is_file():
            raise InputError(f"{path}: no such WARC file, or none in this folder.")
        found += [Pending(one, _name_of(one)) for one in files]
    return found


def _name_of(path: Path) -> str:
    """A foreign file's name with a digest of its beginning, so that namesakes stay apart."""
    with path.open("rb") as file:
        beginning = hashlib.sha256(file.read(1 << 20)).hexdigest()[:8]
    for ending in WARC_ENDINGS:
        if path.name.endswith(ending):
            return f"{path.name.removesuffix(ending)}-{beginning}{ending}"
    return f"{path.name}-{beginning}"


def _clean_all(
    pending: Sequence[Pending], folder: Path, settings: CleaningSettings, recipe: str, workers: int | None
) -> Iterator[Cleaned]:
    """Clean segments side by side, the largest first."""
    if not pending:
        return
    largest_first = sorted(pending, key=lambda one: (-one.path.stat().st_size, one.name))
    processes = min(workers or os.cpu_count() or 1, len(pending))
    with _pool(processes) as pool:
        futures: set[Future[Cleaned]] = {
            pool.submit(clean_segment, one, folder, settings, recipe) for one in largest_first
        }
        while futures:
            done, futures = wait(futures, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    yield future.result()
                except BrokenProcessPool as error:
                    raise StageError(
                        "a cleaning process was killed (out of memory?). What was finished is kept: run it again, "
                        "with fewer --workers if memory is short."
                    ) from error


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with their parent's call, finished or not."""
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def clean_segment(pending: Pending, folder: Path, settings: CleaningSettings, recipe: str) -> Cleaned:
    """Clean one WARC file into its pair; dropped pages first, so that documents are the sign of a whole pair."""
    segment = Segment(pending.path)
    rules = rules_of(settings)
    documents: list[dict[str, Any]] = []
    dropped: list[dict[str, Any]] = []
    for record in segment.records(settings.max_bytes):
        place = {"warc_file": pending.name, "warc_offset": record.offset, "recipe": recipe}
        outcome = clean_record(record, settings, rules)
        if isinstance(outcome, Drop):
            dropped.append(_dropped_row(record, outcome) | place)
        else:
            documents.append(_document_row(record, outcome) | place)
    kept_path, dropped_path = pending.pair(folder)
    _write(dropped_path, dropped, DROPPED_SCHEMA)
    _write(kept_path, documents, DOCUMENT_SCHEMA)
    reasons = Counter(row["reason"] for row in dropped)
    return Cleaned(pending.name, len(documents), dict(reasons), segment.torn_at)


def clean_record(record: Record, settings: CleaningSettings, rules: Sequence[Rule]) -> Page | Drop:
    """A page's text, or why there is none."""
    if not record.url.lower().startswith(("http://", "https://")):
        return Drop("kind/no_url")
    if record.revisit is not None:
        return Drop(f"revisit/{record.revisit}")
    answer = record.answer
    if answer.status in _REMOVING:
        return Drop(_REMOVING[answer.status], lost_to=answer.headers.get("location"))
    if answer.status is not None and not 200 <= answer.status < 300:  # noqa: PLR2004 - the class of 2xx
        return Drop(f"http/{answer.status}")
    page = _extract(record, settings)
    if isinstance(page, Drop):
        return page
    page.text = without_site_lines(page.text)
    if len(page.text) < settings.min_chars:
        return Drop("quality/too_short", len(page.text))
    verdict = identify(page.text)
    page.language, page.language_score, page.verdicts = verdict.language, verdict.score, verdict.verdicts
    if verdict.language not in settings.languages:
        return Drop(f"language/{verdict.language}", verdict.score, detail=page.text[:120])
    page.quality, refusal = judge(page.text, rules)
    if refusal is not None:
        return refusal
    if settings.mask_personal_data:
        page.text, page.masked = masked(page.text)
    return page


def _extract(record: Record, settings: CleaningSettings) -> Page | Drop:
    answer = record.answer
    kind = answer.content_type
    if record.url.partition("://")[2].partition("/")[2] == "robots.txt":
        return Drop("kind/robots")
    if answer.problem is not None:
        return Drop(f"extraction/{answer.problem}")
    if len(answer.body) > settings.max_bytes:
        return Drop("extraction/too_large", len(answer.body))
    if not answer.body.strip():
        return Drop("extraction/empty")
    is_pdf = answer.body.startswith(b"%PDF-")
    if not is_pdf and kind not in _HTML and not (not kind and b"<" in answer.body[:1000]):
        return Drop(f"kind/{kind.partition('/')[2].partition('+')[0][:40] or 'unknown'}")
    if not is_pdf and b"\x00" in answer.body[:1000] and not answer.body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Drop("kind/binary")
    signal = opt_out(answer.headers, b"" if is_pdf else answer.body[:HEAD])
    if signal is not None:
        return Drop("policy/opted_out", detail=signal)
    if is_pdf:
        return extract_pdf(answer.body, settings)
    return extract_html(answer.body, answer.headers.get("content-type", ""), record.url, settings)


def _identity(record: Record) -> dict[str, Any]:
    try:
        url = canonical_url(record.url)
    except InputError:
        url = record.url
    return {"id": document_id(url), "url": url, "host": host_of(url), "site": record.site}


def _document_row(record: Record, page: Page) -> dict[str, Any]:
    return {
        **_identity(record),
        "country": record.country or None,
        "category": record.category,
        "title": page.title,
        "author": page.author,
        "published": page.published,
        "fetched_at": record.fetched_at,
        "first_seen_at": record.fetched_at,
        "mime": record.answer.content_type or None,
        "language": page.language,
        "language_score": page.language_score,
        "text": page.text,
        "n_words": count_words(page.text),
        "quality": [{"rule": rule, "figure": figure} for rule, figure in sorted(page.quality.items())],
        "verdicts": [{"identifier": name, "answer": answer} for name, answer in page.verdicts.items()],
        "masked": [{"kind": kind, "count": count} for kind, count in sorted(page.masked.items())],
        "text_digest": hashlib.sha256(page.text.encode()).hexdigest()[:32],
    }


def _dropped_row(record: Record, drop: Drop) -> dict[str, Any]:
    return {
        **_identity(record),
        "status": record.answer.status,
        "fetched_at": record.fetched_at,
        "reason": drop.reason,
        "figure": drop.figure,
        "detail": drop.detail,
        "lost_to": drop.lost_to,
    }


def _write(path: Path, rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> None:
    batches = (
        pa.RecordBatch.from_pylist([dict(row) for row in rows[start : start + BATCH]], schema)
        for start in range(0, len(rows), BATCH)
    )
    write_parquet(path, batches, schema, few_values=FEW_VALUES)
