"""The frontier: the state of every URL in a table that outlives the crawl, in SQLite or PostgreSQL.

A URL is queued until its response is in a WARC file; then one transaction marks it done and adds its links. URLs that
were in flight when a crawl was killed are still queued, so nothing is lost and little is fetched twice.
"""

import contextlib
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from crawler.frontier.database import open_engine
from crawler.frontier.due import KNOWN_RANK, asked_by, is_due, rank_in_round
from crawler.frontier.numbers import DONE, PAGE, QUEUED, REFUSED
from crawler.frontier.records import FoundUrl, HostState, KnownUrl
from crawler.frontier.tables import adopted, host_figures, hosts, moves, robots, rounds, urls
from crawler.frontier.visits import MOVED, NOT_MODIFIED
from data.errors import DiskFullError, StoreError

UNREACHABLE = "robots/unreachable"
"""Reason of URLs that were not fetched because robots.txt did not answer; it may answer another day."""
DATED = "lastmod"
"""Reason of URLs that a sitemap's date queued again."""
MAX_NAMED = 500
"""Values in one statement."""
PIECE = 2_000
"""Rows that one statement refuses; it takes about 20 ms."""


KNOWN_COLUMNS = [getattr(urls.c, name) for name in KnownUrl.__dataclass_fields__]


class Frontier:
    """The tables of the crawl state. Several processes may write them at once."""

    def __init__(self, dsn: str, *, to_write: bool = True) -> None:
        self._engine = open_engine(dsn, to_write=to_write)
        insert = self._dialect_insert()
        self._insert = insert(urls).on_conflict_do_nothing(index_elements=["url"]).returning(urls.c.host)
        self._move = insert(moves).on_conflict_do_nothing(index_elements=["seed", "address"])
        self._open = insert(rounds).on_conflict_do_nothing(index_elements=["number"])
        self._meet = insert(hosts).on_conflict_do_nothing(index_elements=["host"])
        remember = insert(hosts)
        news = {name: remember.excluded[name] for name in HostState.__dataclass_fields__}
        self._remember = remember.on_conflict_do_update(index_elements=["host"], set_=news)
        self._met: set[str] = set()
        figures = insert(host_figures)
        added = {name: host_figures.c[name] + figures.excluded[name] for name in ("answers", "octets")}
        newest = {name: figures.excluded[name] for name in ("latency", "cycle", "last_at", "traps")}
        self._add_figures = figures.on_conflict_do_update(index_elements=["host"], set_=added | newest)
        keep = insert(robots)
        fresh = {name: keep.excluded[name] for name in ("status", "fetched_at", "body")}
        self._keep_robots = keep.on_conflict_do_update(index_elements=["host"], set_=fresh)

    def _dialect_insert(self) -> Callable[[sa.Table], Any]:
        """The dialect's insert with ON CONFLICT; PostgreSQL's is imported only when used (0.1 CPU s)."""
        if not self.shared:
            return sqlite.insert
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - see above

        return postgresql.insert

    @property
    def shared(self) -> bool:
        """Whether several machines may share the state and lease hosts (PostgreSQL)."""
        return self._engine.dialect.name == "postgresql"

    @property
    def engine(self) -> sa.Engine:
        """The database engine, for leases."""
        return self._engine

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def current_round(self) -> tuple[int, bool]:
        """Number of the last round (0: none yet) and whether it is finished."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(rounds).order_by(rounds.c.number.desc()).limit(1)).first()
        return (0, True) if row is None else (row.number, row.finished_at is not None)

    def start_round(self, number: int, now: float, *, everything: bool, round_length: float = 0.0) -> int:
        """Open a round and queue its known URLs by rank; return how many are queued.

        Sitemaps are always fetched again, refused URLs are judged again, pages that are gone are fetched when due.
        """
        again = asked_by(now, round_length, everything=everything)
        fresh = {"state": QUEUED, "attempts": 0, "reason": None, "rank": rank_in_round(now)}
        with self._engine.begin() as connection:
            mine = connection.execute(self._open, {"number": number, "started_at": now}).rowcount
            if mine:  # otherwise another process has just opened it
                connection.execute(sa.update(urls).where(again).values(fresh))
            return self._count(connection, urls.c.state == QUEUED)

    def finish_round(self, number: int, now: float) -> None:
        """Close a round."""
        with self._engine.begin() as connection:
            connection.execute(sa.update(rounds).where(rounds.c.number == number).values(finished_at=now))

    def due(self, now: float, round_length: float = 0.0, *, beyond_queue: bool = False) -> list[tuple[str, str]]:
        """The hosts and start URLs with a URL that is a reason to start a round now.

        With ``beyond_queue`` only URLs that are not queued yet count. URLs that a rule refused and URLs of resting
        hosts never count.
        """
        heard = sa.or_(urls.c.state != REFUSED, urls.c.reason == UNREACHABLE)
        resting = sa.select(hosts.c.host).where(hosts.c.rest_until > now)
        heard = sa.and_(heard, urls.c.host.not_in(resting))
        if beyond_queue:
            heard = sa.and_(heard, urls.c.state != QUEUED)
        due = sa.and_(is_due(now, round_length), heard)
        with self._engine.connect() as connection:
            pairs = connection.execute(sa.select(urls.c.host, urls.c.seed).where(due).distinct())
            return [(row[0], row[1]) for row in pairs]

    def known(self) -> int:
        """How many pages have ever been fetched, without sitemaps and feeds."""
        with self._engine.connect() as connection:
            return self._count(connection, urls.c.fetched_at.is_not(None) & (urls.c.kind == PAGE))

    def queued_by_host(self, only: Iterable[str] | None = None) -> dict[str, int]:
        """How many URLs are queued at each host, or at each of the given hosts."""
        statement = sa.select(urls.c.host, sa.func.count()).where(urls.c.state == QUEUED).group_by(urls.c.host)
        if only is not None:
            statement = statement.where(urls.c.host.in_(list(only)))
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def hosts_with_work(self, only: Iterable[str] | None = None) -> list[str]:
        """The hosts, of all or of the given ones, with a queued URL; one index lookup for each host."""
        queued = sa.select(sa.literal(1)).where(
            urls.c.host == hosts.c.host, urls.c.state == sa.literal_column(str(QUEUED))
        )
        statement = sa.select(hosts.c.host).where(sa.exists(queued))
        if only is not None:
            statement = statement.where(hosts.c.host.in_(list(only)))
        with self._engine.connect() as connection:
            return list(connection.execute(statement).scalars())

    def reachable(self, ready_by: float) -> int:
        """How many URLs are queued at hosts whose rest ends by ``ready_by``."""
        resting = sa.select(hosts.c.host).where(hosts.c.rest_until > ready_by)
        with self._engine.connect() as connection:
            return self._count(connection, sa.and_(urls.c.state == QUEUED, urls.c.host.not_in(resting)))

    def queued_anywhere(self) -> int:
        """How many URLs are queued at all hosts."""
        with self._engine.connect() as connection:
            return self._count(connection, urls.c.state == QUEUED)

    def clear_rests(self) -> None:
        """End the rest of every host, as if none had failed."""
        awake = {"rest_until": None, "failures": 0, "state": None, "why": None, "bad_runs": 0}
        with self._engine.begin() as connection:
            connection.execute(sa.update(hosts).values(awake))

    def resting(self, now: float) -> int:
        """How many hosts have URLs queued and rest at a moment of the crawl's clock."""
        queued = sa.select(urls.c.host).where(urls.c.state == QUEUED).distinct()
        names = sa.and_(hosts.c.host.in_(queued), hosts.c.rest_until > now)
        with self._engine.connect() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(hosts).where(names)).scalar_one()

    def done_by_host(self, number: int) -> dict[str, int]:
        """How many pages of each host are done in a round."""
        statement = (
            sa.select(urls.c.host, sa.func.count())
            .where(urls.c.round == number, urls.c.kind == PAGE, urls.c.state == DONE)
            .group_by(urls.c.host)
        )
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(statement)}

    def queued(self, host: str, limit: int) -> list[KnownUrl]:
        """The first queued URLs of a host, by rank and then in the order of discovery."""
        with self._database_errors(), self._engine.connect() as connection:
            rows = connection.execute(_NEXT, {"at": host, "many": limit})
            return [KnownUrl(number, url, host, sys.intern(seed), *rest) for number, url, _, seed, *rest in rows]

    def which_known(self, addresses: Sequence[str]) -> set[str]:
        """The given URLs that are in the table."""
        found: set[str] = set()
        with self._engine.connect() as connection:
            for start in range(0, len(addresses), MAX_NAMED):
                some = sa.select(urls.c.url).where(urls.c.url.in_(addresses[start : start + MAX_NAMED]))
                found.update(connection.execute(some).scalars())
        return found

    def done_without_page(self, url: str) -> KnownUrl | None:
        """The row of a URL that is done and gave no page at its last fetch; None if there is no such row."""
        no_page = sa.and_(urls.c.status >= MOVED, urls.c.status != NOT_MODIFIED)
        found = sa.select(*KNOWN_COLUMNS).where(urls.c.url == url, urls.c.state == DONE, no_page)
        with self._database_errors(), self._engine.connect() as connection:
            row = connection.execute(found).first()
        return KnownUrl(*row) if row is not None else None

    def commit_or_raise(
        self,
        outcomes: Sequence[Mapping[str, Any]],
        found: Iterable[FoundUrl],
        states: Mapping[str, HostState],
    ) -> dict[str, int]:
        """As ``commit``; errors of the database are translated into ours.

        Raises:
            DiskFullError: no room left. StoreError: it cannot be written for another reason.
        """
        with self._database_errors():
            return self.commit(outcomes, found, states)

    @contextlib.contextmanager
    def _database_errors(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.OperationalError as error:
            if "full" in str(error.orig):
                raise DiskFullError(f"{self.place}: no room left on the device.") from error
            raise StoreError(f"{self.place}: the crawl state cannot be read or written ({error.orig}).") from error

    @property
    def place(self) -> str:
        """The database's URL, without a password."""
        return str(self._engine.url)

    def commit(
        self,
        outcomes: Sequence[Mapping[str, Any]],
        found: Iterable[FoundUrl],
        host_states: Mapping[str, HostState] | None = None,
    ) -> dict[str, int]:
        """Write outcomes of URLs, states of hosts and discovered links in one transaction.

        A transaction for each row would cost an fsync each: batches are what makes 50 pages a second possible on a
        disk.

        An outcome maps columns to values and names its row as ``row``. Outcomes of one batch may set different
        columns. A known URL that a sitemap dates after its last fetch is queued again. Returns the number of
        newly queued URLs by host.
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
                self._add(connection, rows, new)
            if host_states:
                states = [{"host": name, **asdict(one)} for name, one in host_states.items()]
                connection.execute(self._remember, states)
        return new

    def _add(self, connection: sa.Connection, rows: Sequence[FoundUrl], new: dict[str, int]) -> None:
        # Sorted: two processes that insert the same links in different orders would deadlock.
        rows = sorted(rows, key=lambda row: row.url) if self.shared else rows
        fields = ("url", "host", "seed", "kind", "depth", "hops", "rank")
        values = [{name: getattr(row, name) for name in fields} for row in rows]
        for host in connection.execute(self._insert, values).scalars():
            new[host] = new.get(host, 0) + 1
        dated = {row.url: row.lastmod for row in rows if row.lastmod is not None}
        if dated:
            self._pull_forward(connection, dated, new)
        unmet = sorted(new.keys() - self._met)
        if unmet:
            connection.execute(self._meet, [{"host": host} for host in unmet])
            self._met.update(unmet)

    @staticmethod
    def _pull_forward(connection: sa.Connection, dated: Mapping[str, float], new: dict[str, int]) -> None:
        """Queue URLs again whose sitemap date is later than their last fetch."""
        addresses = list(dated)
        queued = {"state": QUEUED, "attempts": 0, "rank": KNOWN_RANK, "reason": DATED}
        for start in range(0, len(addresses), MAX_NAMED):
            some = addresses[start : start + MAX_NAMED]
            done = sa.select(urls.c.id, urls.c.url, urls.c.host, urls.c.fetched_at).where(
                urls.c.url.in_(some), urls.c.state == DONE, urls.c.fetched_at.is_not(None)
            )
            stale = [row for row in connection.execute(done) if row.fetched_at < dated[row.url]]
            if stale:
                rows = [row.id for row in stale]
                connection.execute(sa.update(urls).where(urls.c.id.in_(rows)).values(queued))
            for row in stale:
                new[row.host] = new.get(row.host, 0) + 1

    def host_states(self, only: Iterable[str] | None = None) -> dict[str, HostState]:
        """The remembered states of all hosts, or of the given ones."""
        columns = [getattr(hosts.c, name) for name in HostState.__dataclass_fields__]
        statement = sa.select(hosts.c.host, *columns)
        if only is not None:
            statement = statement.where(hosts.c.host.in_(list(only)))
        with self._engine.connect() as connection:
            return {row[0]: HostState(*row[1:]) for row in connection.execute(statement)}

    def refuse_queued(self, host: str, reason: str, number: int, kinds: Iterable[int]) -> int:
        """Refuse up to ``PIECE`` queued URLs of a host by one statement; return how many there were."""
        some = (
            sa.select(urls.c.id)
            .where(urls.c.host == host, urls.c.state == sa.literal_column(str(QUEUED)), urls.c.kind.in_(list(kinds)))
            .limit(PIECE)
        )
        refused = sa.update(urls).where(urls.c.id.in_(some)).values(state=REFUSED, reason=reason, round=number)
        with self._database_errors(), self._engine.begin() as connection:
            return connection.execute(refused).rowcount

    def keep_robots(self, host: str, status: int, fetched_at: float, body: bytes) -> None:
        """Save a host's robots.txt, which is used while a newer one cannot be fetched."""
        values = {"host": host, "status": status, "fetched_at": fetched_at, "body": zlib.compress(body, 1)}
        with self._database_errors(), self._engine.begin() as connection:
            connection.execute(self._keep_robots, values)

    def kept_robots(self, host: str) -> tuple[int, float, bytes] | None:
        """Status, time and body of the last robots.txt of a host that was fetched."""
        with self._database_errors(), self._engine.connect() as connection:
            row = connection.execute(sa.select(robots).where(robots.c.host == host)).first()
        return None if row is None else (row.status, row.fetched_at, zlib.decompress(row.body))

    def add_figures(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add counts of responses and bytes to the hosts' totals; means and traps are replaced."""
        with self._database_errors(), self._engine.begin() as connection:
            connection.execute(self._add_figures, [dict(row) for row in rows])

    def remember_move(self, seed: str, address: str) -> None:
        """Save the new address that a start URL redirects to."""
        with self._engine.begin() as connection:
            connection.execute(self._move, {"seed": seed, "address": address})

    def moves(self) -> list[tuple[str, str]]:
        """The addresses that start URLs redirect to, each with its start URL."""
        with self._engine.connect() as connection:
            before = connection.execute(sa.select(adopted.c.host, adopted.c.seed)).all()
            now = connection.execute(sa.select(moves.c.address, moves.c.seed).order_by(moves.c.seed)).all()
        return [(row[0], row[1]) for row in (*before, *now)]

    @staticmethod
    def _count(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> int:
        return connection.execute(sa.select(sa.func.count()).select_from(urls).where(condition)).scalar_one()


_NEXT = (
    sa.select(*KNOWN_COLUMNS)
    .where(urls.c.host == sa.bindparam("at"), urls.c.state == sa.literal_column(str(QUEUED)))
    .order_by(urls.c.rank, urls.c.id)
    .limit(sa.bindparam("many"))
)
"""The state is a literal, not a parameter: otherwise SQLite does not use the partial index."""
