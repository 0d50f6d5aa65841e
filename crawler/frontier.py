"""What is known of every URL: a table that outlives the crawl, in SQLite or PostgreSQL.

A URL is queued until its answer is in a WARC file; then one transaction marks it done and adds its links. What was
in flight when a crawl is killed is still queued, so nothing is lost and little is fetched twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from data.errors import StoreError

QUEUED, DONE, REFUSED = 0, 1, 2
"""States of a URL in the current round."""
PAGE, SITEMAP = 0, 1
"""Kinds of a URL."""

_tables = sa.MetaData()

rounds = sa.Table(
    "rounds",
    _tables,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("started_at", sa.Float, nullable=False),  # the crawl's clock, seconds since 1970
    sa.Column("finished_at", sa.Float),
)

urls = sa.Table(
    "urls",
    _tables,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("url", sa.Text, nullable=False, unique=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("seed", sa.Text, nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False, default=PAGE),
    sa.Column("depth", sa.SmallInteger, nullable=False, default=0),
    sa.Column("hops", sa.SmallInteger, nullable=False, default=0),  # redirects in a row before it
    sa.Column("state", sa.SmallInteger, nullable=False, default=QUEUED),
    sa.Column("attempts", sa.SmallInteger, nullable=False, default=0),  # failed ones in this round
    sa.Column("round", sa.Integer, nullable=False, default=0),  # the last one that it was done in
    sa.Column("status", sa.SmallInteger),  # HTTP status of the last answer
    sa.Column("reason", sa.Text),  # why it was refused or failed
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    sa.Column("digest", sa.Text),  # of the decoded body, to see that nothing changed
    sa.Column("warc_digest", sa.Text),  # WARC-Payload-Digest of the last full record
    sa.Column("fetched_at", sa.Float),
    sa.Column("due_at", sa.Float),
    sa.Column("interval_days", sa.Float),
    sa.Column("unchanged", sa.Integer, nullable=False, default=0),  # visits in a row
    sa.Index("urls_by_host", "host", "state", "id"),
)

adopted = sa.Table(
    "adopted",
    _tables,
    sa.Column("host", sa.Text, primary_key=True),  # a host that a start URL redirects to
    sa.Column("seed", sa.Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Known:
    """One URL as the scheduler needs it."""

    id: int
    url: str
    host: str
    seed: str
    kind: int
    depth: int
    hops: int
    attempts: int
    etag: str | None
    last_modified: str | None
    digest: str | None
    warc_digest: str | None
    fetched_at: float | None
    interval_days: float | None
    unchanged: int


_KNOWN = [getattr(urls.c, name) for name in Known.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class Found:
    """A URL to be queued where it is not known yet."""

    url: str
    host: str
    seed: str
    kind: int = PAGE
    depth: int = 0
    hops: int = 0
    lastmod: float | None = None
    """When a sitemap says that it changed last, seconds since 1970."""


class Frontier:
    """The table of URLs. One process writes it."""

    def __init__(self, dsn: str) -> None:
        self._engine = sa.create_engine(dsn)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _tune_sqlite)
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        self._insert = insert(urls).on_conflict_do_nothing(index_elements=["url"]).returning(urls.c.host)
        self._adopt = insert(adopted).on_conflict_do_nothing(index_elements=["host"])
        try:
            _tables.create_all(self._engine)
        except sa.exc.SQLAlchemyError as error:
            raise StoreError(f"{self._engine.url!r}: the crawl state cannot be opened ({error.args[0]}).") from error

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def current_round(self) -> tuple[int, bool]:
        """Number of the last round (0: none yet) and whether it is finished."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(rounds).order_by(rounds.c.number.desc()).limit(1)).first()
        return (0, True) if row is None else (row.number, row.finished_at is not None)

    def start_round(self, number: int, now: float, *, everything: bool) -> int:
        """Open a round and queue the URLs that it asks for again; return how many are queued.

        Sitemaps are always asked for again, refused URLs are judged anew, what is gone is asked for when due.
        """
        again = sa.or_(urls.c.fetched_at.is_(None), urls.c.kind == SITEMAP, urls.c.state == REFUSED)
        again = sa.true() if everything else sa.or_(again, urls.c.due_at <= now)
        with self._engine.begin() as connection:
            connection.execute(sa.insert(rounds).values(number=number, started_at=now))
            connection.execute(sa.update(urls).where(again).values(state=QUEUED, attempts=0, reason=None))
            return self._count(connection, urls.c.state == QUEUED)

    def finish_round(self, number: int, now: float) -> None:
        """Close a round."""
        with self._engine.begin() as connection:
            connection.execute(sa.update(rounds).where(rounds.c.number == number).values(finished_at=now))

    def due(self, now: float) -> int:
        """How many URLs a round that starts now would ask for."""
        due = sa.or_(urls.c.fetched_at.is_(None), urls.c.due_at <= now)
        with self._engine.connect() as connection:
            return self._count(connection, sa.and_(due, urls.c.state != REFUSED))

    def known(self) -> int:
        """How many URLs have ever been answered."""
        with self._engine.connect() as connection:
            return self._count(connection, urls.c.fetched_at.is_not(None))

    def queued_by_host(self) -> dict[str, int]:
        """How many URLs are queued at each host."""
        statement = sa.select(urls.c.host, sa.func.count()).where(urls.c.state == QUEUED).group_by(urls.c.host)
        with self._engine.connect() as connection:
            return dict(connection.execute(statement).tuples().all())

    def done_by_host(self, number: int) -> dict[str, int]:
        """How many pages of each host are done in a round."""
        statement = (
            sa.select(urls.c.host, sa.func.count())
            .where(urls.c.round == number, urls.c.kind == PAGE, urls.c.state == DONE)
            .group_by(urls.c.host)
        )
        with self._engine.connect() as connection:
            return dict(connection.execute(statement).tuples().all())

    def queued(self, host: str, after: int, limit: int) -> list[Known]:
        """The next queued URLs of a host, in the order in which they were found."""
        statement = (
            sa.select(*_KNOWN)
            .where(urls.c.host == host, urls.c.state == QUEUED, urls.c.id > after)
            .order_by(urls.c.id)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [Known(*row) for row in connection.execute(statement)]

    def commit(self, outcomes: Sequence[Mapping[str, Any]], found: Iterable[Found]) -> dict[str, int]:
        """Write what became of URLs and the links found, in one transaction; return newly queued URLs by host.

        An outcome maps columns to values and names its row as ``row``. Outcomes of one batch may set different
        columns. A known URL that a sitemap dates after its last fetch is queued again.
        """
        new: dict[str, int] = {}
        by_columns: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for outcome in outcomes:
            by_columns.setdefault(tuple(sorted(outcome)), []).append(outcome)
        rows = list(found)
        with self._engine.begin() as connection:
            for columns, batch in by_columns.items():
                values: dict[str, Any] = {name: sa.bindparam(name) for name in columns if name != "row"}
                connection.execute(
                    sa.update(urls).where(urls.c.id == sa.bindparam("row")).values(values), [dict(one) for one in batch]
                )
            if rows:
                fields = ("url", "host", "seed", "kind", "depth", "hops")
                values_of = [{name: getattr(row, name) for name in fields} for row in rows]
                for host in connection.execute(self._insert, values_of).scalars():
                    new[host] = new.get(host, 0) + 1
            dated = [{"address": row.url, "lastmod": row.lastmod} for row in rows if row.lastmod is not None]
            for row in dated:
                statement = (
                    sa.update(urls)
                    .where(urls.c.url == row["address"], urls.c.state == DONE, urls.c.fetched_at < row["lastmod"])
                    .values(state=QUEUED)
                    .returning(urls.c.host)
                )
                for host in connection.execute(statement).scalars():
                    new[host] = new.get(host, 0) + 1
        return new

    def adopt(self, host: str, seed: str) -> None:
        """Remember that a start URL's site now lives at another host."""
        with self._engine.begin() as connection:
            connection.execute(self._adopt, {"host": host, "seed": seed})

    def adopted_hosts(self) -> dict[str, str]:
        """The seeds' new hosts."""
        with self._engine.connect() as connection:
            return dict(connection.execute(sa.select(adopted.c.host, adopted.c.seed)).tuples().all())

    @staticmethod
    def _count(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> int:
        return connection.execute(sa.select(sa.func.count()).select_from(urls).where(condition)).scalar_one()


def _tune_sqlite(connection: Any, _: Any) -> None:
    """Write-ahead log: readers see a whole state while the crawl writes; a commit survives the process's death."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "temp_store=MEMORY", "cache_size=-65536"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
