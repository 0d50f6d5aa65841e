"""Batched settlements: outcomes of URLs, discovered links and states of hosts in one transaction, WARC records first.

The order matters. A URL that is marked done before its record is on the disk would be lost by a kill in between; a
record without its outcome is only fetched and written twice.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from crawler.frontier.frontier import Frontier
from crawler.frontier.numbers import DONE
from crawler.frontier.records import FoundUrl, HostState
from crawler.warc.writer import WarcWriter
from data.errors import StoreError

logger = logging.getLogger(__name__)


class Batch:
    """Collects rows and writes them in one transaction.

    If the database refuses the transaction, the rows are written singly, so that one bad value costs its own row only.
    """

    def __init__(self, frontier: Frontier, warc: WarcWriter, counts: Counter[str]) -> None:
        self._frontier = frontier
        self._warc = warc
        self._counts = counts
        self.outcomes: list[Mapping[str, Any]] = []
        self.found: list[FoundUrl] = []
        self.states: dict[str, HostState] = {}

    def __len__(self) -> int:
        return len(self.outcomes) + len(self.found) + len(self.states)

    def write(self) -> Mapping[str, int]:
        """Write everything; return the number of newly queued URLs by host.

        Raises:
            StoreError: the WARC files or the state cannot be written.
        """
        self._warc.flush()
        outcomes, found, states = self.outcomes, self.found, self.states
        self.outcomes, self.found, self.states = [], [], {}
        try:
            return self._frontier.commit_or_raise(outcomes, found, states)
        except StoreError:
            raise
        except Exception:
            logger.exception("a batch cannot be written whole")
            return self._write_singly(outcomes, found, states)

    def _write_singly(
        self, outcomes: Sequence[Mapping[str, Any]], found: Sequence[FoundUrl], states: Mapping[str, HostState]
    ) -> Counter[str]:
        new: Counter[str] = Counter()
        for outcome in outcomes:
            reason = self._commits(new, [outcome], [], {})
            if reason is not None:
                self._counts[f"crawl/failed/{reason}"] += 1
                given_up = {"row": outcome["row"], "state": DONE, "reason": reason, "round": outcome.get("round", 0)}
                self._commits(new, [given_up], [], {})
        for one in found:
            if self._commits(new, [], [one], {}) is not None:
                self._counts["crawl/links/unwritable"] += 1
        for name, state in states.items():
            self._commits(new, [], [], {name: state})
        return new

    def _commits(
        self,
        new: Counter[str],
        outcomes: Sequence[Mapping[str, Any]],
        found: Sequence[FoundUrl],
        states: Mapping[str, HostState],
    ) -> str | None:
        """Write some rows; the reason why they cannot be written, or None."""
        try:
            new.update(self._frontier.commit_or_raise(outcomes, found, states))
        except StoreError:
            raise
        except Exception as error:
            logger.exception("a row cannot be written")
            return f"internal/{type(error).__name__}"
        return None
