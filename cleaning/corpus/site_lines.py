"""Site lines: boilerplate that a site repeats on many pages, counted over its live documents and removed from each.

Every line of the live documents of a site in one language is counted once for each document. A document counts for a
line only if at least a fifth of its other words are in lines that are rarer than that line. Copies and near-duplicates
fail this test, so that a family of them does not turn its text into boilerplate. A line is a site line if at least
``site_line_documents`` documents count for it, and a share of the site's documents: ``site_line_share``, or
``site_heading_share`` for a short line, which may be a heading (Síntomas, Tratamiento), or a line with a number, which
may be a dose of several drugs. Lines that differ in a number, its sign or its unit are different.

A site line that is a paragraph (``LONG_WORDS`` words or more) stays on one page: the first by the key that also selects
the canonical document of a cluster (rank of the category, most words, first seen, id).

The result depends only on the set of live documents, not on their order or on earlier versions.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaning import lines as line_code
from cleaning.corpus.line_digests import Digests, LineDigests
from cleaning.corpus.remaining import Remaining
from cleaning.corpus.splits import site_of
from cleaning.corpus.stripped_texts import StrippedRows, StrippedTexts
from cleaning.duplicates.dedup import keeper_ranks
from cleaning.duplicates.sketches import ranges
from cleaning.lines import LONG_WORDS, MOST_WORDS, QUANTITY, SHORT_WORDS
from cleaning.pages import text
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import REPEATED_LINES, Positions, Segments, StoredTexts
from data.engines.engine import Engine, Report, run_all
from data.engines.scratch import mapped, save
from data.files import code_digest

DOCUMENTS_AT_ONCE = 100_000
"""Documents of a task (about 0.5 KB of line digests each), or those of the largest site."""
RARER_SHARE = 0.2
"""A document with at least this share of its other words in rarer lines is not a copy."""
REASON = "quality/site_lines"
"""The reason of pages that are too short without their site lines."""
LEFT = np.dtype([("place", np.int64), ("digest", "S32"), ("words", np.int32)])


@dataclass(frozen=True, slots=True)
class Taken:
    """What was removed from the live documents."""

    lines: int = 0
    """Distinct site lines."""
    copies_kept: int = 0
    """Paragraphs among them, of which one copy stays."""
    documents: int = 0
    """Documents that lost a line."""
    words: int = 0
    """Words that these documents lost."""


@dataclass(frozen=True, slots=True)
class SiteLines:
    """The documents without their site lines."""

    remaining: Remaining
    """``text_digest`` and ``n_words`` are of the remaining text. The column ``repeated`` has the digests of the removed
    lines."""
    left: Path
    """A file of STRIPPED_ROW by place: digest and words of the texts that lost lines."""
    taken: Taken = Taken()


def take_out_site_lines(
    remaining: Remaining,
    segments: Segments,
    memory: Path,
    settings: PublishSettings,
    min_chars: int,
    engine: Engine,
    work: Path,
) -> SiteLines:
    """Find and remove all site lines; a document with fewer than ``min_chars`` characters left is dropped.

    ``work`` is a folder for temporary files.
    """
    documents = remaining.documents
    digests = LineDigests(memory, segments)
    digests.make_missing(engine)
    found = _Found.read(_counted(documents, digests, settings, engine, work), documents.num_rows)
    digests.sweep()
    documents = documents.append_column("repeated", found.repeated)
    remembered = StrippedTexts(memory / f"trimmed-{code_digest(Path(line_code.__file__), Path(text.__file__))}")
    keys = _mixed(documents["text_digest"].to_numpy()[found.touched], found.keys)
    left = remembered.rows_for(keys, StoredTexts(segments, documents).at(found.touched), engine, work)
    words = int(documents["n_words"].to_numpy()[found.touched].sum() - left["words"].sum())
    taken = Taken(found.lines, found.copies_kept, len(found.touched), words)
    kept = np.empty(len(left), LEFT)
    kept["place"] = documents["place"].to_numpy()[found.touched]
    kept["digest"], kept["words"] = left["digest"], left["words"]
    saved = save(work / "left.npy", kept)
    return SiteLines(
        _without_site_lines(replace(remaining, documents=documents), found.touched, left, max(min_chars, 1)),
        saved,
        taken,
    )


@dataclass(slots=True)
class _Plan:
    """The lines to remove from the documents of some sites."""

    touched: list[Positions] = field(default_factory=list)
    """Documents that lose a line."""
    keys: list[Digests] = field(default_factory=list)
    """For each, the sum of the digests of its lines."""
    counts: list[Positions] = field(default_factory=list)
    """For each, the number of its lines."""
    lines: list[Digests] = field(default_factory=list)
    """The lines."""
    found: int = 0
    copies_kept: int = 0

    def add(self, members: Positions, begins: Positions, found: Digests, sites_own: Digests, ranks: Positions) -> None:
        """Plan the removal of one site's lines, except one copy of each paragraph."""
        if not len(sites_own):
            return
        going = np.isin(found, sites_own)
        copies = _copies_to_keep(begins, found, going, ranks)
        going[copies] = False
        counts = np.add.reduceat(going.astype(np.int64), begins[:-1])
        sums = np.add.reduceat(np.where(going, found, np.uint64(0)), begins[:-1])
        lose = counts > 0
        self.touched.append(members[lose])
        self.keys.append(sums[lose])
        self.counts.append(counts[lose])
        self.lines.append(found[going])
        self.found, self.copies_kept = self.found + len(sites_own), self.copies_kept + len(copies)


@dataclass(frozen=True, slots=True)
class _Found:
    """The results of all tasks."""

    touched: Positions
    """Documents that lose a line, ascending."""
    keys: Digests
    repeated: pa.LargeListArray
    """By document."""
    lines: int
    copies_kept: int

    @classmethod
    def read(cls, tasks: Sequence[tuple["_Task", int, int]], documents: int) -> "_Found":
        """Read the files of the tasks and delete them."""
        read = [[mapped(path) for path in task.targets] for task, _, _ in tasks]
        counts = np.zeros(documents, np.int64)
        for touched, _, lost, _ in read:
            counts[touched] = lost
        offsets = np.concatenate([[0], np.cumsum(counts)])
        lines = np.empty(offsets[-1], np.uint64)
        keys = np.zeros(documents, np.uint64)
        for touched, sums, lost, values in read:
            lines[ranges(offsets[:-1][touched], np.asarray(lost))] = values
            keys[touched] = sums
        for task, _, _ in tasks:
            for path in task.targets:
                path.unlink()
        touched = np.flatnonzero(counts)
        repeated = pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(lines)).cast(REPEATED_LINES)
        lines_found, copies = sum(one for _, one, _ in tasks), sum(one for _, _, one in tasks)
        return cls(touched, keys[touched], repeated, lines_found, copies)


@dataclass(frozen=True, slots=True)
class _Task:
    digests: LineDigests
    settings: PublishSettings
    arrays: tuple[Path, ...]
    """Arrays of the documents of large enough sites, site by site: position, group, rank, segment, row."""
    start: int
    stop: int
    targets: tuple[Path, ...]
    """``touched``, ``keys``, ``counts`` and ``lines`` of the plan."""


def _counted(
    documents: pa.Table, digests: LineDigests, settings: PublishSettings, engine: Engine, work: Path
) -> list[tuple[_Task, int, int]]:
    """Run the tasks; return each with its counts of lines and kept copies."""
    groups = _groups(documents)
    order = np.argsort(groups, kind="stable")
    sizes = np.bincount(groups)
    order = order[sizes[groups[order]] >= settings.site_line_documents]
    segment, row = (documents[name].to_numpy() for name in ("segment", "row"))
    columns = {"position": order, "group": groups[order], "rank": keeper_ranks(documents)[order]}
    columns |= {"segment": segment[order], "row": row[order]}
    arrays = tuple(save(work / f"lines-{name}.npy", values) for name, values in columns.items())
    tasks = [
        _Task(
            digests,
            settings,
            arrays,
            start,
            stop,
            tuple(work / f"lines-{name}-{start:09d}.npy" for name in ("touched", "keys", "counts", "gone")),
        )
        for start, stop in _batches(groups[order])
    ]
    found = run_all(engine, _count, tasks)
    for path in arrays:
        path.unlink()
    by_start = {task.start: task for task in tasks}
    return [(by_start[start], lines, copies) for start, lines, copies in found]


def _count(task: _Task, report: Report) -> tuple[int, int, int]:
    positions, groups, ranks, segment, row = (np.asarray(mapped(path)[task.start : task.stop]) for path in task.arrays)
    plan = _Plan()
    for some, begins, found in _lines_by_group(segment, row, task.digests, groups):
        plan.add(positions[some], begins, found, _repeated(begins, found, task.settings), ranks[some])
    empty = np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.uint64)
    columns: Sequence[Sequence[npt.NDArray[Any]]] = (plan.touched, plan.keys, plan.counts, plan.lines)
    for path, none, values in zip(task.targets, empty, columns, strict=True):
        save(path, np.concatenate([none, *values]))
    report([task.stop - task.start])
    return task.start, plan.found, plan.copies_kept


def _groups(documents: pa.Table) -> Positions:
    """A group number for each site and language."""
    hosts = documents["host"].combine_chunks()
    sites, site_numbers = np.unique([site_of(host) for host in hosts.dictionary.to_pylist()], return_inverse=True)
    languages = documents["language"].combine_chunks().indices.to_numpy().astype(np.int64)
    numbers: Positions = site_numbers[hosts.indices.to_numpy()] + len(sites) * languages
    return numbers


def _batches(groups: Positions) -> Iterator[tuple[int, int]]:
    """Ranges of whole groups for the tasks."""
    ends = [*(np.flatnonzero(np.diff(groups)) + 1).tolist(), len(groups)] if len(groups) else []
    start = last = 0
    for end in ends:
        if last > start and end - start > DOCUMENTS_AT_ONCE:
            yield start, last
            start = last
        last = end
    if last > start:
        yield start, last


def _lines_by_group(
    segment: npt.NDArray[np.int32], row: npt.NDArray[np.int32], digests: LineDigests, groups: Positions
) -> Iterator[tuple[slice, Positions, Digests]]:
    """For each group: its range, the offsets of its documents' lines (one more), and the digests."""
    counts = np.zeros(len(groups), np.int64)
    parts, places = [], []
    for number in np.unique(segment):
        here = np.flatnonzero(segment == number)
        begins, held = digests.read(int(number))
        counts[here] = begins[row[here] + 1] - begins[row[here]]
        parts.append(held[ranges(begins[row[here]], counts[here])])
        places.append(here)
    starts = np.concatenate([[0], np.cumsum(counts)])
    found = np.empty(starts[-1], np.uint64)
    for part, here in zip(parts, places, strict=True):
        found[ranges(starts[here], counts[here])] = part
    bounds = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1], [True]]))
    for first, last in itertools.pairwise(bounds):
        begins = starts[first : last + 1]
        yield slice(first, last), begins - begins[0], found[begins[0] : begins[-1]]


def _repeated(begins: Positions, found: Digests, settings: PublishSettings) -> Digests:
    """The site lines among the digests of one site's documents."""
    documents = len(begins) - 1
    lines, place, counts = np.unique(found, return_inverse=True, return_counts=True)
    votes = np.bincount(place, _stands_for_itself(begins, found, counts[place]), len(lines))
    words = lines & np.uint64(MOST_WORDS)
    is_doubtful = (words < SHORT_WORDS) | ((lines & np.uint64(QUANTITY)) > 0)
    share = np.where(is_doubtful, settings.site_heading_share, settings.site_line_share)
    chosen: Digests = lines[(votes >= settings.site_line_documents) & (votes >= share * documents)]
    return chosen


def _copies_to_keep(begins: Positions, found: Digests, going: npt.NDArray[np.bool_], ranks: Positions) -> Positions:
    """For each removed paragraph, its position in the document of the lowest rank."""
    places = np.flatnonzero(going & ((found & np.uint64(MOST_WORDS)) >= LONG_WORDS))
    document = np.repeat(np.arange(len(begins) - 1), np.diff(begins))[places]
    # Grouped by line, each group sorted by rank: the first row of a group is the copy that stays.
    order = np.lexsort((ranks[document], found[places]))
    first = np.ones(len(order), np.bool_)
    first[1:] = found[places][order][1:] != found[places][order][:-1]
    return np.sort(places[order[first]])


def _stands_for_itself(begins: Positions, found: Digests, counts: Positions) -> npt.NDArray[np.bool_]:
    """For each line of each document, whether enough of the document's other words are in rarer lines."""
    document = np.repeat(np.arange(len(begins) - 1), np.diff(begins))
    words = (found & np.uint64(MOST_WORDS)).astype(np.int64)
    # Sorted by document, then by count, equal keys are adjacent: cumulative sums give the words in rarer lines of every
    # line in one pass. A Python loop over documents would take hours for millions of them.
    order = np.lexsort((counts, document))
    before = np.concatenate([[0], np.cumsum(words[order])])
    first = np.ones(len(order), np.bool_)
    first[1:] = (document[order][1:] != document[order][:-1]) | (counts[order][1:] != counts[order][:-1])
    run = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    rarer = before[run] - before[begins[document[order]]]
    others = (before[begins[1:]] - before[begins[:-1]])[document[order]] - words[order]
    itself = np.empty(len(order), np.bool_)
    itself[order] = (rarer > 0) & (rarer >= RARER_SHARE * others)
    return itself


def _mixed(texts: Digests, lines: Digests) -> Digests:
    """A 64-bit cache key of a text and the sum of its removed lines' digests."""
    return (texts ^ (lines * np.uint64(0x9E3779B97F4A7C15))) * np.uint64(0xD1B54A32D192ED03)


def _without_site_lines(remaining: Remaining, touched: Positions, left: StrippedRows, min_chars: int) -> Remaining:
    """Update documents that lost lines; drop those that are now too short."""
    documents = remaining.documents
    for name, number, kind in (("text_digest", _text_numbers(left), np.uint64), ("n_words", left["words"], np.int32)):
        values = documents[name].to_numpy().astype(kind)
        values[touched] = number
        at = documents.schema.get_field_index(name)
        documents = documents.set_column(at, documents.schema.field(at), pa.array(values))
    short = left["chars"] < min_chars
    lost = np.zeros(documents.num_rows, np.bool_)
    lost[touched[short]] = True
    columns = {
        "reason": pa.repeat(pa.scalar(REASON, pa.large_string()), int(short.sum())),
        "figure": pa.array(left["chars"][short], pa.float32()),
    }
    return replace(remaining, documents=documents).without(lost, columns)


def _text_numbers(left: StrippedRows) -> Digests:
    """The first 64 bits of each digest."""
    first = left["digest"].astype("S16").tobytes().decode()
    return np.frombuffer(bytes.fromhex(first), ">u8").astype(np.uint64)
