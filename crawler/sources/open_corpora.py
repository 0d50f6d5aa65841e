"""Imports downloads of open corpora into the store as WARC conversion records."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from crawler.permissions.scope import Scope
from crawler.sources.writer import Origin, SourceWriter
from data.errors import InputError
from data.progress import Progress, no_progress
from data.rights.licences import Licence
from data.store import Store
from data.takedowns import Takedowns
from data.urls import canonical_url
from data.warc_fields import LICENSE, LICENSE_URL

WARC_BYTES = 256 << 20
"""Bytes at which a WARC file is closed; cleaning reads files in parallel."""
_TELL_EVERY = 500
HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class CorpusRecord:
    """A page or a text of a corpus."""

    place: str
    """Unique within the source: download and position."""
    url: str
    when: datetime
    """The date of the page according to the corpus, or of the corpus."""
    content_type: str
    body: bytes
    licence: Licence | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record of a download that is not imported, and the reason."""

    reason: str


class CorpusSummary(BaseModel):
    """The result of an import."""

    model_config = ConfigDict(frozen=True)

    source: str
    """The folder below ``warc``, and the value of the column ``source``."""
    taken: int
    """Records written in this run."""
    already: int
    """Records that were in the store before."""
    left_out: dict[str, int]
    """Skipped records by reason."""


def import_corpus(
    store: Store,
    source: str,
    found: Iterable[CorpusRecord | Skipped],
    scope: Scope | None,
    *,
    only_seeds: bool = False,
    progress: Progress = no_progress,
) -> CorpusSummary:
    """Append the records of a corpus that are not in the store yet. An interrupted run continues where it was.

    With ``only_seeds`` records outside the scope of all start URLs are skipped; ``scope`` gives the start URL of
    others.

    Raises:
        InputError: a download cannot be read.
        StoreError: the store cannot be written.
    """
    takedowns = Takedowns.load(store)
    counts: Counter[str] = Counter()
    left: Counter[str] = Counter()
    info = {"software": "cowese", "description": f"{source}: conversion records made of its downloads"}
    with SourceWriter(store, source, source, WARC_BYTES, info) as writer:
        for number, one in enumerate(found, 1):
            reason = one.reason if isinstance(one, Skipped) else _refusal(one, takedowns)
            seed = None
            if reason is None and scope is not None and isinstance(one, CorpusRecord):
                seed = scope.seed_of(canonical_url(one.url))
                reason = "out_of_scope" if only_seeds and seed is None else None
            if reason is not None or isinstance(one, Skipped):
                left[reason or ""] += 1
            elif one.place in writer.places:
                counts["already"] += 1
            else:
                origin = Origin(one.place, seed, _licence_fields(one.licence))
                writer.conversion(one.url, one.when, one.content_type, one.body, origin)
                counts["taken"] += 1
            if number % _TELL_EVERY == 0:
                progress(source, number, 0, {**counts, "left out": left.total()})
        progress(source, counts.total() + left.total(), 0, {**counts, "left out": left.total()})
    return CorpusSummary(
        source=source, taken=counts["taken"], already=counts["already"], left_out=dict(left.most_common())
    )


def day_of(path: Path, given: datetime | None) -> datetime:
    """The date of a download: the given one, or else its file's."""
    return given or datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0)


def files_in(paths: Iterable[Path], endings: tuple[str, ...]) -> list[Path]:
    """The named files, and the files with these endings in named folders.

    Raises:
        InputError: a path is not there, or a folder has no such file.
    """
    found: list[Path] = []
    for path in paths:
        here = (
            sorted(one for one in path.rglob("*") if one.is_file() and one.name.lower().endswith(endings))
            if path.is_dir()
            else [path]
        )
        if not here or not here[0].is_file():
            raise InputError(f"{path}: no such file, or no {' or '.join(endings)} file in this folder.")
        found += here
    return found


def _refusal(one: CorpusRecord, takedowns: Takedowns) -> str | None:
    try:
        url = canonical_url(one.url)
    except InputError:
        return "no_address"
    if takedowns.covers(url):
        return "takedown"
    return None if one.body.strip() else "empty"


def _licence_fields(licence: Licence | None) -> dict[str, str]:
    if licence is None:
        return {}
    return {name: said for name, said in ((LICENSE, licence.name), (LICENSE_URL, licence.url)) if said}
