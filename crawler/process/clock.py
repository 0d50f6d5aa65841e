"""The crawl's clock: the system clock, shifted by ``--as-of``."""

import time
from datetime import UTC, datetime


class Clock:
    """A clock that starts at ``as_of``."""

    def __init__(self, as_of: datetime | None = None) -> None:
        self._offset = (as_of.timestamp() - time.time()) if as_of is not None else 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._offset

    def moment(self) -> datetime:
        """The same as a date, in UTC."""
        return datetime.fromtimestamp(self.now(), UTC)
