"""When a URL is due again, and the order of a host's URLs: SQL for both SQLite and PostgreSQL.

URLs with a small rank are fetched first: sitemaps and start URLs, then pages that were never fetched (by the yield of
their section, ``yields``), then known pages, the longest overdue first.
"""

from typing import Any

import sqlalchemy as sa

from crawler.frontier.numbers import REFUSED, SITEMAP
from crawler.frontier.tables import urls

DAY = 86_400.0
SLACK = 0.1
"""Share of its interval by which a page may be fetched early: months have 28 to 31 days."""
MOST_SLACK = 0.5
"""Share of its interval that the length of a round may add."""
LONG_OVERDUE = 180 * DAY
"""A page that is overdue for this long ranks as a new one, so that an endless supply of new pages starves no known
one."""

SITEMAP_RANK, START_RANK = 0, 1
NEW_RANK, NEW_RANKS = 100, 1_000
"""Ranks of pages that were never fetched; without a known yield they get the middle of the range."""
FAILED_RANK = 2_000
"""Never fetched, because it failed in the round before."""
KNOWN_RANK, KNOWN_RANKS = 10_000, 10_000
AGAIN_RANK = 30_000
"""Failed in this round: retried after everything else."""
USUAL_RANK = NEW_RANK + NEW_RANKS // 2


def is_due(now: float, round_length: float = 0.0) -> sa.ColumnElement[bool]:
    """New, or due; a URL that failed transiently is due after a day, not at once.

    A page that becomes due while a round runs belongs to that round: ``round_length`` is the seconds of the last round.
    """
    interval = sa.func.coalesce(urls.c.interval_days, 0.0) * DAY
    early = sa.and_(
        urls.c.reason.is_(None),
        sa.or_(
            urls.c.due_at - SLACK * interval <= now,
            sa.and_(urls.c.due_at - round_length <= now, interval * MOST_SLACK >= round_length),
        ),
    )
    return sa.or_(urls.c.due_at <= now, early, sa.and_(urls.c.due_at.is_(None), urls.c.fetched_at.is_(None)))


def asked_by(now: float, round_length: float = 0.0, *, everything: bool = False) -> sa.ColumnElement[bool]:
    """The URLs of a round: those due, sitemaps, and those refused before, which are judged again.

    URLs that the operator's rules exclude stay out until the rules change.
    """
    asked = sa.true() if everything else sa.or_(is_due(now, round_length), urls.c.kind == SITEMAP, was_refused())
    return sa.and_(asked, sa.not_(ruled_out()))


def was_refused() -> sa.ColumnElement[bool]:
    """Refused when it was last judged."""
    return urls.c.state == REFUSED


def ruled_out() -> sa.ColumnElement[bool]:
    """Refused by the operator: out of scope, excluded, paused, taken down."""
    reason = sa.func.coalesce(urls.c.reason, "")
    return sa.and_(was_refused(), sa.or_(reason.like("scope/%"), reason == "takedown"))


def over_budget() -> sa.ColumnElement[bool]:
    """Refused because its host's budget was used up."""
    return sa.and_(was_refused(), urls.c.reason.like("budget/%"))


def rank_in_round(now: float) -> sa.ColumnElement[Any]:
    """The rank of a URL when a round begins; a URL that was never fetched and never failed keeps its rank."""
    interval = sa.func.coalesce(urls.c.interval_days, 1.0) * DAY
    overdue = now - sa.func.coalesce(urls.c.due_at, now)
    # -1 interval (fetched early) … +98 intervals, in hundredths of an interval
    late = sa.case(
        (overdue <= -interval, 0),
        (overdue >= 98 * interval, KNOWN_RANKS - 100),
        else_=sa.cast((overdue / interval + 1) * 100, sa.Integer),
    )
    kept = sa.case((urls.c.rank >= FAILED_RANK, USUAL_RANK), else_=urls.c.rank)
    return sa.case(
        (urls.c.kind == SITEMAP, SITEMAP_RANK),
        (sa.and_(urls.c.fetched_at.is_(None), urls.c.due_at.is_not(None)), FAILED_RANK),
        (urls.c.fetched_at.is_(None), kept),
        (overdue >= LONG_OVERDUE, USUAL_RANK),
        else_=KNOWN_RANK + KNOWN_RANKS - late,
    )
