"""A Dask cluster, of machines or on this one. A task whose worker dies is run again by another, and only that task."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import cached_property
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from cleaning.engines.engine import LOOK_EVERY, Board, Item, Report, Result
from data.errors import InputError, StageError

try:
    from distributed import CancelledError, Client, Future, KilledWorker, LocalCluster, get_worker
except ImportError as error:
    raise InputError("engine.dask is set but Dask is not installed: pip install 'cowese[dask]'.") from error

LOCAL = "local:"
PATIENCE = 60
"""Seconds that a scheduler, and then a first worker, may take to answer."""
REPORT_EVERY = 1.0
"""Seconds between two reports of a task: each is a message over the network."""


class DaskEngine:
    """A client of a scheduler, connected when there is work."""

    ends_processes = False

    def __init__(self, address: str) -> None:
        self.address = address
        self._started = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._started.close()

    @property
    def slots(self) -> int:
        """The threads of all workers that there are now."""
        return sum(self.client.nthreads().values())

    @cached_property
    def client(self) -> Client:
        """The connection.

        Raises:
            StageError: no scheduler answers, or it has no worker.
        """
        try:
            client: Client = self._started.enter_context(
                Client(self._scheduler(), set_as_default=False, timeout=PATIENCE)
            )
            client.wait_for_workers(1, timeout=PATIENCE)
        except (OSError, TimeoutError, RuntimeError) as error:
            raise StageError(
                f"engine.dask {self.address}: no Dask scheduler with a worker answers there ({error}). "
                "Start them, or leave engine.dask unset to use this machine's processes."
            ) from error
        return client

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
        client, topic = self.client, f"cowese-{uuid.uuid4().hex}"
        board = [[0] * columns for _ in items]
        client.subscribe_topic(topic, lambda event: _enter(event, board))
        finished: SimpleQueue[Future[Any]] = SimpleQueue()
        left = set()
        for number, item in enumerate(items):
            future = client.submit(_run, function, item, number, topic, pure=False)
            future.add_done_callback(finished.put)
            left.add(future)
        try:
            while left:
                with suppress(Empty):
                    future = finished.get(timeout=LOOK_EVERY)
                    left.remove(future)
                    yield self._result(future)
                watch(board)
        finally:
            client.cancel(list(left))
            client.unsubscribe_topic(topic)

    def _scheduler(self) -> Any:
        if not self.address.startswith(LOCAL):
            return self.address
        return self._started.enter_context(
            LocalCluster(
                n_workers=int(self.address.removeprefix(LOCAL)),
                threads_per_worker=1,
                host="127.0.0.1",
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},  # else it wants port 8787
            )
        )

    def _result(self, future: "Future[Any]") -> Any:
        try:
            return future.result()
        except KilledWorker as error:
            raise StageError(
                "a task ended one Dask worker after another (out of memory?). What was finished is kept: "
                "run it again with more memory a worker."
            ) from error
        except CancelledError as error:
            raise StageError(
                f"engine.dask {self.address}: the scheduler is gone. What was finished is kept: run it again."
            ) from error


def _enter(event: Any, board: list[list[int]]) -> None:
    """Write a report that came over the network into the board."""
    number, row = event[1]
    board[number] = list(row)


def _run(function: Callable[[Item, Report], Result], item: Item, number: int, topic: str) -> Result:
    """On a worker."""
    worker = get_worker()
    sent = time.monotonic()
    latest: Sequence[int] = ()

    def report(row: Sequence[int]) -> None:
        nonlocal latest, sent
        latest, now = row, time.monotonic()
        if now - sent >= REPORT_EVERY:
            sent = now
            worker.log_event(topic, (number, list(row)))

    result = function(item, report)
    if latest:
        worker.log_event(topic, (number, list(latest)))
    return result
