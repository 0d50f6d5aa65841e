"""The process that reads pages, one at a time, and may be ended by any of them.

Run as ``python -m cleaning.pages.page_worker DESCRIPTOR``: a socket on which the step and the settings come first,
then pages. The kernel ends this process when a page takes too long, whatever code is running then; its parent reads the
reason from the signal. It ends by itself when the socket closes, so it never outlives its parent.
"""

import logging
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from cleaning.pages.page import Drop
from cleaning.pages.page_work import Reader, Result, Step, Work, prepare, reader_of
from cleaning.settings import CleaningSettings

READY = "ready"
PATIENCE = 12
"""Wall-clock seconds for each second of CPU that a page may take: a busy machine is no fault of the page."""


def main(descriptor: int) -> None:
    """Answer each page with what became of it until the socket closes."""
    logging.basicConfig(level=logging.CRITICAL + 1)  # what libraries say of a page is in its row
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes the socket
    connection: Connection = Connection(descriptor)
    step, settings = connection.recv()
    read = reader_of(step, settings)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (settings.max_memory, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection.send(READY)
    while True:
        try:
            work: Work = connection.recv()
        except EOFError:
            return
        prepare(work)
        with limited(settings.max_seconds):
            result = result_of(work, read, step, settings)
        connection.send(result)


def result_of(work: Work, read: Reader, step: Step, settings: CleaningSettings) -> Result:
    """What became of a page; an error in any library is a reason and not an end."""
    try:
        return read(work)
    except MemoryError:
        return Drop(f"{step}/too_much_memory", settings.max_memory)
    except Exception as error:  # noqa: BLE001 - any page may break any parser: its name goes into the ledger
        return Drop(f"{step}/failed", detail=f"{type(error).__name__}: {error}"[:200])


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """End this process when the body takes more CPU seconds, or hangs without taking any."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE * seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
