"""How the reactor stays free: long work comes back between pieces, or is done in a thread."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

LARGE = 512 << 10
"""Bytes of a body from which on its digests, its packing and the scan for links are done in a thread.

Of 1 MB they take some 10 ms; of 10 MB up to 0.3 s, of a sitemap of 50 MB 0.5 s (bench/crawl_stall.py).
"""

_P = ParamSpec("_P")
_R = TypeVar("_R")


async def run_in_thread_if_large(size: int, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Do work on a body of ``size`` bytes: at once, or in a thread where the body is large."""
    if size < LARGE:
        return work(*args, **kwargs)
    return await deferToThread(work, *args, **kwargs)


async def yield_to_reactor() -> None:
    """Come back after the reactor has seen to everything else."""
    from twisted.internet import reactor  # noqa: PLC0415 - Scrapy installs the reactor first

    later: Any = reactor
    turn: Deferred[None] = Deferred()
    later.callLater(0, turn.callback, None)
    await turn
