"""Which pages targets reach, and where a store holds them: rows of texts and pairs, versions."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cleaning.corpus.versions import versions
from cleaning.foreign_warcs import members
from cleaning.in_order import in_order
from cleaning.pages.page import Page
from cleaning.pages.page_process import PageProcesses
from cleaning.pages.triage import said_by, triage
from cleaning.pages.warc import Segment
from cleaning.pending import DROPPED, KEPT, extracted_stems
from cleaning.settings import CleaningSettings
from data.parquet import read_batches, read_parquet
from data.store import Store
from data.takedowns import Takedowns
from data.warc_fields import FORGOTTEN_URL

_BATCH_ROWS = 1_000


@dataclass(slots=True)
class Held:
    """Where pages stand. Records are known by the stem of their WARC file and by their offset in it."""

    urls: dict[str, str] = field(default_factory=dict)
    """A URL by the page's id."""
    records: dict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    """By stem the page's id of each record's offset."""
    texts: Counter[str] = field(default_factory=Counter)
    """Rows by extraction recipe."""
    pairs: Counter[str] = field(default_factory=Counter)
    """Rows by recipe."""
    versions: dict[str, int] = field(default_factory=dict)
    """Rows by version: documents and dropped pages."""


def find_pages(store: Store, takedowns: Takedowns) -> Held:
    """Find every page that the targets reach, by its URL or by the address that any visit gave as its own.

    Raises:
        InputError: a file of the store is damaged.
    """
    held = Held()
    for path in _every_table(store):
        table = _addresses(path)
        reached = _reached(table, takedowns)
        held.urls |= dict(
            zip(table["id"].filter(reached).to_pylist(), table["url"].filter(reached).to_pylist(), strict=True)
        )
    ids = pa.array(held.urls, pa.string())
    for recipe, stem, path in _texts(store):
        _note(held, held.texts, recipe, stem, path, ids)
    for recipe, stem, path in _pairs(store):
        _note(held, held.pairs, recipe, stem, path, ids)
    for version in versions(store):
        parts = _parts(store.corpus / version)
        rows = sum(pc.sum(pc.is_in(read_parquet(path, ["id"])["id"], ids)).as_py() or 0 for path in parts)
        if rows:
            held.versions[version] = rows
    return held


def texts_of_pages(store: Store, ids: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Every text that the store holds of some pages (by id), as extracted, as judged, as published; with the id."""
    wanted = pa.array(ids, pa.string())
    for path in _tables_with_texts(store):
        for batch in read_batches(path, _BATCH_ROWS, ["id", "text"]):
            mine = batch.filter(pc.is_in(batch["id"], wanted))
            yield from (
                (one, text)
                for one, text in zip(*(mine[name].to_pylist() for name in ("id", "text")), strict=True)
                if text
            )


def other_texts(store: Store, ids: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Every text that the store holds of every other page, under any recipe and in any version, with its URL.

    A page may stand in an old version alone, when its WARC file is no longer there.
    """
    mine = pa.array(ids, pa.string())
    for path in _tables_with_texts(store):
        for batch in read_batches(path, _BATCH_ROWS, ["id", "url", "text"]):
            others = batch.filter(pc.invert(pc.is_in(batch["id"], mine)))
            yield from (
                (url, text)
                for url, text in zip(*(others[name].to_pylist() for name in ("url", "text")), strict=True)
                if text
            )


def extract_again(
    warc: Path, wanted: Mapping[int, str], settings: CleaningSettings, workers: int = 1
) -> Iterator[tuple[str, str]]:
    """The texts of some records of a WARC file (offset → page's id), as cleaning would extract them; with the id.

    Raises:
        InputError: it is no WARC file.
    """
    records = (
        (record.without_body(), triage(record, settings, said_by(record)))
        for record in Segment(warc).records(settings.max_bytes)
        if record.offset in wanted
    )
    with PageProcesses(settings, workers) as processes:
        for record, outcome in in_order(records, processes):
            if isinstance(outcome, Page) and outcome.text:
                yield wanted[record.offset], outcome.text


def _note(held: Held, counts: Counter[str], recipe: str, stem: str, path: Path, ids: pa.Array) -> None:
    table = read_parquet(path, ["id", "warc_offset"])
    mine = table.filter(pc.is_in(table["id"], ids))
    held.records[stem] |= dict(zip(mine["warc_offset"].to_pylist(), mine["id"].to_pylist(), strict=True))
    if not held.records[stem]:
        del held.records[stem]
    counts[recipe] += mine.num_rows
    if not counts[recipe]:
        del counts[recipe]


def _reached(table: pa.Table, takedowns: Takedowns) -> pa.Array:
    own = table["canonical"].to_pylist() if "canonical" in table.schema.names else [None] * table.num_rows
    rows = zip(table["url"].to_pylist(), own, strict=True)
    return pa.array(
        [not url.startswith(FORGOTTEN_URL) and takedowns.covers_page(url, canonical) for url, canonical in rows],
        pa.bool_(),
    )


def _addresses(path: Path) -> pa.Table:
    dropped = path.name.endswith(DROPPED) or path.parent.name == "dropped"
    return read_parquet(path, ["id", "url"] if dropped else ["id", "url", "canonical"])


def _every_table(store: Store) -> Iterator[Path]:
    yield from (path for _, _, path in _texts(store))
    yield from (path for _, _, path in _pairs(store))
    for version in versions(store):
        yield from _parts(store.corpus / version)


def _tables_with_texts(store: Store) -> Iterator[Path]:
    return (path for path in _every_table(store) if not (path.name.endswith(DROPPED) or path.parent.name == "dropped"))


def _texts(store: Store) -> Iterator[tuple[str, str, Path]]:
    for folder in sorted(store.texts.glob("*")):
        yield from ((folder.name, stem, folder / f"{stem}{KEPT}") for stem in extracted_stems(folder))


def _pairs(store: Store) -> Iterator[tuple[str, str, Path]]:
    for folder in sorted(store.documents.glob("*")):
        for path in sorted(folder.glob(f"*{KEPT}")):
            ending = DROPPED if path.name.endswith(DROPPED) else KEPT
            yield folder.name, path.name.removesuffix(ending), path


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.rglob(f"*{KEPT}"))


def stems_of_members(store: Store) -> dict[str, Path]:
    """The WARC files that are there, by stem."""
    return {one.stem: one.path for one in members(store)}
