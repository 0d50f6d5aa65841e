"""The store as the page reads it: its versions, their indexes, and what they were made of."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from browse.building import Building, Remembered
from browse.compare_process import Comparisons
from browse.extracted import Extracted
from browse.index import Index
from browse.index_build import build_index, index_folder, is_current
from browse.rules import RulesReport
from cleaning.corpus.diff import Diff
from cleaning.corpus.versions import versions
from cleaning.settings import CleaningSettings
from data.errors import InputError
from data.progress import Progress, no_progress
from data.store import Store
from data.takedowns import Takedowns

HistoryOf = Callable[[str], list[str]]
"""Tells the history of a URL in lines, as `cowese why` does."""


@dataclass
class Library:
    """One store, its cleaning settings, and the indexes that were opened."""

    store: Store
    settings: CleaningSettings
    history: HistoryOf
    differences: Remembered[Diff] = field(default_factory=Remembered)
    """Of pairs of versions."""
    reports: Remembered[RulesReport] = field(default_factory=Remembered)
    """Of the rules of versions."""
    comparisons: Comparisons = field(default_factory=Comparisons)
    _open: dict[str, tuple[object, Index]] = field(default_factory=dict)
    _extracted: tuple[object, Extracted] | None = None
    _building: dict[str, Building] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def versions(self) -> list[str]:
        """Names of the versions, the newest first."""
        return versions(self.store)[::-1]

    def version(self, name: str) -> str:
        """A version's own name; ``latest`` is the newest.

        Raises:
            InputError: there is none of that name. The name is looked up in a list, never in the file system.
        """
        there = self.versions()
        if name == "latest" and there:
            return there[0]
        if name not in there:
            raise InputError(f"{name[:40]}: no such version.")
        return name

    def prepare(self, version: str, progress: Progress = no_progress) -> Index:
        """The index of a version; it is built here and now where there is none."""
        build_index(self.store, self.settings, version, progress)
        return self._opened(version)

    def index(self, version: str) -> Index | Building:
        """The index of a version, or how far its building is, which this call may begin."""
        if is_current(self.store, version):
            self._building.pop(version, None)
            return self._opened(version)
        with self._lock:
            building = self._building.get(version)
            if building is None:
                building = self._building[version] = Building()
                building.start(lambda: build_index(self.store, self.settings, version, building))
            elif not building.is_running:  # it failed, or has ended a moment ago: what is asked next begins again
                del self._building[version]
        return building

    def index_if_there(self, version: str) -> Index | None:
        """The index of a version; None where it would have to be built."""
        return self._opened(version) if is_current(self.store, version) else None

    def extracted(self) -> Extracted:
        """The extracted texts of the settings; where their files lie is looked up again when files were added."""
        found = Extracted.find(self.store, self.settings)
        key = found.folder, found.measures, found.folder.stat().st_mtime_ns if found.folder else 0
        if self._extracted is None or self._extracted[0] != key:
            self._extracted = key, found
        return self._extracted[1]

    def _opened(self, version: str) -> Index:
        """An index is opened again when it was built again, or when something was taken down since."""
        listed = self.store.takedowns
        folder = index_folder(self.store, version)
        key = folder.stat().st_mtime_ns, listed.stat().st_mtime_ns if listed.is_file() else None
        with self._lock:
            known = self._open.get(version)
            if known is None or known[0] != key:
                self._open[version] = known = (key, Index(folder, Takedowns.load(self.store)))
        return known[1]
