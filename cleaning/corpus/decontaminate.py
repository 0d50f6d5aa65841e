"""Decontamination: no document of the corpus may contain texts of a benchmark.

The rule: a document is dropped, whatever its split, if it has 13 words in a row that a text of the benchmark (training,
development or test part) also has. Words are sequences of letters, digits and underscores in NFC and lower case.
Accents count; punctuation and borders of lines and paragraphs do not (13-grams as in Brown et al. 2020, appendix C).
Each run of words is a 64-bit number (``cleaning.duplicates.shingles``), and a benchmark is a sorted array of them. The
step comes before deduplication: otherwise a contaminated text could win its cluster and take a clean copy away.
"""

import hashlib
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaning.corpus import benchmark_texts
from cleaning.corpus.benchmark_texts import benchmark_files, benchmark_name, texts_of
from cleaning.corpus.remaining import Remaining
from cleaning.duplicates import shingles
from cleaning.duplicates.dedup import text_numbers
from cleaning.duplicates.shingles import Numbers, Shingler, words_of
from cleaning.stored_texts import Positions, Texts
from data.errors import InputError
from data.files import atomic_file, code_digest, value_digest

RUN_WORDS = 13
REASON = "decontaminated/"

_BATCH = 500
"""Texts whose runs are computed at once."""


@dataclass(frozen=True)
class Benchmark:
    """A benchmark with its files; its runs are computed when first needed."""

    name: str
    files: tuple[tuple[str, bytes], ...]
    """Their paths in the benchmark and their bytes."""
    path: Path
    """Its path."""

    @classmethod
    def open(cls, path: Path) -> "Benchmark":
        """Read a folder, a file or a tar archive.

        Raises:
            InputError: no such path, or no texts in it.
        """
        return cls(benchmark_name(path), tuple(benchmark_files(path)), path)

    @cached_property
    def digest(self) -> str:
        """A 16-digit digest of the files' paths and bytes, independent of the benchmark's location."""
        return value_digest([(name, hashlib.sha256(content).hexdigest()) for name, content in self.files])

    @cached_property
    def runs(self) -> tuple[Numbers, npt.NDArray[np.int64]]:
        """The distinct runs, sorted, and for each the number of the first file that has it.

        Raises:
            InputError: a file cannot be read, or no text is long enough to be matched.
        """
        shingler = Shingler(RUN_WORDS)
        numbers, origins = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
        for number, (name, content) in enumerate(self.files):
            texts = (unicodedata.normalize("NFC", text) for text in texts_of(self._place(name), content))
            long_enough = [text for text in texts if len(words_of(text)) >= RUN_WORDS]
            if long_enough:
                numbers.append(shingler(long_enough)[0])
                origins.append(np.full(len(numbers[-1]), number))
        if len(numbers) == 1:
            raise InputError(f"{self.path}: no text of {RUN_WORDS} words or more in it, so nothing can match.")
        distinct, first = np.unique(np.concatenate(numbers), return_index=True)
        return distinct, np.concatenate(origins)[first]

    def _place(self, name: str) -> str:
        """The path of one of its files."""
        if self.path.is_dir():
            return str(self.path / name)
        return str(self.path) if len(self.files) == 1 else f"{self.path}: {name}"


def benchmarks(paths: Sequence[Path]) -> list[Benchmark]:
    """Open the benchmarks at these paths, sorted by name, so that their given order does not matter.

    Raises:
        InputError: one cannot be read, or two have the same name.
    """
    found = sorted((Benchmark.open(path) for path in paths), key=lambda one: one.name)
    for one, other in pairwise(found):
        if one.name == other.name:
            raise InputError(
                f"two benchmarks are called {one.name}: rename one folder, since its name is part of the reason."
            )
    return found


def applied(found: Sequence[Benchmark]) -> dict[str, str]:
    """Name → digest, for the version's manifest."""
    return {one.name: one.digest for one in found}


def decontaminated(
    remaining: Remaining,
    texts: Texts,
    against: Sequence[Benchmark],
    memory: Path,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Remaining:
    """Drop the documents that share a run with a benchmark.

    The reason names the benchmark (the first by name if several match), ``figure`` is the number of shared runs,
    ``detail`` the benchmark's file and the first shared run. The result for each text is cached in ``memory``, by text
    and content of the benchmark; ``on_progress`` is called with (done, total).
    """
    if not against or not remaining.documents.num_rows:
        return remaining
    documents = remaining.documents
    digests = text_numbers(documents["text_digest"])
    distinct, heads, back = np.unique(digests, return_index=True, return_inverse=True)
    memories = [_Memory(memory / "decontaminated", one) for one in against]
    known = np.logical_and.reduce([one.knows(distinct) for one in memories])
    if not known.all():
        found = search(np.sort(heads[~known]), texts, against, on_progress)
        for one, memo in enumerate(memories):
            memo.replace(distinct, {int(digests[at]): hit for at, hits in found.items() if (hit := hits[one])})
    hits = np.array(sorted({digest for memo in memories for digest in memo.hits}), np.uint64)
    lost = np.isin(distinct, hits)[back]
    verdicts = {int(digest): _verdict(against, memories, int(digest)) for digest in hits}
    told = (verdicts[int(digest)] for digest in digests[lost])
    return _moved(remaining, lost, [verdict for verdict in told if verdict is not None])


@dataclass(frozen=True, slots=True)
class _Hit:
    """What one text shares with one benchmark."""

    runs: int
    detail: str


@dataclass(frozen=True, slots=True)
class _Verdict:
    reason: str
    figure: int
    detail: str


def _verdict(against: Sequence[Benchmark], memories: Sequence["_Memory"], digest: int) -> _Verdict | None:
    hits = [(one.name, hit) for one, memory in zip(against, memories, strict=True) if (hit := memory.hits.get(digest))]
    if not hits:
        return None
    (name, hit), *others = hits
    also = "".join(f"; also {other}" for other, _ in others)
    return _Verdict(f"{REASON}{name}", hit.runs, hit.detail + also)


def _moved(remaining: Remaining, lost: npt.NDArray[np.bool_], verdicts: Sequence[_Verdict]) -> Remaining:
    columns = {
        "reason": pa.array([one.reason for one in verdicts], pa.large_string()),
        "figure": pa.array([one.figure for one in verdicts], pa.float32()),
        "detail": pa.array([one.detail for one in verdicts], pa.large_string()),
    }
    return remaining.without(lost, columns)


def search(
    positions: Positions, texts: Texts, against: Sequence[Benchmark], on_progress: Callable[[int, int], None]
) -> dict[int, list[_Hit | None]]:
    """Search the texts at these positions; return the hits for each benchmark by position."""
    shingler = Shingler(RUN_WORDS)
    found: dict[int, list[_Hit | None]] = {}
    done = 0
    for places, batch in _some_at_a_time(texts(positions)):
        numbers, starts = shingler(batch)
        for which, benchmark in enumerate(against):
            for text, hit in _hits(benchmark, numbers, starts, batch):
                found.setdefault(int(places[text]), [None] * len(against))[which] = hit
        done += len(batch)
        on_progress(done, len(positions))
    return found


def _some_at_a_time(
    batches: Iterator[tuple[Positions, Sequence[str]]],
) -> Iterator[tuple[Positions, Sequence[str]]]:
    for positions, batch in batches:
        for start in range(0, len(batch), _BATCH):
            yield positions[start : start + _BATCH], batch[start : start + _BATCH]


def _hits(
    benchmark: Benchmark, numbers: Numbers, starts: npt.NDArray[np.int64], texts: Sequence[str]
) -> Iterator[tuple[int, _Hit]]:
    known, origins = benchmark.runs
    if not len(known):
        return
    at = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
    shared = np.flatnonzero(known[at] == numbers)
    text_of = np.searchsorted(starts, shared, side="right") - 1
    for text, first, count in zip(*np.unique(text_of, return_index=True, return_counts=True), strict=True):
        begins = shared[first] - starts[text]
        run = " ".join(words_of(texts[text])[begins : begins + RUN_WORDS])
        yield int(text), _Hit(int(count), f"{benchmark.files[origins[at[shared[first]]]][0]}: {run}")


class _Memory:
    """The cache of results for one benchmark; a deleted file is built again."""

    def __init__(self, folder: Path, benchmark: Benchmark) -> None:
        code = code_digest(Path(__file__), Path(shingles.__file__), Path(benchmark_texts.__file__))
        self._path = folder / f"{value_digest([benchmark.digest, code])}.npz"
        self._texts = np.zeros(0, np.uint64)
        self.hits: dict[int, _Hit] = {}
        try:
            with np.load(self._path, allow_pickle=False) as saved:
                self._texts = saved["texts"]
                hits = zip(saved["hits"].tolist(), saved["runs"].tolist(), saved["details"].tolist(), strict=True)
                self.hits = {digest: _Hit(runs, detail) for digest, runs, detail in hits}
        except (
            OSError,
            ValueError,
            KeyError,
            EOFError,
            zipfile.BadZipFile,
        ):  # missing or incomplete: computed again
            self._texts = np.zeros(0, np.uint64)

    def knows(self, digests: Numbers) -> npt.NDArray[np.bool_]:
        """A mask of the texts in the cache."""
        return np.isin(digests, self._texts)

    def replace(self, digests: Numbers, new: dict[int, _Hit]) -> None:
        """Keep exactly these texts in the cache; hits of known texts stay."""
        hits = self.hits | new
        found = np.array(list(hits), np.uint64)
        self.hits = {digest: hits[digest] for digest in found[np.isin(found, digests)].tolist()}
        self._texts = digests
        with atomic_file(self._path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                texts=digests,
                hits=np.array(list(self.hits), np.uint64),
                runs=np.array([hit.runs for hit in self.hits.values()], np.int64),
                details=np.array([hit.detail for hit in self.hits.values()], np.str_),
            )
