"""What runs a stage's tasks in other processes: a pool on this machine, or a Dask cluster. Map and barrier, no more.

A task is a function of a module and an item that pickles; whatever is large lies in files of the store, which every
process sees under the same path. Which engine it was never shows in what is written.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, Protocol, TypeVar

from pydantic import Field

from data.settings_model import SettingsModel

Item = TypeVar("Item")
Result = TypeVar("Result")
Report = Callable[[Sequence[int]], None]
"""What a task calls, as often as it likes, to write some integers into its row of the board."""
Board = Sequence[Sequence[int]]
"""One row for each item."""
LOOK_EVERY = 0.5
"""Seconds between two looks at the board."""


class EngineSettings(SettingsModel):
    """Where the tasks of cleaning and of deduplication run."""

    former_names: ClassVar[Mapping[str, str]] = {"share_rows": "shard_rows"}

    workers: int | None = Field(default=None, gt=0)
    """Processes of the pool on this machine; by default one a core."""
    dask: str | None = Field(default=None, pattern=r"^(local:[1-9]\d*|(tcp|tls)://\S+)$")
    """A Dask scheduler instead of the pool, as tcp://host:8786; its workers must see the store under the same path and
    run this version. local:N starts N workers on this machine."""
    shard_rows: int = Field(default=250_000, gt=0)
    """Records of a shard in publishing, approximately: one process holds one shard at a time. The published files do
    not depend on it."""
    patience: float = Field(default=600, gt=0)
    """Seconds that a stage on Dask waits while there is no worker at all; then it ends with an error. Workers of
    local:N are started again meanwhile."""


POOL = EngineSettings()
"""This machine, a process a core."""


class Engine(Protocol):
    """Runs a function over items, in other processes."""

    @property
    def slots(self) -> int:
        """How many tasks run at a time."""

    @property
    def ends_processes(self) -> bool:
        """Whether its processes end with each map, and with them what a task has left there."""

    def map(
        self,
        function: Callable[[Item, Report], Result],
        items: Sequence[Item],
        *,
        columns: int = 1,
        watch: Callable[[Board], None] = lambda _board: None,
    ) -> Iterator[Result]:
        """Call ``function(item, report)`` for each item, those in front first, and give results as they come.

        ``watch`` sees the board, ``columns`` integers an item, now and then.

        Raises:
            StageError: processes were killed, or none can be had.
        """


def run_all(
    engine: Engine,
    function: Callable[[Item, Report], Result],
    items: Sequence[Item],
    watch: Callable[[Board], None] = lambda _board: None,
    *,
    columns: int = 1,
) -> list[Result]:
    """Every result, in the order in which they came. A single item is not worth another process: it runs here."""
    if len(items) == 1:
        return run_here(function, items, watch, columns=columns)
    _give_memory_back()
    return list(engine.map(function, items, columns=columns, watch=watch))


def run_here(
    function: Callable[[Item, Report], Result],
    items: Sequence[Item],
    watch: Callable[[Board], None] = lambda _board: None,
    *,
    columns: int = 1,
) -> list[Result]:
    """As ``run_all``, one item after the other in this process."""
    board: list[Sequence[int]] = [[0] * columns for _ in items]

    def done(number: int, item: Item) -> Result:
        def report(row: Sequence[int]) -> None:
            board[number] = row
            watch(board)

        return function(item, report)

    return [done(number, item) for number, item in enumerate(items)]


def _give_memory_back() -> None:
    """Arrow keeps what this process has freed; while other processes work, the memory is theirs."""
    import pyarrow as pa  # noqa: PLC0415 - commands that only read the settings save its import

    pa.default_memory_pool().release_unused()
