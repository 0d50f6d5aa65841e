"""A Dask cluster, of machines or on this one. A task whose worker dies is run again by another, and only that task."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from data.engines.engine import LOOK_EVERY, Board, Item, Report, Result
from data.errors import InputError, StageError

try:
    from distributed import CancelledError, Client, Future, KilledWorker, LocalCluster, get_worker
except ImportError as error:
    raise InputError("engine.dask is set but Dask is not installed: pip install 'cowese[dask]'.") from error

log = logging.getLogger(__name__)
LOCAL = "local:"
PATIENCE = 60
"""Seconds that a scheduler, and then a first worker, may take to answer."""
REPORT_EVERY = 1.0
"""Seconds between two reports of a task: each is a message over the network."""
CHECK_EVERY = 5.0
"""Seconds between two looks whether there are workers, while no task ends."""


class DaskEngine:
    """A client of a scheduler, connected when there is work."""

    ends_processes = False

    def __init__(self, address: str, patience: float = 600) -> None:
        self.address = address
        self._patience = patience
        self._started = ExitStack()
        self._cluster: LocalCluster | None = None

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
        """As ``Engine.map``.

        Raises:
            StageError: there was no worker for longer than the patience, or the scheduler is gone.
        """
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
        workers = _WorkerWatch(self)
        try:
            while left:
                try:
                    future = finished.get(timeout=LOOK_EVERY)
                except Empty:
                    workers.check()
                else:
                    left.remove(future)
                    yield self._result(future)
                watch(board)
        finally:
            client.cancel(list(left))
            client.unsubscribe_topic(topic)

    def _scheduler(self) -> Any:
        if not self.address.startswith(LOCAL):
            return self.address
        self._cluster = self._started.enter_context(
            LocalCluster(
                n_workers=int(self.address.removeprefix(LOCAL)),
                threads_per_worker=1,
                host="127.0.0.1",
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},  # else it wants port 8787
            )
        )
        return self._cluster

    def has_workers(self) -> bool:
        """Whether the scheduler has a worker now.

        Raises:
            StageError: the scheduler is gone.
        """
        try:
            return bool(self.client.nthreads())
        except (OSError, TimeoutError, RuntimeError) as error:
            raise self._gone() from error

    def start_again(self) -> None:
        """Start new workers of local:N beside the dead ones; workers of a foreign cluster are not ours to start."""
        if self._cluster is not None:
            wanted = int(self.address.removeprefix(LOCAL))
            self._cluster.scale(len(self._cluster.worker_spec) + wanted)

    def lost(self, seconds: float) -> StageError | None:
        """The error of a stage that has had no worker for so long; None while patience lasts."""
        if seconds < self._patience:
            return None
        return StageError(
            f"engine.dask {self.address}: no worker for {seconds:.0f} s. What was finished is kept: start workers and "
            "run it again, or raise engine.patience."
        )

    def _gone(self) -> StageError:
        return StageError(
            f"engine.dask {self.address}: the scheduler is gone. What was finished is kept: run it again."
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
            raise self._gone() from error


class _WorkerWatch:
    """While no task ends: are there workers? Dask itself waits for them for ever and says nothing."""

    def __init__(self, engine: DaskEngine) -> None:
        self._engine = engine
        self._checked = self._seen = time.monotonic()
        self._started_again = False

    def check(self) -> None:
        """Say that workers are missing, start local ones again.

        Raises:
            StageError: patience is over, or the scheduler is gone.
        """
        now = time.monotonic()
        if now - self._checked < CHECK_EVERY:
            return
        self._checked = now
        if self._engine.has_workers():
            self._seen, self._started_again = now, False
            return
        error = self._engine.lost(now - self._seen)
        if error is not None:
            raise error
        if not self._started_again:
            self._started_again = True
            log.warning("engine.dask %s: no worker is left; waiting for one.", self._engine.address)
            self._engine.start_again()


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
