"""How far cleaning is: counters in shared memory, each written by one process and read by the parent, without locks."""

from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing.sharedctypes import RawArray

from data.progress import Progress

FAMILIES = ("kept", "quality", "language", "extraction", "policy", "http", "revisit", "kind")
"""What becomes of a record; reasons by their first part."""
_COLUMNS = 1 + len(FAMILIES)


class Tally:
    """For each WARC file the bytes that were read and what became of its records so far."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self._sizes = list(sizes)
        self._cells = RawArray("q", _COLUMNS * len(sizes))

    def teller(self, number: int) -> Callable[[int, Counter[str]], None]:
        """What the process that cleans a file calls for each of its records."""
        start = number * _COLUMNS
        cells = self._cells

        def tell(offset: int, counts: Counter[str]) -> None:
            families = Counter[str]()
            for reason, count in counts.items():
                families[reason.partition("/")[0]] += count
            cells[start : start + _COLUMNS] = [offset, *(families[family] for family in FAMILIES)]

        return tell

    def show(self, progress: Progress) -> None:
        """Tell how many records are done; how many there will be is estimated from the bytes."""
        cells = list(self._cells)
        counts = {family: sum(cells[column::_COLUMNS]) for column, family in enumerate(FAMILIES, start=1)}
        done, read = sum(counts.values()), sum(cells[::_COLUMNS])
        total = round(done * sum(self._sizes) / read) if read else None
        progress("clean", done, max(done, total) if total else None, {name: n for name, n in counts.items() if n})
