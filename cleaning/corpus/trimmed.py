"""What is left of a text without the lines of its site: its digest, words and characters, worked out once.

A memory keyed by the text and by the lines that go; with it or without it the figures are the same.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from cleaning.document_rows import text_digest
from cleaning.pages.text import count_words
from cleaning.stored_texts import Positions, StoredTexts
from data.files import whole_file

Keys = npt.NDArray[np.uint64]
Left = npt.NDArray[np.void]
LEFT = np.dtype([("key", np.uint64), ("digest", "S32"), ("words", np.int32), ("chars", np.int32)])


class TrimmedTexts:
    """The file ``trimmed.npy``: a row for each text that lost lines."""

    def __init__(self, memory: Path) -> None:
        self._path = memory / "trimmed.npy"

    def of(self, keys: Keys, positions: Positions, texts: StoredTexts) -> Left:
        """A row for each of ``positions``; only those not remembered are worked out. Forgets all others."""
        remembered = self._load()
        rows = np.zeros(len(keys), LEFT)
        known = np.zeros(len(keys), np.bool_)
        if len(remembered):
            at = np.minimum(np.searchsorted(remembered["key"], keys), len(remembered) - 1)
            known = remembered["key"][at] == keys
            rows[known] = remembered[at[known]]
        new = np.flatnonzero(~known)
        if len(new):
            self._work_out(rows, new, positions, texts)
        rows["key"] = keys
        if len(new) or len(remembered) != len(rows):
            self._save(rows)
        return rows

    def _work_out(self, rows: Left, new: Positions, positions: Positions, texts: StoredTexts) -> None:
        place = {int(position): number for number, position in zip(new, positions[new], strict=True)}
        for found, batch in texts(positions[new]):
            for position, text in zip(found.tolist(), batch, strict=True):
                rows[place[position]] = (0, text_digest(text).encode(), count_words(text), len(text))

    def _load(self) -> Left:
        try:
            remembered = np.asarray(np.load(self._path))
        except (OSError, ValueError):
            return np.zeros(0, LEFT)
        return remembered if remembered.dtype == LEFT else np.zeros(0, LEFT)

    def _save(self, rows: Left) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(self._path) as temporary, temporary.open("wb") as file:
            np.save(file, np.sort(rows, order="key"))
