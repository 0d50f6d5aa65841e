"""A pool of processes on this machine; the board lies in shared memory, each row written by one process."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.sharedctypes import RawArray
from typing import Any

from data.engines.engine import LOOK_EVERY, Board, Item, Report, Result
from data.errors import StageError
from data.parent_watchdog import end_with_parent


class ProcessEngine:
    """Processes that start with a map and end with it."""

    ends_processes = True

    def __init__(self, processes: int) -> None:
        self.slots = processes

    def map(
        self,
        function: Callable[[Item, Report], Result],
        items: Sequence[Item],
        *,
        columns: int = 1,
        watch: Callable[[Board], None] = lambda _board: None,
    ) -> Iterator[Result]:
        """As ``Engine.map``."""
        if not items:
            return
        cells = RawArray("q", columns * len(items))
        with _pool(min(self.slots, len(items)), cells) as pool:
            left = {pool.submit(_run, function, item, number * columns) for number, item in enumerate(items)}
            while left:
                done, left = wait(left, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED)
                held = list(cells)
                watch([held[start : start + columns] for start in range(0, len(held), columns)])
                for future in done:
                    try:
                        yield future.result()
                    except BrokenProcessPool as error:
                        raise StageError(
                            "a process of this stage was killed (out of memory?). What was finished is kept: run it "
                            "again, with fewer engine.workers if memory is short."
                        ) from error


@contextmanager
def _pool(processes: int, cells: Any) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with their parent's call, finished or not."""
    pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_share, initargs=(cells, os.getpid()))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_shared: list[Any] = []


def _share(cells: Any, parent: int) -> None:
    """In a process of the pool: the board that it writes to, and whom it must not outlive."""
    end_with_parent(parent)
    _shared[:] = [cells]


def _run(function: Callable[[Item, Report], Result], item: Item, start: int) -> Result:
    def report(row: Sequence[int]) -> None:
        _shared[0][start : start + len(row)] = row

    return function(item, report)
