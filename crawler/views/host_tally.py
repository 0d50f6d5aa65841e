"""Counts of one host's URLs, from rows of the crawl state grouped by state, kind, status, reason and round."""

from collections import Counter
from typing import Any

import sqlalchemy as sa

from crawler.frontier.numbers import DONE, PAGE, QUEUED, REFUSED

OPT_OUTS = ("robots/", "rights/")
"""How the reasons begin of what a host keeps out."""


class HostTally:
    """Counts of one host's URLs."""

    def __init__(self, counted: "list[sa.Row[Any]]", round_number: int) -> None:
        self.pages = self.queued = self.done_in_round = self.seen = 0
        self.statuses: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.opt_outs: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        for row in counted:
            self._add(row, round_number)

    def _add(self, row: "sa.Row[Any]", round_number: int) -> None:
        many: int = row.many
        status: int | None = row.status
        reason: str | None = row.reason
        if row.state == QUEUED:
            self.queued += many
        elif row.state == REFUSED and reason is not None:
            kind = self.opt_outs if reason.startswith(OPT_OUTS) else self.refused
            kind[reason] += many
        if row.state == DONE and reason is not None:
            self.failed[reason] += many
        if status is not None:
            self.statuses[str(status)] += many
        if row.fetched_at is not None:
            self.seen += many
        if row.kind == PAGE and status is not None and (200 <= status < 300 or status == 304):  # noqa: PLR2004 - HTTP's classes
            self.pages += many
        if row.kind == PAGE and row.state == DONE and row.round == round_number:
            self.done_in_round += many
