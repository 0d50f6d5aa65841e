"""Page workers seen from their parent: hand a page over, take what became of it, start again what a page has ended."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Self

from cleaning.pages.page import Drop
from cleaning.pages.page_work import Result, Step, Work
from cleaning.settings import CleaningSettings
from data.errors import StageError

_READY = "ready"
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_TIME = (signal.SIGPROF, signal.SIGALRM)


class PageProcess:
    """One worker process. A page that ends it is dropped with the reason; the next page finds a new one."""

    def __init__(self, settings: CleaningSettings, step: Step = Step.EXTRACTION) -> None:
        self._settings = settings
        self._step = step
        self._work: Work | None = None
        self._start()

    def give(self, work: Work) -> None:
        """Hand a page over; ``take`` must have been called for the one before.

        Raises:
            StageError: the process cannot start.
        """
        self._await_ready()
        self._work = work
        with contextlib.suppress(OSError):  # it was ended between two pages: take() sees it too
            self.connection.send(work)

    def take(self) -> Result:
        """What became of the page that was handed over last; waits for it.

        A process that ends for another reason than time may have been ended by somebody else: the page gets a second
        process before it is called the cause.

        Raises:
            StageError: no new process can start.
        """
        work = self._work
        assert work is not None
        for is_last in (False, True):
            try:
                result: Result = self.connection.recv()
            except (EOFError, OSError):
                code = self.close()
                self._start()
                if -code in _TIME:
                    return Drop(f"{self._step}/too_slow", self._settings.max_seconds)
                if not is_last:
                    self.give(work)
            else:
                return result
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Drop(f"{self._step}/crashed", detail=f"ended the process that read it, twice ({name})")

    def close(self) -> int:
        """End the process, once it is done with its page, and give its exit code."""
        self.connection.close()
        return self._process.wait()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cleaning.pages.page_worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | _ONE_THREAD,
            )
        self.connection: Connection = Connection(ours.detach())
        self.connection.send((self._step, self._settings))
        self._is_ready = False

    def _await_ready(self) -> None:
        if self._is_ready:
            return
        try:
            self._is_ready = self.connection.recv() == _READY
        except (EOFError, OSError) as error:
            raise StageError(
                f"a process that reads pages ended at its start (exit code {self.close()}). "
                "Is memory short? `python -m cleaning.pages.page_worker` shows what else it may be."
            ) from error


class PageProcesses:
    """Some worker processes, each with one page at a time; they start, all at once, with the first page.

    A round in which nothing changed has none: all its records are dropped before.
    """

    def __init__(self, settings: CleaningSettings, count: int, step: Step = Step.EXTRACTION) -> None:
        self._settings = settings
        self._step = step
        self._count = count
        self._all: list[PageProcess] = []
        self._free: list[PageProcess] = []
        self._busy: dict[Connection, tuple[int, PageProcess]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._all:
            process.close()

    def is_full(self) -> bool:
        """Whether every process has a page."""
        return bool(self._all) and not self._free

    def is_idle(self) -> bool:
        """Whether none has."""
        return not self._busy

    def give(self, number: int, work: Work) -> None:
        """Hand a page, known by its number, to a free process."""
        if not self._all:
            self._all = [PageProcess(self._settings, self._step) for _ in range(self._count)]
            self._free = list(self._all)
        process = self._free.pop()
        process.give(work)
        self._busy[process.connection] = (number, process)

    def take(self) -> Sequence[tuple[int, Result]]:
        """Wait until a page or more are done and give what became of them, by number."""
        taken = []
        for connection in wait(list(self._busy)):
            assert isinstance(connection, Connection)
            number, process = self._busy.pop(connection)
            taken.append((number, process.take()))
            self._free.append(process)
        return taken
