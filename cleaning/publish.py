"""Documents → the next corpus version: which pages live, which are duplicates, who is held out."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from cleaning.card import write_card
from cleaning.clean import clean
from cleaning.dedup import Candidate, Place, clusters
from cleaning.living import Living, dropped_row, living_documents, pairs
from cleaning.publish_settings import PublishSettings
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from cleaning.splits import SPLITS, assign, fraction
from cleaning.versions import cut, digests, newest
from data.documents import DOCUMENT_SCHEMA, DROPPED_SCHEMA, FEW_VALUES
from data.errors import StageError
from data.files import value_digest, write_text
from data.manifest import Manifest, code_version
from data.parquet import write_parquet
from data.progress import Progress, quiet
from data.store import Store
from data.takedowns import Takedowns

ROWS = 1_000
"""Documents in a record batch."""


class PublishSummary(BaseModel):
    """What a publish made."""

    model_config = ConfigDict(frozen=True)

    version: str
    changed: bool
    """False: nothing has changed since ``version``, no new one was cut."""
    path: Path
    documents: int
    words: int
    splits: dict[str, int]
    funnel: dict[str, int]
    dropped: dict[str, int]
    seconds: float = 0.0


def publish(
    store: Store,
    cleaning: CleaningSettings,
    publishing: PublishSettings,
    *,
    cold: bool = False,
    progress: Progress = quiet,
) -> PublishSummary:
    """Cut the next version of the corpus where anything has changed; ``cold`` cleans all WARC files anew first.

    Raises:
        StageError: there is no document to publish, or the accounts do not balance.
        DiskFullError, StoreError: the version cannot be written; those before it are untouched.
    """
    started = time.monotonic()
    folder = store.documents / recipe_digest(cleaning)
    if cold:
        for path in (path for pair in pairs(folder) for path in pair):
            path.unlink()
        clean(store, cleaning, progress=progress)
    segments = pairs(folder)
    if not segments:
        raise StageError(f"{folder}: no documents of these settings. `cowese clean` makes them.")
    takedowns = Takedowns.load(store)
    made_from = _made_from(segments, takedowns)
    settings = {"clean": cleaning.model_dump(mode="json"), "publish": publishing.model_dump(mode="json")}
    previous = newest(store)
    if previous is not None and previous.made_from == made_from and previous.settings == settings:
        return _summary(store, previous, changed=False, seconds=time.monotonic() - started)
    living = living_documents(segments, takedowns)
    if living.documents.num_rows == 0:
        raise StageError(
            f"not one of {living.funnel['urls']:,} URLs is left to publish "
            f"({_worst(row['reason'] for row in living.dropped)}). Loosen the settings of clean, or crawl more."
        )
    places = _deduplicate(living, publishing, progress)
    kept, dropped = _keepers(living, places)
    split_of = assign(
        dict(zip(kept["id"].to_pylist(), kept["host"].to_pylist(), strict=True)),
        validation_share=publishing.validation_share,
        test_share=publishing.test_share,
    )
    parts = previous.figures["parts"] if previous else max(1, round(kept["text"].nbytes / publishing.part_bytes))

    def fill(hidden: Path, name: str) -> Manifest | None:
        _write_data(hidden, kept, split_of, parts)
        _write_dropped(hidden, dropped)
        files = digests(hidden)
        if previous is not None and files == previous.files and settings == previous.settings:
            return None
        figures = {**_figures(kept, split_of, dropped, living.funnel), "parts": parts}
        write_text(hidden / "README.md", write_card(name, figures, settings, SPLITS))
        return Manifest(
            kind="corpus",
            name=name,
            made_from=made_from,
            settings=settings,
            figures=figures,
            files=files,
            code=code_version(),
        )

    name = cut(store, previous, fill)
    manifest = newest(store)
    assert manifest is not None
    return _summary(store, manifest, changed=name is not None, seconds=time.monotonic() - started)


def _made_from(segments: Sequence[tuple[Path, Path]], takedowns: Takedowns) -> dict[str, str]:
    """Pairs are immutable, so their names and sizes say what they hold."""
    listed = [(path.name, path.stat().st_size) for pair in segments for path in pair]
    return {
        "documents": f"{segments[0][0].parent.name}/{value_digest(listed)}",
        "takedowns": value_digest(sorted(takedowns.targets)),
        "code": code_version(),
    }


def _deduplicate(living: Living, settings: PublishSettings, progress: Progress) -> dict[str, Place]:
    columns = ("id", "text", "text_digest", "category", "first_seen_at")
    values = zip(*(living.documents[name].to_pylist() for name in columns), strict=True)
    candidates = [Candidate(*row) for row in values]
    return clusters(candidates, settings, lambda done: progress("publish", done, len(candidates), {}))


def _keepers(living: Living, places: Mapping[str, Place]) -> tuple[pa.Table, list[dict[str, Any]]]:
    """The keepers with their clusters filled in, and every dropped row."""
    ids = living.documents["id"].to_pylist()
    losing = pa.array([places[identity].reason is not None for identity in ids], pa.bool_())
    shared = ["id", "url", "host", "site", "fetched_at", "warc_file", "warc_offset", "recipe"]
    duplicates = []
    for row in living.documents.filter(losing).select(shared).to_pylist():
        place = places[row["id"]]
        duplicates.append(dropped_row(row, place.reason or "", figure=place.jaccard, lost_to=place.keeper))
    kept = living.documents.filter(pc.invert(losing))
    sizes = pa.array([places[identity].size for identity in kept["id"].to_pylist()], pa.int32())
    for name, column in (("cluster_id", kept["id"]), ("cluster_size", sizes)):
        position = DOCUMENT_SCHEMA.get_field_index(name)
        kept = kept.set_column(position, DOCUMENT_SCHEMA.field(name), column)
    return kept, sorted([*living.dropped, *duplicates], key=lambda row: str(row["id"]))


def _write_data(folder: Path, kept: pa.Table, split_of: Mapping[str, str], parts: int) -> None:
    ids = kept["id"].to_pylist()
    for split in SPLITS:
        for part in range(parts):
            mine = [
                split_of[identity] == split and int(fraction(f"part:{identity}") * parts) == part for identity in ids
            ]
            table = kept.filter(pa.array(mine, pa.bool_())).cast(DOCUMENT_SCHEMA)
            path = folder / "data" / split / f"part-{part:05d}-of-{parts:05d}.parquet"
            write_parquet(path, table.to_batches(ROWS), DOCUMENT_SCHEMA, few_values=FEW_VALUES)


def _write_dropped(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    batches = (
        pa.RecordBatch.from_pylist([dict(row) for row in rows[start : start + ROWS]], DROPPED_SCHEMA)
        for start in range(0, len(rows), ROWS)
    )
    write_parquet(folder / "dropped" / "part-00000-of-00001.parquet", batches, DROPPED_SCHEMA, few_values=FEW_VALUES)


def _figures(
    kept: pa.Table, split_of: Mapping[str, str], dropped: Sequence[Mapping[str, Any]], funnel: Mapping[str, int]
) -> dict[str, Any]:
    masked: Counter[str] = Counter()
    for kinds in kept["masked"].to_pylist():
        masked.update({entry["kind"]: entry["count"] for entry in kinds})
    splits = Counter(split_of.values())
    return {
        "documents": kept.num_rows,
        "words": pc.sum(kept["n_words"]).as_py(),
        "hosts": len(pc.unique(kept["host"])),
        "first_fetched": pc.min(kept["fetched_at"]).as_py().date().isoformat(),
        "last_fetched": pc.max(kept["fetched_at"]).as_py().date().isoformat(),
        "splits": {split: splits[split] for split in SPLITS},
        "funnel": dict(funnel),
        "dropped": _ranked(row["reason"] for row in dropped),
        "countries": _ranked(kept["country"].to_pylist()),
        "categories": _ranked(kept["category"].to_pylist()),
        "masked": _ranked(masked.elements()),
    }


def _ranked(values: Iterable[str | None]) -> dict[str, int]:
    """Counts, the largest first, equal ones by name."""
    counts = Counter(value or "unknown" for value in values)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _worst(reasons: Iterable[str]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in list(_ranked(reasons).items())[:3])


def _summary(store: Store, manifest: Manifest, *, changed: bool, seconds: float) -> PublishSummary:
    figures = manifest.figures
    return PublishSummary(
        version=manifest.name,
        changed=changed,
        path=store.corpus / manifest.name,
        documents=figures["documents"],
        words=figures["words"],
        splits=figures["splits"],
        funnel=figures["funnel"],
        dropped=figures["dropped"],
        seconds=round(seconds, 1),
    )
