"""The progress of cleaning: a row of integers for each WARC file, written by its task and read by the stage."""

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from data.engines.engine import Board
from data.progress import Progress

EXTRACTED = "extracted"
"""Records with a text that is not judged yet."""
FAMILIES = ("kept", "quality", "language", "extraction", "judging", "policy", "http", "revisit", "kind", EXTRACTED)
"""What becomes of a record; reasons by their first part."""


class Tally:
    """For each WARC file, or its texts where only these are read, the bytes read and what became of its records."""

    COLUMNS: ClassVar = 1 + len(FAMILIES)

    def __init__(self, sizes: Sequence[int]) -> None:
        self._bytes = sum(sizes)

    @staticmethod
    def row(offset: int, counts: Counter[str], extracted: int = 0) -> list[int]:
        """The row of a file that is read up to ``offset``, with so many texts that are not judged yet."""
        families = Counter({EXTRACTED: extracted})
        for reason, count in counts.items():
            families[reason.partition("/")[0]] += count
        return [offset, *(families[family] for family in FAMILIES)]

    def show(self, board: Board, progress: Progress) -> None:
        """Tell how many records are done; how many there will be is estimated from the bytes."""
        read, *families = (sum(column) for column in zip(*board, strict=True))
        counts = dict(zip(FAMILIES, families, strict=True))
        done = sum(families)
        total = round(done * self._bytes / read) if read else None
        progress("clean", done, max(done, total) if total else None, {name: n for name, n in counts.items() if n})
