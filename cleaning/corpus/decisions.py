"""Decides which pages a version has, and the split and part of each, before files are written."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaning.corpus.by_language import deduplicate_each
from cleaning.corpus.decontaminate import Benchmark, decontaminated
from cleaning.corpus.figures import counted, ranked, worst
from cleaning.corpus.final_rows import FinalRows, build_final_rows, part_digests
from cleaning.corpus.foreign_corpora import ForeignCorpus, drop_foreign_duplicates
from cleaning.corpus.parts import plan
from cleaning.corpus.remaining import Remaining
from cleaning.corpus.reservations import crawlers, evidence
from cleaning.corpus.shards import Rights, Shards, build_shards, ledger_by
from cleaning.corpus.site_lines import Taken, take_out_site_lines
from cleaning.corpus.splits import SPLITS, assigned, folder_of_side, folder_of_split
from cleaning.duplicates.dedup import Clusters
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from cleaning.stored_texts import Segments, StoredTexts
from data.arrow_files import arrow_file, read_arrow
from data.engines.engine import Engine
from data.errors import StageError
from data.progress import Progress
from data.takedowns import Takedowns

EXACT, NEAR, CONTAINED = "duplicate/exact", "duplicate/near", "duplicate/contained"


@dataclass(frozen=True, slots=True)
class DecisionInputs:
    """The inputs of the decisions besides the documents."""

    cleaning: CleaningSettings
    publishing: PublishSettings
    takedowns: Takedowns
    rights: Rights
    benchmarks: Sequence[Benchmark]
    corpora: Sequence[ForeignCorpus]
    shard_rows: int
    progress: Progress

    def progress_of(self, stage: str) -> Callable[[int, int], None]:
        """The progress callback of one step."""
        return lambda done, total: self.progress(stage, done, total, {})


@dataclass(frozen=True, slots=True)
class Decisions:
    """A version before it is written."""

    paths: Sequence[str]
    """Part files, by number."""
    kept: pa.Table
    """All kept documents by position: ``part``, ``segment``, ``row`` and more."""
    finished: FinalRows
    figures: Mapping[str, Any]
    funnel: Counter[str]

    def made_of(self) -> dict[str, str]:
        """For each part file, by path, a digest of everything that it depends on."""
        return dict(zip(self.paths, part_digests(self.finished, len(self.paths)), strict=True))


def decide(given: DecisionInputs, segments: Segments, memory: Path, engine: Engine, work: Path) -> Decisions:
    """Decide on every page; ``work`` is a folder for temporary files.

    Raises:
        StageError: no document is left, or the accounts do not balance.
    """
    settings, main = given.publishing, given.cleaning.languages[0]
    shards = build_shards(segments, given.takedowns, given.rights, given.shard_rows, engine, work)
    left, lines = _without_site_lines(given, shards, segments, memory, engine, work)
    texts = StoredTexts(segments, left.documents)
    left = decontaminated(left, texts, given.benchmarks, memory, given.progress_of("decontaminate"))
    texts = StoredTexts(segments, left.documents)
    left = drop_foreign_duplicates(left, texts, given.corpora, memory, settings, engine)
    if not pc.any(pc.equal(left.documents["language"], main)).as_py():
        raise StageError(
            f"not one of {shards.funnel['urls']:,} URLs is left to publish "
            f"({worst(_reasons(shards, left))}). Loosen the settings of clean, or crawl more."
        )
    texts = StoredTexts(segments, left.documents)
    clusters = deduplicate_each(left.documents, texts, memory, settings, engine, main, given.progress_of("publish"))
    left, uncompared = _keepers(left, clusters), clusters.uncompared
    del clusters, texts  # they hold columns of all documents
    return _placed(given, shards, left, lines, uncompared, engine)


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of sites that were removed, without the documents."""

    left: Path
    taken: Taken


def _without_site_lines(
    given: DecisionInputs, shards: Shards, segments: Segments, memory: Path, engine: Engine, work: Path
) -> tuple[Remaining, _Lines]:
    found = Remaining(shards.placed(), shards.funnel)
    lines = take_out_site_lines(found, segments, memory, given.publishing, given.cleaning.min_chars, engine, work)
    return lines.remaining, _Lines(lines.left, lines.taken)


def _reasons(shards: Shards, left: Remaining) -> dict[str, int]:
    found = Counter(left.reasons())
    for shard in range(len(shards)):
        found.update(counted(shards.dropped(shard)["reason"]))
    return ranked(found)


def _keepers(left: Remaining, clusters: Clusters) -> Remaining:
    """The keepers, with the size of each one's cluster."""
    keeper = clusters.keeper
    lost = keeper != np.arange(len(keeper))
    near = pc.if_else(pa.array(clusters.contained[lost]), CONTAINED, NEAR)
    columns = {
        "reason": pc.if_else(pa.array(clusters.near[lost]), near, EXACT),
        "figure": pa.array(clusters.share[lost], pa.float32(), from_pandas=True),
        "lost_to": left.documents["place"].take(pa.array(keeper[lost])).combine_chunks(),
    }
    sized = left.documents.append_column("cluster_size", pa.array(clusters.size, pa.int32()))
    return Remaining(sized, left.funnel, left.drops).without(lost, columns)


def _placed(
    given: DecisionInputs, shards: Shards, left: Remaining, lines: _Lines, uncompared: int, engine: Engine
) -> Decisions:
    """Assign a split and a part to each document, and build the rows."""
    settings, documents = given.publishing, left.documents
    is_main = pc.equal(documents["language"], given.cleaning.languages[0]).to_numpy(zero_copy_only=False)
    languages = sorted(pc.unique(documents["language"].filter(pa.array(~is_main))).to_pylist())
    folders = [*map(folder_of_split, SPLITS), *map(folder_of_side, languages)]
    places = documents["place"].to_numpy()
    folder_of = np.zeros(len(places), np.int16)
    splits = assigned(
        documents["host"].filter(pa.array(is_main)).combine_chunks(),
        shards.fractions(0)[places[is_main]],
        validation_share=settings.validation_share,
        test_share=settings.test_share,
    )
    folder_of[is_main] = splits
    for number, language in enumerate(languages, len(SPLITS)):
        folder_of[pc.equal(documents["language"], language).to_numpy(zero_copy_only=False)] = number
    planned = plan(folder_of, folders, documents["n_words"].to_numpy(), shards.fractions(1)[places], settings)
    columns = documents.select(["place", "segment", "row", "repeated", "cluster_size"])
    columns = columns.append_column("folder", pa.array(folder_of)).append_column("part", pa.array(planned.part_of))
    path = shards.folder / "kept.arrow"
    with arrow_file(path) as write:
        write(columns)
    finished = build_final_rows(shards, path, left.dropped(), lines.left, engine)
    counts, urls = finished.counts, shards.funnel["urls"]
    if counts.documents + counts.side.total() + counts.dropped.total() != urls:
        raise StageError(
            f"the accounts do not balance: {urls:,} URLs, {counts.documents + counts.side.total():,} kept, "
            f"{counts.dropped.total():,} dropped. Please report this."
        )
    per_split = dict(zip(SPLITS, np.bincount(splits, minlength=len(SPLITS)).tolist(), strict=True))
    figures = counts.figures(per_split, urls, lines.taken) | {
        "uncompared": uncompared,
        "ledger": evidence(ledger_by(given.rights), documents),
        "crawlers": crawlers(given.rights.segments),
    }
    if given.corpora:
        figures["against"] = [corpus.name for corpus in given.corpora]
    return Decisions(planned.paths, read_arrow(path), finished, figures, shards.funnel)
