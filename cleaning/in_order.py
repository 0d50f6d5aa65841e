"""Pages through page processes, and their results in the order in which the pages came, whichever was done first."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from cleaning.pages.page_process import PageProcesses
from cleaning.pages.page_work import Result, Work

T = TypeVar("T")

WAITING = 2_000
"""Items that may stand behind a slow page before reading pauses."""


@dataclass(slots=True)
class _Slot(Generic[T]):
    """Something and its result, once there is one. The page itself is let go when a process has it."""

    item: T
    result: Result | None = None


def in_order(items: Iterable[tuple[T, Work | Result]], processes: PageProcesses) -> Iterator[tuple[T, Result]]:
    """Each item with what became of it; what has a result already goes to no process."""
    slots: deque[_Slot[T]] = deque()
    given: dict[int, _Slot[T]] = {}
    number = 0
    for item, work in items:
        if not isinstance(work, Work):
            slots.append(_Slot(item, work))
        else:
            while processes.is_full():
                _settle(processes, given)
            slots.append(_Slot(item))
            given[number] = slots[-1]
            processes.give(number, work)
            number += 1
        while len(slots) > WAITING and slots[0].result is None:
            _settle(processes, given)
        yield from _finished(slots)
    while not processes.is_idle():
        _settle(processes, given)
    yield from _finished(slots)


def _settle(processes: PageProcesses, given: dict[int, _Slot[T]]) -> None:
    for number, result in processes.take():
        given.pop(number).result = result


def _finished(slots: deque[_Slot[T]]) -> Iterator[tuple[T, Result]]:
    while slots:
        result = slots[0].result
        if result is None:
            return
        yield slots.popleft().item, result
