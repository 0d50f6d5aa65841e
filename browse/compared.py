"""A comparison of two sets of settings as it is kept: ``store/browse/compared/<digest>.parquet``.

The digest is that of all it follows from: the version's index, the texts, the measures and the judging code, both sets
of settings. So it is computed once; deleting it costs time only. It holds numbers of pages and reasons, no text.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from browse.extracted import Extracted
from browse.index import Index
from browse.index_build import index_folder
from browse.judged_twice import judged_twice
from browse.labels import Label
from browse.moves_file import COLUMNS, FOLDER, KINDS, read_moves, write_moves
from browse.written_settings import differences
from cleaning.recipe import measuring_digest
from cleaning.settings import CleaningSettings
from data.files import value_digest
from data.progress import Progress, no_progress
from data.store import Store
from data.takedowns import Takedowns


@dataclass(frozen=True, slots=True)
class Job:
    """A comparison that is asked for. The version must have an index."""

    store: Store
    version: str
    before: CleaningSettings
    after: CleaningSettings

    def key(self) -> str:
        """The digest of all that it follows from."""
        extracted = Extracted.find(self.store, self.before)
        return value_digest(
            {
                "index": self.index().made_from,
                "texts": [folder and folder.name for folder in (extracted.folder, extracted.measures)],
                "code": measuring_digest(self.before),
                "settings": [one.model_dump(mode="json") for one in (self.before, self.after)],
            }
        )

    def path(self) -> Path:
        """Where its result lies, once it is computed."""
        return self.store.browse / FOLDER / f"{self.key()}.parquet"

    def index(self) -> Index:
        """The index by which pages are numbered."""
        return Index(index_folder(self.store, self.version), Takedowns.load(self.store))


def compare(job: Job, progress: Progress = no_progress) -> Path:
    """Work a comparison out and keep it.

    Raises:
        InputError, StageError: as ``judged_twice``.
        DiskFullError, StoreError: it cannot be written.
    """
    path, index = job.path(), job.index()
    moves = judged_twice(index, Extracted.find(job.store, job.before), job.before, job.after, progress)
    about = {
        "version": job.version,
        "index": index.made_from,
        "judged": moves.judged,
        "kept_before": moves.kept_before,
        "kept_after": moves.kept_after,
        "otherwise": moves.otherwise,
        "settings": differences(job.before, job.after),
    }
    write_moves(path, moves.rows, about)
    return path


class Move(BaseModel):
    """Pages that move alike."""

    model_config = ConfigDict(frozen=True)

    kind: str
    before: str
    after: str
    pages: int
    labels: Counter[str]
    """Of these pages, by what readers said of them."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A page of a sample."""

    number: int
    before: str
    after: str


class Compared:
    """A comparison that is there, without what was taken down since.

    Raises:
        InputError: its file is damaged.
    """

    def __init__(self, path: Path, index: Index) -> None:
        table, about = read_moves(path)
        if index.shown is not None:
            table = table.filter(pa.array(index.shown[table["number"].to_numpy()]))
        self.key = path.stem
        self.about: dict[str, Any] = about
        self._index = index
        self._table = table

    def moves(self, labels: Mapping[tuple[str, str], Label]) -> list[Move]:
        """The groups of pages that move alike: by kind, the largest first."""
        said = self._index.labelled(labels)
        sizes: Counter[tuple[str, str, str]] = Counter()
        labelled: dict[tuple[str, str, str], Counter[str]] = {}
        for number, *group in zip(*(self._table[name].to_pylist() for name in COLUMNS), strict=True):
            key = group[0], group[1], group[2]
            sizes[key] += 1
            if number in said:
                labelled.setdefault(key, Counter())[said[number].label] += 1
        found = [
            Move(
                kind=kind,
                before=before,
                after=after,
                pages=pages,
                labels=labelled.get((kind, before, after), Counter()),
            )
            for (kind, before, after), pages in sizes.items()
        ]
        return sorted(found, key=lambda one: (KINDS.index(one.kind), -one.pages, one.before, one.after))

    def sample(self, kind: str, size: int, seed: int) -> list[Sampled]:
        """Pages of one kind, drawn by a seed."""
        rows = self._table.filter(pc.equal(self._table["kind"], kind))
        drawn = np.random.default_rng(seed).permutation(rows.num_rows)[:size]
        taken = rows.take(pa.array(drawn))
        columns = (taken[name].to_pylist() for name in ("number", "before", "after"))
        return [Sampled(*one) for one in zip(*columns, strict=True)]
