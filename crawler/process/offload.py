"""Keeps the reactor responsive: long work runs in a thread, or yields to the reactor between pieces."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

LARGE = 512 << 10
"""Bodies of at least this many bytes are digested, compressed and scanned for links in a thread.

This takes about 10 ms for 1 MB, up to 0.3 s for 10 MB, 0.5 s for a sitemap of 50 MB (bench/crawl_stall.py).
"""

_P = ParamSpec("_P")
_R = TypeVar("_R")


async def run_in_thread_if_large(size: int, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Do work on a body of ``size`` bytes: at once, or in a thread if the body is large."""
    if size < LARGE:
        return work(*args, **kwargs)
    return await deferToThread(work, *args, **kwargs)


async def yield_to_reactor() -> None:
    """Return after the reactor has handled all other pending events."""
    from twisted.internet import reactor  # noqa: PLC0415 - Scrapy installs the reactor first

    later: Any = reactor
    turn: Deferred[None] = Deferred()
    later.callLater(0, turn.callback, None)
    await turn
