"""What changed between two corpus versions, by kind, host and reason, with samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from cleaning.corpus.figures import counted
from cleaning.corpus.splits import SPLITS
from cleaning.duplicates.dedup import text_numbers
from cleaning.duplicates.shingles import Numbers
from data.documents import DOCUMENT_SCHEMA, DROPPED_SCHEMA, wide
from data.parquet import read_wide, row_count
from data.store import Store
from data.takedowns import TAKEDOWN, Takedowns

SAMPLES = 10
MOST_HOSTS = 50

_KEPT = ["id", "url", "host", "canonical", "text_digest", "fetched_at"]


class Change(BaseModel):
    """One document that a diff shows."""

    model_config = ConfigDict(frozen=True)

    url: str
    reason: str | None = None
    """For a removed page, why it went; for an added one, its previous status."""
    lost_to: str | None = None


class Changes(BaseModel):
    """One kind of change."""

    model_config = ConfigDict(frozen=True)

    documents: int
    hosts: dict[str, int]
    """The most frequent hosts, without pages that were taken down."""
    reasons: dict[str, int]
    samples: list[Change]


class Diff(BaseModel):
    """From one version to another: documents_before + added − removed − moved ± elected = documents_after.

    Documents of both versions are ``unchanged`` or ``changed``.
    """

    model_config = ConfigDict(frozen=True)

    before: str
    after: str
    documents_before: int
    documents_after: int
    unchanged: int
    """Documents whose text is what it was; ``resplit`` counts some of them too."""
    added: Changes
    """Not in the version before; ``reasons`` gives the previous status: new, or the reason of the drop."""
    changed: Changes
    """The same URL with another text."""
    removed: Changes
    """No longer in the corpus, by reason."""
    moved: Changes
    """Redirected to another URL."""
    elected: Changes
    """A duplicate before, the canonical document of its cluster now."""
    deposed: Changes
    """The canonical document of its cluster before, a duplicate now."""
    resplit: Changes
    """In both versions, in another split; ``reasons`` gives both, as ``train → test``."""


def diff(store: Store, before: str, after: str) -> Diff:
    """Compare two versions of a store; ``latest`` names the newest.

    Raises:
        InputError: one of them is not there.
    """
    folders = store.corpus_version(before), store.corpus_version(after)
    return diff_folders(*folders, Takedowns.load(store))


def diff_folders(before: Path, after: Path, takedowns: Takedowns) -> Diff:
    """Compare two version folders by the columns that decide.

    Pages that were taken down are counted, without samples and hosts.
    """
    shared = _shared(before, after)
    old, new = _Texts.read(before, shared), _Texts.read(after, shared)
    added, removed = np.setdiff1d(new.ids, old.ids), np.setdiff1d(old.ids, new.ids)
    both, at_old, at_new = np.intersect1d(old.ids, new.ids, return_indices=True)
    changed = both[old.texts[at_old] != new.texts[at_new]]
    old_splits, new_splits = old.splits[at_old], new.splits[at_new]
    came = _fates(_rows(after, shared, added), before, otherwise="new")
    went = _fates(_rows(before, shared, removed), after, otherwise="unknown")
    altered = _rows(after, shared, changed)
    came, went = _taken_down(came, takedowns, "new"), _taken_down(went, takedowns, "unknown")
    altered = _with_reasons(altered, ["text"] * altered.num_rows)
    resplit = _rows(after, shared, both[old_splits != new_splits])
    at = np.searchsorted(both, text_numbers(resplit["id"]))
    ways = zip(old_splits[at].tolist(), new_splits[at].tolist(), strict=True)
    resplit = _with_reasons(resplit, [f"{SPLITS[one]} → {SPLITS[other]}" for one, other in ways])
    duplicate_before = pc.starts_with(came["reason"], "duplicate/")
    duplicate_after = pc.starts_with(went["reason"], "duplicate/")
    moved = pc.is_in(went["reason"], pa.array(["http/moved", "http/redirect"], pa.large_string()))
    return Diff(
        before=before.name,
        after=after.name,
        documents_before=shared.documents + len(old.ids),
        documents_after=shared.documents + len(new.ids),
        unchanged=shared.documents + len(both) - len(changed),
        added=_changes(came.filter(pc.invert(duplicate_before))),
        changed=_changes(altered),
        removed=_changes(went.filter(pc.invert(pc.or_(duplicate_after, moved)))),
        moved=_changes(went.filter(moved)),
        elected=_changes(came.filter(duplicate_before)),
        deposed=_changes(went.filter(duplicate_after)),
        resplit=_changes(resplit),
    )


@dataclass(frozen=True, slots=True)
class _Shared:
    """Part files that both versions share as hard links, so that they need no comparison."""

    paths: frozenset[str]
    documents: int


def _shared(before: Path, after: Path) -> _Shared:
    paths, documents = set(), 0
    for one in sorted((after / "data").rglob("*.parquet")):
        name = one.relative_to(after).as_posix()
        other = before / name
        if other.is_file() and other.samefile(one):
            paths.add(name)
            documents += row_count(one)
    return _Shared(frozenset(paths), documents)


def _files(folder: Path, shared: _Shared) -> list[Path]:
    found = sorted((folder / "data").rglob("*.parquet"))
    return [path for path in found if path.relative_to(folder).as_posix() not in shared.paths]


@dataclass(frozen=True, slots=True)
class _Texts:
    """64 bits of each document's id and of its text's digest, and its split."""

    ids: Numbers
    texts: Numbers
    splits: npt.NDArray[np.int8]
    """Numbers in SPLITS."""

    @classmethod
    def read(cls, folder: Path, shared: _Shared) -> "_Texts":
        """Read the files that are not shared."""
        ids, texts, splits = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)], [np.zeros(0, np.int8)]
        for path in _files(folder, shared):
            table = read_wide(path, ["id", "text_digest"])
            ids.append(text_numbers(table["id"]))
            texts.append(text_numbers(table["text_digest"]))
            splits.append(np.full(table.num_rows, SPLITS.index(path.parent.name), np.int8))
        return cls(np.concatenate(ids), np.concatenate(texts), np.concatenate(splits))


def _rows(folder: Path, shared: _Shared, ids: Numbers) -> pa.Table:
    """The documents with these ids."""
    found = []
    for path in _files(folder, shared):
        table = read_wide(path, _KEPT)
        found.append(table.filter(pa.array(np.isin(text_numbers(table["id"]), ids))))
    schema = wide(pa.schema([DOCUMENT_SCHEMA.field(name) for name in _KEPT]))
    return pa.concat_tables([schema.empty_table(), *(table.cast(schema) for table in found)])


def _fates(table: pa.Table, other: Path, *, otherwise: str) -> pa.Table:
    """Add the reason why the other version does not have each document."""
    schema = wide(pa.schema([DROPPED_SCHEMA.field(name) for name in ("id", "reason", "lost_to")]))
    ids = table["id"].combine_chunks()
    lost = [schema.empty_table()]
    for path in sorted((other / "dropped").rglob("*.parquet")):
        rows = read_wide(path, schema.names).cast(schema)
        lost.append(rows.filter(pc.is_in(rows["id"], ids)))
    joined = table.join(pa.concat_tables(lost), "id", join_type="left outer")
    at = joined.schema.get_field_index("reason")
    return joined.set_column(at, "reason", pc.fill_null(joined["reason"], otherwise))


def _with_reasons(table: pa.Table, reasons: Sequence[str]) -> pa.Table:
    """Documents of both versions with a reason each; they lost to none."""
    table = table.append_column("reason", pa.array(reasons, pa.large_string()))
    return table.append_column("lost_to", pa.nulls(table.num_rows, pa.large_string()))


def _taken_down(table: pa.Table, takedowns: Takedowns, unlisted: str) -> pa.Table:
    """Set the reason of documents that are taken down, since versions do not list them."""
    rows = zip(table["url"].to_pylist(), table["canonical"].to_pylist(), table["reason"].to_pylist(), strict=True)
    taken = [reason == unlisted and takedowns.covers_page(url, canonical) for url, canonical, reason in rows]
    at = table.schema.get_field_index("reason")
    return table.set_column(at, "reason", pc.if_else(pa.array(taken, pa.bool_()), TAKEDOWN, table["reason"]))


def _changes(table: pa.Table) -> Changes:
    shown = table.filter(pc.not_equal(table["reason"], TAKEDOWN))
    hosts = counted(shown["host"])
    samples = shown.sort_by("id").slice(0, SAMPLES).sort_by("url").select(["url", "reason", "lost_to"]).to_pylist()
    return Changes(
        documents=table.num_rows,
        hosts=dict(list(hosts.items())[:MOST_HOSTS]),
        reasons=counted(table["reason"]),
        samples=[Change(**sample) for sample in samples],
    )
