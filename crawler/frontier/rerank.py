"""Ranks queued URLs that were never fetched by the newest yields from cleaning."""

import hashlib
from pathlib import Path

import sqlalchemy as sa

from crawler.frontier.due import FAILED_RANK, NEW_RANK
from crawler.frontier.frontier import Frontier
from crawler.frontier.numbers import PAGE, QUEUED
from crawler.frontier.tables import urls
from crawler.frontier.yields import Yields
from data.files import write_text
from data.yields import read_yields

PIECE = 20_000
"""URLs ranked in one transaction."""


def load_and_rerank(frontier: Frontier, path: Path, marker: Path) -> Yields:
    """Read the yields and, if they are new, rank the queued URLs by them. ``marker`` records what was applied last.

    Raises:
        InputError: the file is damaged. StoreError: the state cannot be written.
    """
    yields = Yields(read_yields(path))
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    if marker.is_file() and marker.read_text(encoding="utf-8") == digest:
        return yields
    if digest:
        _rerank(frontier, yields)
    write_text(marker, digest)
    return yields


def _rerank(frontier: Frontier, yields: Yields) -> None:
    new = sa.and_(
        urls.c.state == QUEUED,
        urls.c.kind == PAGE,
        urls.c.depth > 0,
        urls.c.fetched_at.is_(None),
        urls.c.rank >= NEW_RANK,
        urls.c.rank < FAILED_RANK,
    )
    change = sa.update(urls).where(urls.c.id == sa.bindparam("row")).values(rank=sa.bindparam("better"))
    after = 0
    while True:
        some = sa.select(urls.c.id, urls.c.url, urls.c.host, urls.c.rank).where(new, urls.c.id > after)
        with frontier.engine.begin() as connection:
            rows = connection.execute(some.order_by(urls.c.id).limit(PIECE)).all()
            if not rows:
                return
            ranked = [(row.id, yields.rank(row.url, row.host), row.rank) for row in rows]
            changes = [{"row": number, "better": rank} for number, rank, before in ranked if rank != before]
            if changes:
                connection.execute(change, changes)
            after = rows[-1].id
