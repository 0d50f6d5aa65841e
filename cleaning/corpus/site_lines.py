"""Lines that a site repeats on page after page: counted over its living documents, then taken out of each.

What is counted is every line of the living documents of a site in one language, each once a document. A document
counts for a line only where at least a fifth of its other words stand in lines that are rarer than that line: in
copies and near copies hardly any do, so that a family of them does not make its text the site's. A line is the site's
where at least ``site_line_documents`` count for it and a share of them: ``site_line_share``, and for a short line,
which may be a heading that orders the pages (Síntomas, Tratamiento), or one with a number, which may be a dose that
several drugs share, ``site_heading_share``. Lines that differ by a number, its sign or its unit are different lines.

A paragraph (``LONG_WORDS`` words or more) that is the site's stays on one page: the first by the key that also chooses
the keeper of a cluster (rank of the category, most words, seen first, id).

The verdict follows from the set of living documents alone: the order in which they came, and what was published
before, decide nothing.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleaning import lines as line_code
from cleaning.corpus.line_digests import Digests, LineDigests
from cleaning.corpus.living import Living, dropped_rows
from cleaning.corpus.splits import site_of
from cleaning.corpus.trimmed import Left, TrimmedTexts
from cleaning.duplicates.dedup import keeper_ranks
from cleaning.lines import LONG_WORDS, MOST_WORDS, QUANTITY, SHORT_WORDS
from cleaning.pages import text
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import Positions, Segments, StoredTexts
from data.documents import WIDE_DOCUMENT_SCHEMA
from data.files import code_digest

DOCUMENTS_AT_ONCE = 250_000
"""Documents whose line digests are held at a time (about 0.5 KB each), or those of the largest site."""
RARER_SHARE = 0.2
"""Share of a document's other words, in lines that are rarer, from which on it is no copy."""
REASON = "quality/site_lines"
"""Without the lines of its site a page is too short."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How much was taken out of the living documents."""

    lines: int = 0
    """Different lines of a site and language."""
    copies_kept: int = 0
    """Of these the paragraphs of which one copy stays."""
    documents: int = 0
    """Documents that lost a line."""
    words: int = 0
    """Words that these documents lost."""


@dataclass(frozen=True, slots=True)
class SiteLines:
    """The living documents without their sites' lines."""

    living: Living
    """``text_digest`` and ``n_words`` are of what is left. One column more, ``repeated``: which of ``lines`` were
    taken out; −1 for none."""
    lines: Sequence[frozenset[int]]
    """Sets of digests of lines: those that go from the documents of a site, or from one that keeps a copy."""
    taken: Taken = Taken()

    def texts(self, segments: Segments) -> StoredTexts:
        """What is left of the documents' texts."""
        return StoredTexts(segments, self.living.documents, self.lines)


def take_out_site_lines(
    living: Living, segments: Segments, memory: Path, settings: PublishSettings, min_chars: int
) -> SiteLines:
    """Find every site's lines and take them out; a document with fewer than ``min_chars`` left is dropped."""
    documents = living.documents
    groups = _groups(documents)
    ranks = keeper_ranks(documents)
    plan = _Plan(np.full(len(groups), -1, np.int64), np.zeros(len(groups), np.uint64))
    digests = LineDigests(memory, segments)
    for positions in _batches(groups, settings.site_line_documents):
        for members, begins, found in _lines_by_group(documents, digests, positions, groups):
            plan.add(members, begins, found, _repeated(begins, found, settings), ranks[members])
    digests.sweep()
    touched = np.flatnonzero(plan.repeated >= 0)
    columns = documents.append_column("repeated", pa.array(plan.repeated, pa.int64()))
    whole = SiteLines(replace(living, documents=columns), plan.lines)
    memory_of_left = TrimmedTexts(memory / f"trimmed-{code_digest(Path(line_code.__file__), Path(text.__file__))}")
    text_keys = np.array([int(digest[:16], 16) for digest in documents["text_digest"].to_pylist()], np.uint64)
    left = memory_of_left.of(_mixed(text_keys[touched], plan.keys[touched]), touched, whole.texts(segments))
    words = int(documents["n_words"].to_numpy()[touched].sum() - left["words"].sum())
    taken = Taken(plan.found, plan.copies_kept, len(touched), words)
    return replace(whole, living=_with(whole.living, touched, left, max(min_chars, 1)), taken=taken)


@dataclass(slots=True)
class _Plan:
    """Which lines go from which documents."""

    repeated: Positions
    """By document: which of ``lines`` it loses; −1 for none."""
    keys: Digests
    """By document: the sum of the digests of the lines that it loses."""
    lines: list[frozenset[int]] = field(default_factory=list)
    found: int = 0
    copies_kept: int = 0

    def add(self, members: Positions, begins: Positions, found: Digests, sites_own: Digests, ranks: Positions) -> None:
        """Take the lines of one site out of its documents, but for one copy of each paragraph."""
        if not len(sites_own):
            return
        going = np.isin(found, sites_own)
        copies = _copies_to_keep(begins, found, going, ranks)
        going[copies] = False
        sums = np.add.reduceat(np.where(going, found, np.uint64(0)), begins[:-1])
        every = frozenset(sites_own.tolist())
        self.repeated[members[sums != 0]] = len(self.lines)
        self.keys[members] = sums
        self.lines.append(every)
        for document, kept in _by_document(begins, found, copies):
            if sums[document]:
                self.repeated[members[document]] = len(self.lines)
                self.lines.append(every - kept)
        self.found, self.copies_kept = self.found + len(sites_own), self.copies_kept + len(copies)


def _groups(documents: pa.Table) -> Positions:
    """A number for each site and language."""
    hosts = pc.dictionary_encode(documents["host"].combine_chunks())
    sites, site_numbers = np.unique([site_of(host) for host in hosts.dictionary.to_pylist()], return_inverse=True)
    languages = pc.dictionary_encode(documents["language"].combine_chunks()).indices.to_numpy().astype(np.int64)
    numbers: Positions = site_numbers[hosts.indices.to_numpy()] + len(sites) * languages
    return numbers


def _batches(groups: Positions, least: int) -> Iterator[Positions]:
    """Positions of whole groups of at least ``least`` documents, some groups at a time."""
    order = np.argsort(groups, kind="stable")
    begins = np.flatnonzero(np.concatenate([[True], groups[order][1:] != groups[order][:-1]]))
    batch: list[Positions] = []
    held = 0
    for members in np.split(order, begins[1:]):
        if len(members) < least:
            continue
        if batch and held + len(members) > DOCUMENTS_AT_ONCE:
            yield np.concatenate(batch)
            batch, held = [], 0
        batch.append(members)
        held += len(members)
    if batch:
        yield np.concatenate(batch)


def _lines_by_group(
    documents: pa.Table, digests: LineDigests, positions: Positions, groups: Positions
) -> Iterator[tuple[Positions, Positions, Digests]]:
    """For each group its documents' positions, where the lines of each begin (one more), and the digests."""
    segment = documents["segment"].to_numpy()[positions]
    row = documents["row"].to_numpy()[positions]
    counts = np.zeros(len(positions), np.int64)
    parts, places = [], []
    for number in np.unique(segment):
        here = np.flatnonzero(segment == number)
        begins, held = digests.of(int(number))
        counts[here] = begins[row[here] + 1] - begins[row[here]]
        parts.append(held[_ranges(begins[row[here]], counts[here])])
        places.append(here)
    starts = np.concatenate([[0], np.cumsum(counts)])
    found = np.empty(starts[-1], np.uint64)
    for part, here in zip(parts, places, strict=True):
        found[_ranges(starts[here], counts[here])] = part
    bounds = np.flatnonzero(np.concatenate([[True], groups[positions][1:] != groups[positions][:-1], [True]]))
    for first, last in itertools.pairwise(bounds):
        begins = starts[first : last + 1]
        yield positions[first:last], begins - begins[0], found[begins[0] : begins[-1]]


def _ranges(starts: Positions, counts: Positions) -> Positions:
    """start, start + 1, … for each start, as many as its count, one after the other."""
    ends = np.cumsum(counts)
    places: Positions = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)
    return places


def _repeated(begins: Positions, found: Digests, settings: PublishSettings) -> Digests:
    """The lines of one site, from the digests of its documents' lines."""
    documents = len(begins) - 1
    lines, place, counts = np.unique(found, return_inverse=True, return_counts=True)
    votes = np.bincount(place, _stands_for_itself(begins, found, counts[place]), len(lines))
    words = lines & np.uint64(MOST_WORDS)
    is_doubtful = (words < SHORT_WORDS) | ((lines & np.uint64(QUANTITY)) > 0)
    share = np.where(is_doubtful, settings.site_heading_share, settings.site_line_share)
    chosen: Digests = lines[(votes >= settings.site_line_documents) & (votes >= share * documents)]
    return chosen


def _copies_to_keep(begins: Positions, found: Digests, going: npt.NDArray[np.bool_], ranks: Positions) -> Positions:
    """For each paragraph among the lines that go, where it stands in the document of the least rank."""
    places = np.flatnonzero(going & ((found & np.uint64(MOST_WORDS)) >= LONG_WORDS))
    document = np.repeat(np.arange(len(begins) - 1), np.diff(begins))[places]
    order = np.lexsort((ranks[document], found[places]))
    first = np.ones(len(order), np.bool_)
    first[1:] = found[places][order][1:] != found[places][order][:-1]
    return np.sort(places[order[first]])


def _by_document(begins: Positions, found: Digests, places: Positions) -> Iterator[tuple[int, frozenset[int]]]:
    """The digests at some places, by the document that they stand in."""
    document = np.searchsorted(begins, places, side="right") - 1
    for one in np.unique(document).tolist():
        yield one, frozenset(found[places[document == one]].tolist())


def _stands_for_itself(begins: Positions, found: Digests, counts: Positions) -> npt.NDArray[np.bool_]:
    """For each line of each document, whether enough of the document's other words stand in lines that are rarer."""
    document = np.repeat(np.arange(len(begins) - 1), np.diff(begins))
    words = (found & np.uint64(MOST_WORDS)).astype(np.int64)
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
    """One 64-bit number for a text and the sum of the digests of the lines that go."""
    return (texts ^ (lines * np.uint64(0x9E3779B97F4A7C15))) * np.uint64(0xD1B54A32D192ED03)


def _with(living: Living, touched: Positions, left: Left, min_chars: int) -> Living:
    """The documents with what is known of what is left of them; those too short among the dropped."""
    documents = living.documents
    digests = np.array(documents["text_digest"].to_pylist(), dtype=object)
    words = documents["n_words"].to_numpy().copy()
    digests[touched] = [digest.decode() for digest in left["digest"].tolist()]
    words[touched] = left["words"]
    for name, values in (
        ("text_digest", pa.array(digests, pa.large_string())),
        ("n_words", pa.array(words, pa.int32())),
    ):
        documents = documents.set_column(
            documents.schema.get_field_index(name), WIDE_DOCUMENT_SCHEMA.field(name), values
        )
    short = left["chars"] < min_chars
    gone = documents.take(pa.array(touched[short]))
    removed = dropped_rows(
        gone,
        pa.repeat(REASON, gone.num_rows),
        pa.array(left["chars"][short], pa.float32()),
        pa.nulls(gone.num_rows, pa.string()),
    )
    stays = np.ones(documents.num_rows, np.bool_)
    stays[touched[short]] = False
    return replace(
        living,
        documents=documents.filter(pa.array(stays)),
        dropped=pa.concat_tables([living.dropped, removed]),
    )
