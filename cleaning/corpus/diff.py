"""What changed between two corpus versions, by kind, host and reason, with samples."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from cleaning.corpus.figures import counted
from cleaning.corpus.living import TAKEDOWN
from data.parquet import read_all
from data.store import Store
from data.takedowns import Takedowns

SAMPLES = 10
MOST_HOSTS = 50

_KEPT = ["id", "url", "host", "canonical", "text_digest", "fetched_at"]
_LOST = ["id", "url", "host", "reason", "lost_to"]


class Change(BaseModel):
    """One document that a diff shows."""

    model_config = ConfigDict(frozen=True)

    url: str
    reason: str | None = None
    """Why it is gone, or what it was before it came."""
    lost_to: str | None = None


class Changes(BaseModel):
    """One kind of change."""

    model_config = ConfigDict(frozen=True)

    documents: int
    hosts: dict[str, int]
    """The most frequent hosts; of pages that were taken down none."""
    reasons: dict[str, int]
    samples: list[Change]


class Diff(BaseModel):
    """From one version to another: documents_before + added − removed − moved ± elected = documents_after."""

    model_config = ConfigDict(frozen=True)

    before: str
    after: str
    documents_before: int
    documents_after: int
    unchanged: int
    added: Changes
    """Not in the version before; ``reasons`` says what it was there: new, or dropped for that reason."""
    changed: Changes
    """The same address with another text."""
    removed: Changes
    """No longer in the corpus, by reason."""
    moved: Changes
    """Gone with a redirect to another address."""
    elected: Changes
    """Lost its cluster before, keeps it now."""
    deposed: Changes
    """Kept its cluster before, loses it now."""


def diff(store: Store, before: str, after: str) -> Diff:
    """Compare two versions of a store; ``latest`` names the newest.

    Raises:
        InputError: one of them is not there.
    """
    folders = store.corpus_version(before), store.corpus_version(after)
    return diff_folders(*folders, Takedowns.load(store))


def diff_folders(before: Path, after: Path, takedowns: Takedowns) -> Diff:
    """Compare two version folders, only by the columns that tell.

    What was taken down is counted; no sample and no host shows it.
    """
    old, new = _read(before, "data", _KEPT), _read(after, "data", _KEPT)
    old_lost, new_lost = _read(before, "dropped", _LOST), _read(after, "dropped", _LOST)
    came = _fates(_without(new, old), old_lost, otherwise="new")
    went = _fates(_without(old, new), new_lost, otherwise="unknown")
    both = new.join(old.select(["id", "text_digest"]), "id", join_type="inner", right_suffix="_before")
    came, went = _taken_down(came, takedowns, "new"), _taken_down(went, takedowns, "unknown")
    altered = both.filter(pc.not_equal(both["text_digest"], both["text_digest_before"]))
    altered = altered.append_column("reason", pa.repeat(pa.scalar("text", pa.large_string()), altered.num_rows))
    altered = altered.append_column("lost_to", pa.nulls(altered.num_rows, pa.large_string()))
    duplicate_before = pc.starts_with(came["reason"], "duplicate/")
    duplicate_after = pc.starts_with(went["reason"], "duplicate/")
    moved = pc.is_in(went["reason"], pa.array(["http/moved", "http/redirect"], pa.large_string()))
    return Diff(
        before=before.name,
        after=after.name,
        documents_before=old.num_rows,
        documents_after=new.num_rows,
        unchanged=both.num_rows - altered.num_rows,
        added=_changes(came.filter(pc.invert(duplicate_before))),
        changed=_changes(altered),
        removed=_changes(went.filter(pc.invert(pc.or_(duplicate_after, moved)))),
        moved=_changes(went.filter(moved)),
        elected=_changes(came.filter(duplicate_before)),
        deposed=_changes(went.filter(duplicate_after)),
    )


def _read(folder: Path, kind: str, columns: Sequence[str]) -> pa.Table:
    return read_all(sorted((folder / kind).rglob("*.parquet")), list(columns))


def _without(table: pa.Table, other: pa.Table) -> pa.Table:
    return table.filter(pc.invert(pc.is_in(table["id"], other["id"].combine_chunks())))


def _fates(table: pa.Table, lost: pa.Table, *, otherwise: str) -> pa.Table:
    """With the reason for which the other version does not have a document."""
    joined = table.join(lost.select(["id", "reason", "lost_to"]), "id", join_type="left outer")
    at = joined.schema.get_field_index("reason")
    return joined.set_column(at, "reason", pc.fill_null(joined["reason"], otherwise))


def _taken_down(table: pa.Table, takedowns: Takedowns, unlisted: str) -> pa.Table:
    """With the reason of those that are taken down: a version lists none of them."""
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
