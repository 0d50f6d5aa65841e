"""Host ownership: a process crawls all hosts, those of its partition, or those that it leases in PostgreSQL."""

import os
import socket
import uuid
import zlib

import sqlalchemy as sa

from crawler.frontier.frontier import Frontier
from crawler.frontier.numbers import QUEUED
from crawler.frontier.tables import hosts, urls
from data.urls import registered_domain

LEASE = 60.0
"""Seconds without a heartbeat after which the leases of a process expire."""
HEARTBEAT = 10.0
"""Seconds between two heartbeats."""
HELD_HOSTS = 512
"""Hosts that a process leases, at most."""


class Ownership:
    """Decides which hosts are ours. SQLite: those of the partition. PostgreSQL: those that we lease."""

    def __init__(self, frontier: Frontier, partition: str | None) -> None:
        part, _, parts = (partition or "1/1").partition("/")
        self._part, self._parts = int(part) - 1, int(parts)
        self._frontier = frontier
        self._engine = frontier.engine
        self._leases = frontier.shared
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._held: set[str] = set()

    @property
    def is_shared(self) -> bool:
        """Whether other processes may queue URLs at our hosts."""
        return self._leases or self._parts > 1

    def owns(self, host: str) -> bool:
        """Whether this process may fetch from a host."""
        if self._leases:
            return host in self._held
        return self._parts == 1 or zlib.crc32(registered_domain(host).encode()) % self._parts == self._part

    def take(self, ready_by: float) -> list[str] | None:
        """Lease free hosts with queued URLs whose rest ends by ``ready_by``.

        Returns all hosts that are ours then; None if all hosts of the state may be ours (SQLite).
        """
        if not self._leases:
            return None
        room = HELD_HOSTS - len(self._held)
        if room > 0:
            self._held.update(self._lease(room, ready_by))
        return sorted(self._held)

    def heartbeat(self) -> set[str]:
        """Renew our leases; return the hosts that we lost because we were silent for too long."""
        if not self._leases:
            return set()
        statement = (
            sa.update(hosts)
            .where(hosts.c.owner == self._owner)
            .values(held_until=_clock() + LEASE)
            .returning(hosts.c.host)
        )
        with self._engine.begin() as connection:
            still = set(connection.execute(statement).scalars())
        lost, self._held = self._held - still, still
        return lost

    def give_back(self, names: set[str] | None = None) -> None:
        """Release leases: of the named hosts, or of all."""
        if not self._leases or names == set():
            return
        statement = sa.update(hosts).where(hosts.c.owner == self._owner).values(owner=None, held_until=None)
        if names is not None:
            statement = statement.where(hosts.c.host.in_(sorted(names)))
        with self._engine.begin() as connection:
            connection.execute(statement)
        self._held = self._held - names if names is not None else set()

    def no_work_elsewhere(self) -> bool:
        """Whether no other live process has a host with work: its links, or its death, might bring us work."""
        if not self._leases:
            return True
        held = sa.select(hosts.c.host).where(
            hosts.c.owner.is_not(None), hosts.c.owner != self._owner, hosts.c.held_until >= _clock(), _has_work()
        )
        with self._engine.connect() as connection:
            return connection.execute(held.limit(1)).first() is None

    def _lease(self, room: int, ready_by: float) -> list[str]:
        free = (
            sa.select(hosts.c.host)
            .where(sa.or_(hosts.c.owner.is_(None), hosts.c.held_until < _clock()), _has_work())
            .where(sa.or_(hosts.c.rest_until.is_(None), hosts.c.rest_until <= ready_by))
            .order_by(hosts.c.host)
            .limit(room)
            .with_for_update(skip_locked=True)
        )
        statement = (
            sa.update(hosts)
            .where(hosts.c.host.in_(free))
            .values(owner=self._owner, held_until=_clock() + LEASE)
            .returning(hosts.c.host)
        )
        with self._engine.begin() as connection:
            return list(connection.execute(statement).scalars())


def _clock() -> sa.ColumnElement[float]:
    """The database's clock, one for all machines."""
    return sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()), sa.Float)


def _has_work() -> sa.ColumnElement[bool]:
    queued = sa.select(sa.literal(1)).where(urls.c.host == hosts.c.host, urls.c.state == sa.literal_column(str(QUEUED)))
    return sa.exists(queued)
