"""Deduplication against other corpora: Parquet folders or files, data sets of the hub, other versions.

A document that is equal to one of their texts, or similar by at least ``jaccard``, is dropped as ``duplicate/foreign``
with the id of that text. Candidates come from the same MinHash bands as our own near-duplicates, and each is verified
exactly. The step comes before our own deduplication: otherwise a foreign duplicate could win its cluster, and the whole
cluster would be lost with it.
"""

import functools
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaning.corpus.remaining import Remaining
from cleaning.duplicates.band_index import BandIndex
from cleaning.duplicates.cross import cross_candidates
from cleaning.duplicates.dedup import memory_folder, text_numbers
from cleaning.duplicates.shingles import Numbers
from cleaning.duplicates.signing import sign_missing
from cleaning.duplicates.verified import VerifiedPairs
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import REPEATED_LINES, Positions, StoredTexts
from data.engines.engine import Engine
from data.engines.scratch import scratch
from data.errors import InputError, StageError
from data.files import atomic_file, value_digest
from data.manifest import MANIFEST_NAME
from data.parquet import parquet_errors, read_parquet
from data.store import Store

REASON = "duplicate/foreign"
_HUB = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?(:(?P<pattern>[^:]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_PARQUET = "*.parquet"
_FOOTER = 1 << 16
"""Bytes at the end of a Parquet file that identify it: sizes and statistics of its columns."""
_BATCH_ROWS = 2_000


@dataclass(frozen=True)
class ForeignCorpus:
    """Parquet files with a column ``text`` and optionally ``id``."""

    name: str
    root: Path
    files: tuple[Path, ...]

    @classmethod
    def open(cls, where: str, store: Store) -> "ForeignCorpus":
        """Open a version of the store, a folder or file, or fetch OWNER/NAME[@REVISION][:PATTERN] from the hub.

        Raises:
            InputError: no such corpus, or no Parquet file with a column ``text`` in it.
            StageError: the hub cannot be asked.
        """
        if is_on_hub(where, store):
            root = _fetched(where)
            pattern = _pattern(where)  # the hub's cache may hold more files of this revision
            paths = sorted(path for path in root.rglob(_PARQUET) if fnmatchcase(_inside(root, path), pattern))
            return cls(where, root, _with_text(where, paths))
        version = store.corpus / where
        root = (version if "/" not in where and (version / MANIFEST_NAME).is_file() else Path(where)).resolve()
        if not root.exists():
            raise InputError(f"{where}: no such corpus. Name a version, a folder of Parquet, or OWNER/NAME on the hub.")
        inside = root / "data" if (root / MANIFEST_NAME).is_file() else root
        return cls(root.name, root, _with_text(where, sorted(inside.rglob(_PARQUET)) if root.is_dir() else [root]))

    @functools.cached_property
    def digest(self) -> str:
        """A 16-digit digest of the files' names, sizes and footers, without reading them whole."""
        listed = []
        for path in self.files:
            with path.open("rb") as file:
                size = path.stat().st_size
                file.seek(max(0, size - _FOOTER))
                end = hashlib.sha256(file.read()).hexdigest()
            listed.append([_inside(self.root, path), size, end])
        return value_digest(listed)

    def ids_of(self, files: Positions, rows: Positions) -> list[str]:
        """The ids of texts, or their files and rows if the corpus has no ids; the ids of a file are read once."""
        found = [""] * len(files)
        for file in np.unique(files).tolist():
            path, places = self.files[file], np.flatnonzero(files == file)
            if "id" in _columns(path):
                ids = read_parquet(path, ["id"])["id"].take(pa.array(rows[places])).to_pylist()
            else:
                ids = [f"{_inside(self.root, path)}:{row}" for row in rows[places].tolist()]
            for place, identity in zip(places.tolist(), ids, strict=True):
                found[place] = str(identity)
        return found


def foreign_corpora(named: Sequence[str], store: Store) -> list[ForeignCorpus]:
    """Open the corpora, sorted by name, so that their given order does not matter.

    Raises:
        InputError: one cannot be read, or two have the same name.
        StageError: the hub cannot be asked.
    """
    found = sorted((ForeignCorpus.open(one, store) for one in named), key=lambda one: one.name)
    for one, other in pairwise(found):
        if one.name == other.name:
            raise InputError(
                f"two corpora are called {one.name}: rename one folder, since its name is written with each drop."
            )
    return found


def is_on_hub(where: str, store: Store) -> bool:
    """Whether a name is that of a data set on the hub: neither a version nor a path that is there."""
    is_version = "/" not in where and (store.corpus / where / MANIFEST_NAME).is_file()
    return not is_version and not Path(where).exists() and _HUB.fullmatch(where) is not None


def known_digests(named: Sequence[str], store: Store, recorded: Mapping[str, str]) -> dict[str, str | None]:
    """The digest of each corpus by its name, without asking the hub.

    A data set of the hub counts as what a version recorded of it; None if it recorded nothing.

    Raises:
        InputError: as ``foreign_corpora``.
    """
    hub = sorted(where for where in named if is_on_hub(where, store))
    local = foreign_corpora([where for where in named if where not in hub], store)
    digests: dict[str, str | None] = {one.name: one.digest for one in local}
    return digests | {where: recorded.get(where) for where in hub}


def may_have_changed(named: Sequence[str], store: Store, recorded: Mapping[str, str]) -> list[str]:
    """The recorded data sets that may have changed on the hub since; one that is named by a commit cannot."""
    return sorted(where for where in named if where in recorded and is_on_hub(where, store) and not _is_commit(where))


def _is_commit(where: str) -> bool:
    found = _HUB.fullmatch(where)
    return found is not None and _COMMIT.fullmatch(found["revision"] or "") is not None


def drop_foreign_duplicates(
    remaining: Remaining,
    texts: StoredTexts,
    against: Sequence[ForeignCorpus],
    memory: Path,
    settings: PublishSettings,
    engine: Engine,
) -> Remaining:
    """Drop the documents that another corpus has; if several have one, the first by name is recorded."""
    if not against or not remaining.documents.num_rows:
        return remaining
    digests = text_numbers(remaining.documents["text_digest"])
    distinct, heads, back = np.unique(digests, return_index=True, return_inverse=True)
    lost: dict[int, tuple[float, str, str]] = {}
    for corpus in against:
        with scratch(memory / "work") as work:
            found = _Search(corpus, memory, settings, engine, work).best_matches(distinct, texts.at(heads))
        for place, (share, identity) in found.items():
            lost.setdefault(place, (share, identity, corpus.name))
    return _moved(remaining, [lost.get(int(place)) for place in back])


@dataclass(frozen=True, slots=True)
class _Search:
    corpus: ForeignCorpus
    memory: Path
    settings: PublishSettings
    engine: Engine
    work: Path

    def best_matches(self, digests: Numbers, texts: StoredTexts) -> dict[int, tuple[float, str]]:
        """Position of a text → similarity and id of its best match."""
        folder = self.memory / "against" / self.corpus.digest
        theirs = _TextList.load(self.corpus, folder)
        own_folder = memory_folder(self.memory, self.settings)
        own, foreign = (
            BandIndex(one, self.settings.bands) for one in (own_folder, memory_folder(folder, self.settings))
        )
        for index, some, of in ((own, digests, texts), (foreign, theirs.digests, theirs.texts(self.corpus))):
            sign_missing(index, some, of, self.settings, self.engine, self.work, lambda _done, _total: None)
        one, other = cross_candidates(own, digests, foreign, theirs.digests)
        joined = _joined(texts, theirs.texts(self.corpus))
        verified = VerifiedPairs(folder, self.settings.shingle_words)
        numbers = np.concatenate([digests, theirs.digests])
        figures = verified.pair_figures(numbers, one, other + len(digests), joined, self.engine, self.work)["jaccard"]
        same = np.flatnonzero(np.isin(digests, theirs.digests))
        exact = np.searchsorted(theirs.digests, digests[same])
        matches = zip(
            np.concatenate([one, same]).tolist(),
            np.concatenate([other, exact]).tolist(),
            np.concatenate([figures, np.ones(len(same))]).tolist(),
            strict=True,
        )
        best: dict[int, tuple[float, int]] = {}
        for place, match, share in matches:
            if share >= self.settings.jaccard:
                best[place] = max(best.get(place, (0.0, 0)), (share, -match))
        ids = theirs.ids_of(self.corpus, np.array([-match for _, match in best.values()], np.int64))
        return {place: (share, one) for (place, (share, _)), one in zip(best.items(), ids, strict=True)}


@dataclass(frozen=True, slots=True)
class _TextList:
    """The distinct texts of a corpus: sorted digests with file and row of the first text of each."""

    digests: Numbers
    files: Positions
    rows: Positions

    @classmethod
    def load(cls, corpus: ForeignCorpus, folder: Path) -> "_TextList":
        """Read the corpus, or its cached list."""
        path = folder / "texts.npz"
        try:
            with np.load(path, allow_pickle=False) as saved:
                return cls(saved["digests"], saved["files"], saved["rows"])
        except (OSError, ValueError, KeyError):
            found = cls(*_read_through(corpus))
        with atomic_file(path) as temporary, temporary.open("wb") as file:
            np.savez(file, digests=found.digests, files=found.files, rows=found.rows)
        return found

    def texts(self, corpus: ForeignCorpus) -> StoredTexts:
        """The texts, by position."""
        places = pa.table({"segment": pa.array(self.files, pa.int32()), "row": pa.array(self.rows, pa.int64())})
        return StoredTexts([(path, path) for path in corpus.files], places)

    def ids_of(self, corpus: ForeignCorpus, places: Positions) -> list[str]:
        """The ids of texts."""
        return corpus.ids_of(self.files[places], self.rows[places])


def _read_through(corpus: ForeignCorpus) -> tuple[Numbers, Positions, Positions]:
    digests, files, rows = [], [], []
    for number, path in enumerate(corpus.files):
        for row, text in enumerate(_texts(path)):
            if text:
                digests.append(hashlib.sha256(text.encode()).hexdigest()[:32])
                files.append(number)
                rows.append(row)
    distinct, first = np.unique(_digests(digests), return_index=True)
    return distinct, np.array(files, np.int64)[first], np.array(rows, np.int64)[first]


def _texts(path: Path) -> Iterator[str | None]:
    with parquet_errors(path):
        for batch in pq.ParquetFile(path).iter_batches(_BATCH_ROWS, columns=["text"]):
            yield from batch.column("text").to_pylist()


def _joined(own: StoredTexts, foreign: StoredTexts) -> StoredTexts:
    """Both in one list, own texts first."""
    segments = pc.add(foreign.documents["segment"], len(own.segments)).cast(pa.int32())
    lines = pa.nulls(len(foreign), REPEATED_LINES)
    theirs = pa.table({"segment": segments, "row": foreign.documents["row"], "repeated": lines})
    mine = own.documents if own.chosen is None else own.documents.take(pa.array(own.chosen))
    if "repeated" not in mine.schema.names:
        mine = mine.append_column("repeated", pa.nulls(len(own), REPEATED_LINES))
    both = pa.concat_tables([mine.select(theirs.schema.names).cast(theirs.schema), theirs])
    return StoredTexts([*own.segments, *foreign.segments], both)


def _moved(remaining: Remaining, lost: Sequence[tuple[float, str, str] | None]) -> Remaining:
    found = [one for one in lost if one is not None]
    columns = {
        "reason": pa.repeat(pa.scalar(REASON, pa.large_string()), len(found)),
        "figure": pa.array([share for share, _, _ in found], pa.float32()),
        "foreign": pa.array([identity for _, identity, _ in found], pa.large_string()),
        "detail": pa.array([name for _, _, name in found], pa.large_string()),
    }
    return remaining.without(np.array([one is not None for one in lost], np.bool_), columns)


def _digests(texts: Sequence[str]) -> Numbers:
    return np.array([int(digest[:16], 16) for digest in texts], np.uint64)


def _columns(path: Path) -> list[str]:
    with parquet_errors(path):
        return list(pq.read_schema(path).names)


def _with_text(where: str, paths: Sequence[Path]) -> tuple[Path, ...]:
    """Those of some Parquet files that have a column ``text``.

    Raises:
        InputError: none has, or one is damaged.
    """
    files = tuple(one for one in paths if "text" in _columns(one))
    if not files:
        raise InputError(f"{where}: no Parquet file with a column named text in it.")
    return files


def _inside(root: Path, path: Path) -> str:
    """The path of a file in its corpus, which may be the file itself."""
    return path.name if path == root else path.relative_to(root).as_posix()


def _pattern(where: str) -> str:
    """The files of a data set on the hub that are wanted; ``*`` matches ``/`` too, as in the hub's own patterns.

    >>> _pattern("o/n"), _pattern("o/n@main:data/spa_Latn"), _pattern("o/n:data/train-*.parquet")
    ('*.parquet', 'data/spa_Latn/*.parquet', 'data/train-*.parquet')
    """
    found = _HUB.fullmatch(where)
    pattern = (found["pattern"] if found else None) or _PARQUET
    return pattern if pattern.endswith(".parquet") else f"{pattern.rstrip('/')}/{_PARQUET}"


def _fetched(where: str) -> Path:
    """The folder of the Parquet files of a data set on the hub, in the hub's own cache.

    Raises:
        StageError: it cannot be fetched.
    """
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only a data set of the hub needs it
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415

    named = _HUB.fullmatch(where)
    assert named is not None
    try:
        fetched = snapshot_download(
            named["name"], repo_type="dataset", revision=named["revision"], allow_patterns=_pattern(where)
        )
        return Path(fetched).resolve()
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise StageError(f"{where}: cannot be fetched from the hub ({str(error).splitlines()[0]}).") from error
