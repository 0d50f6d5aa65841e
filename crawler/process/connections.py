"""Bounds on connections over all hosts, by the limit of open files.

Twisted only bounds the idle ones of one host, and a crawl has thousands of hosts.
"""

import logging
import resource
import sys
from collections.abc import Hashable
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.web.client import HTTPConnectionPool

MOST_IDLE = 1_000
"""Idle connections that are kept, for each of http and https."""
FEWEST_IDLE = 8
RESERVED = 64
"""Open files of the process beside its connections: state, WARC files, logs, imports, resolver threads."""


_log = logging.getLogger(__name__)


def raise_file_limit() -> None:
    """Raise the soft limit of open files to the hard limit; many systems start with 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def most_active(concurrency: int) -> int:
    """The requests in flight that fit into the limit of files: ``concurrency``, or fewer with a warning in the log."""
    fitting = max(1, _files_for_connections() - 2 * FEWEST_IDLE)
    if fitting < concurrency:
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        _log.warning(
            "%d requests at once, not %d: the limit of open files is %d (ulimit -n)", fitting, concurrency, limit
        )
    return min(concurrency, fitting)


def most_idle(concurrency: int) -> int:
    """The bound on idle connections of each of two pools that leaves room for active ones in the limit of files."""
    return max(FEWEST_IDLE, min(MOST_IDLE, (_files_for_connections() - concurrency) // 2))


def _files_for_connections() -> int:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limit - RESERVED if limit != resource.RLIM_INFINITY else sys.maxsize


class BoundedPool(HTTPConnectionPool):
    """Closes the connection that has been idle longest when there are too many."""

    def __init__(self, reactor: IReactorTime, most: int) -> None:
        super().__init__(reactor)  # type: ignore[no-untyped-call]
        self._most = most
        self._key_of: dict[Any, Hashable] = {}

    def _putConnection(self, key: Hashable, connection: Any) -> None:  # noqa: N802 - Twisted's name
        super()._putConnection(key, connection)  # type: ignore[no-untyped-call]
        if connection in self._timeouts:
            self._key_of[connection] = key
        while len(self._timeouts) > self._most:
            oldest = next(iter(self._timeouts))  # in the order in which they became idle
            self._timeouts[oldest].cancel()
            self._removeConnection(self._key_of[oldest], oldest)  # type: ignore[no-untyped-call]
        if len(self._key_of) > 2 * self._most:
            self._key_of = {one: self._key_of[one] for one in self._timeouts}
