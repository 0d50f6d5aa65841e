"""Runs of 13 words, by which a text that was forgotten would be known again; kept as keyed hashes alone.

A run is 13 words in a row, in NFC and lower case, as in decontamination. Its 64-bit number goes through BLAKE2b with a
key that stays in the store: a file of hashes without the key tells nobody whether a text is meant.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cleaning.corpus.decontaminate import RUN_WORDS
from cleaning.duplicates.shingles import Numbers, Shingler, words_of
from data.errors import InputError
from data.files import atomic_file

_HASH_BYTES = 8


def runs_of(texts: Iterable[str]) -> Numbers:
    """The distinct runs of some texts, ascending; a text of fewer words has none."""
    normal = (unicodedata.normalize("NFC", text) for text in texts)
    long_enough = [text for text in normal if len(words_of(text)) >= RUN_WORDS]
    return np.unique(Shingler(RUN_WORDS)(long_enough)[0]) if long_enough else np.zeros(0, np.uint64)


class RunSearch:
    """Finds runs in texts, many texts at a time."""

    def __init__(self, runs: Numbers) -> None:
        self._runs = runs
        self._shingler = Shingler(RUN_WORDS)

    def found(self, texts: Sequence[str]) -> Numbers:
        """Those of the runs that stand in any of the texts, ascending."""
        if not texts or not len(self._runs):
            return np.zeros(0, np.uint64)
        numbers = np.unique(self._shingler([unicodedata.normalize("NFC", text) for text in texts])[0])
        return np.intersect1d(numbers, self._runs, assume_unique=True)


@dataclass(frozen=True, slots=True)
class ForgottenRuns:
    """The runs of what was forgotten, hashed under the store's key."""

    key: bytes
    hashes: Numbers
    """Ascending."""

    @classmethod
    def from_runs(cls, runs: Numbers, key: bytes) -> "ForgottenRuns":
        """Hash runs."""
        return cls(key, np.unique(_hashed(runs, key)))

    @classmethod
    def load(cls, paths: Iterable[Path], key: bytes) -> "ForgottenRuns":
        """The runs of several files together.

        Raises:
            InputError: one is damaged.
        """
        found = [np.zeros(0, np.uint64)]
        for path in paths:
            try:
                found.append(np.asarray(np.load(path), np.uint64))
            except (OSError, ValueError) as error:
                raise InputError(f"{path}: cannot be read ({error}). Without it an audit proves nothing.") from error
        return cls(key, np.unique(np.concatenate(found)))

    def joined(self, other: "ForgottenRuns") -> "ForgottenRuns":
        """Both together, under the same key."""
        return ForgottenRuns(self.key, np.union1d(self.hashes, other.hashes))

    def save(self, path: Path) -> None:
        """Write the hashes, whole or not at all."""
        with atomic_file(path) as temporary, temporary.open("wb") as file:
            np.save(file, self.hashes)


class Auditor:
    """Counts the forgotten runs that texts hold."""

    def __init__(self, forgotten: ForgottenRuns) -> None:
        self._forgotten = forgotten
        self._shingler = Shingler(RUN_WORDS)

    def held(self, texts: Sequence[str]) -> int:
        """How many distinct forgotten runs stand in the texts."""
        if not texts or not len(self._forgotten.hashes):
            return 0
        numbers = np.unique(self._shingler([unicodedata.normalize("NFC", text) for text in texts])[0])
        return int(np.isin(_hashed(numbers, self._forgotten.key), self._forgotten.hashes).sum())


def _hashed(numbers: Numbers, key: bytes) -> Numbers:
    blake, size = hashlib.blake2b, _HASH_BYTES
    content = numbers.tobytes()
    hashed = b"".join(
        blake(content[at : at + size], digest_size=size, key=key).digest() for at in range(0, len(content), size)
    )
    return np.frombuffer(hashed, np.uint64)
