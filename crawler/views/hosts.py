"""The operator's view of every host: its state and cause, its figures, its queue."""

import json
from datetime import UTC, datetime
from typing import Any, Self

import sqlalchemy as sa

from crawler.frontier.database import open_engine
from crawler.frontier.numbers import DONE, QUEUED
from crawler.frontier.tables import host_figures, hosts, rounds, urls
from crawler.permissions.operator_rules import OperatorRules
from crawler.permissions.scope import Scope
from crawler.settings import CrawlSettings, Override
from crawler.views.host_records import HostStory, HostUrl, HostView, OperatorState
from crawler.views.host_tally import HostTally
from data.errors import InputError, StoreError
from data.seeds import load_seeds
from data.store import Store
from data.takedowns import Takedowns
from data.urls import canonical_url, host_of

SHOWN_URLS = 10
"""Last and next URLs in the story of a host."""


def host_views(store: Store, settings: CrawlSettings, *, as_of: datetime | None = None) -> list[HostView]:
    """The views of all hosts of the state and of the start URLs; nothing is written.

    Raises:
        InputError: bad seeds. StoreError: the state cannot be read.
    """
    with _View(store, settings, as_of) as view:
        return list(view.all().values())


def host_story(store: Store, settings: CrawlSettings, host: str, *, as_of: datetime | None = None) -> HostStory:
    """Everything about one host, with or without www.

    Raises:
        InputError: neither the state nor the list of start URLs has it; bad seeds.
        StoreError: the state cannot be read.
    """
    with _View(store, settings, as_of) as view:
        return view.host_details(host)


class _View:
    """The tables of the state, read once."""

    def __init__(self, store: Store, settings: CrawlSettings, as_of: datetime | None) -> None:
        scope = Scope(load_seeds(settings.seeds))
        self._takedowns = Takedowns.load(store)
        self._rules = OperatorRules(settings, scope, self._takedowns)
        self._now = (as_of or datetime.now(UTC)).timestamp()
        there = settings.dsn is not None or store.crawl_state.exists()
        self._engine = open_engine(
            settings.dsn or f"sqlite:///{store.crawl_state}" if there else "sqlite://", to_write=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def all(self) -> dict[str, HostView]:
        """The views by host."""
        counted, remembered, figures, round_ = self._read(None)
        names = {host_of(url) for url, _ in self._rules.scope.start_urls()}
        return {
            name: self._view(name, counted.get(name, []), remembered.get(name), figures.get(name), round_)
            for name in sorted(names | counted.keys() | remembered.keys())
        }

    def host_details(self, host: str) -> HostStory:
        """One host in full."""
        for name in _spellings(host):
            counted, remembered, figures, round_ = self._read(name)
            seeds = [url for url, _ in self._rules.scope.start_urls() if host_of(url) == name]
            if name in counted or name in remembered or seeds:
                view = self._view(name, counted.get(name, []), remembered.get(name), figures.get(name), round_)
                return self._told(view, remembered.get(name), seeds)
        raise InputError(f"{host}: no host of this store or of its start URLs. `cowese hosts` lists them.")

    def _told(self, view: HostView, remembered: "sa.Row[Any] | None", seeds: list[str]) -> HostStory:
        here = urls.c.host == view.host
        shown = (urls.c.url, urls.c.status, urls.c.reason, urls.c.fetched_at, urls.c.due_at)
        last = sa.select(*shown).where(here, urls.c.fetched_at.is_not(None)).order_by(urls.c.fetched_at.desc())
        queue = sa.select(*shown).where(here, urls.c.state == sa.literal_column(str(QUEUED)))
        by_round = sa.select(urls.c.round, sa.func.count()).where(here, urls.c.round > 0).group_by(urls.c.round)
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(urls.c.seed).where(here).distinct()).scalars().all()
            override = self._rules.override(view.host)
            return HostStory(
                **view.model_dump(exclude={"standing"}),
                start_urls=sorted({*seeds, *found}),
                override=override if override != Override() else None,
                rounds={row[0]: row[1] for row in connection.execute(by_round.order_by(urls.c.round))},
                bad_runs=remembered.bad_runs if remembered is not None else 0,
                last=[_url(row) for row in connection.execute(last.limit(SHOWN_URLS))],
                next=[
                    _url(row) for row in connection.execute(queue.order_by(urls.c.rank, urls.c.id).limit(SHOWN_URLS))
                ],
            )

    def _read(
        self, host: str | None
    ) -> tuple[
        dict[str, list["sa.Row[Any]"]],
        dict[str, "sa.Row[Any]"],
        dict[str, "sa.Row[Any]"],
        tuple[int, bool],
    ]:
        """Counts, saved states and figures by host; the last round and whether it is over."""
        keys = (urls.c.host, urls.c.state, urls.c.kind, urls.c.status, urls.c.reason, urls.c.round)
        count = sa.select(
            *keys,
            sa.func.count().label("many"),
            sa.func.min(urls.c.due_at).label("due_at"),
            sa.func.max(urls.c.fetched_at).label("fetched_at"),
        ).group_by(*keys)
        remembered, figures = sa.select(hosts), sa.select(host_figures)
        if host is not None:
            count = count.where(urls.c.host == host)
            remembered, figures = remembered.where(hosts.c.host == host), figures.where(host_figures.c.host == host)
        last = sa.select(rounds).order_by(rounds.c.number.desc()).limit(1)
        counted: dict[str, list[sa.Row[Any]]] = {}
        try:
            tables = set(sa.inspect(self._engine).get_table_names())
            if "urls" not in tables:
                return {}, {}, {}, (0, True)
            with self._engine.connect() as connection:
                for row in connection.execute(count):
                    counted.setdefault(row.host, []).append(row)
                known = {row.host: row for row in connection.execute(remembered)}
                measured: dict[str, sa.Row[Any]] = {}
                if host_figures.name in tables:  # a state of an earlier version has none
                    measured = {row.host: row for row in connection.execute(figures)}
                round_ = connection.execute(last).first()
        except sa.exc.SQLAlchemyError as error:
            shown = str(error).splitlines()[0]
            raise StoreError(f"{self._engine.url}: the crawl state cannot be read ({shown}).") from error
        return (
            counted,
            known,
            measured,
            (0, True) if round_ is None else (round_.number, round_.finished_at is not None),
        )

    def _view(
        self,
        host: str,
        counted: "list[sa.Row[Any]]",
        remembered: "sa.Row[Any] | None",
        figures: "sa.Row[Any] | None",
        round_: tuple[int, bool],
    ) -> HostView:
        tally = HostTally(counted, round_[0])
        state, why, rests = self._state(host, tally, remembered)
        due = [row.due_at for row in counted if row.due_at is not None and row.state == DONE]
        return HostView(
            host=host,
            state=state,
            why=why,
            rests_until=_moment(rests),
            pages=tally.pages,
            queued=tally.queued,
            done_in_round=tally.done_in_round,
            page_cap=self._rules.page_cap(host),
            statuses=dict(tally.statuses.most_common()),
            failed=dict(tally.failed.most_common()),
            opt_outs=dict(tally.opt_outs.most_common()),
            refused=dict(tally.refused.most_common()),
            traps=json.loads(figures.traps) if figures is not None and figures.traps else {},
            answers=figures.answers if figures is not None else 0,
            megabytes=round(figures.octets / 1e6, 3) if figures is not None else 0.0,
            answers_a_second=round(1 / figures.cycle, 2) if figures is not None and figures.cycle > 0 else None,
            latency=figures.latency if figures is not None else None,
            last_answer=_moment(figures.last_at) if figures is not None else None,
            next_due=_moment(min(due)) if due else None,
        )

    def _state(
        self, host: str, tally: "HostTally", remembered: "sa.Row[Any] | None"
    ) -> tuple[OperatorState, str | None, float | None]:
        """The state of a host, its cause, and until when the host rests."""
        rests = remembered.rest_until if remembered is not None else None
        rests = rests if rests is not None and rests > self._now else None
        override = self._rules.override(host)
        if override.pause:
            return "paused", "by the settings", rests
        if self._takedowns.covers(f"http://{host}/never-a-page"):
            return "taken_down", "by the list of takedowns", rests
        if not self._rules.scope.covers_host(host) and not tally.queued:
            return "out_of_scope", "no start URL leads here", rests
        if remembered is not None and remembered.state is not None:
            return remembered.state, remembered.why, rests
        if rests is not None:
            return "resting", f"{remembered.failures if remembered is not None else 0} failures in a row", rests
        if tally.opt_outs and not tally.pages and not tally.queued:
            return "opted_out", tally.opt_outs.most_common(1)[0][0], None
        budget = next((reason for reason in tally.refused if reason.startswith("budget/")), None)
        if budget is not None:
            return "over_budget", budget, None
        if tally.queued:
            return "queued", None, None
        return ("done" if tally.seen else "new"), None, None


def _spellings(host: str) -> tuple[str, ...]:
    """The names of a host in the state: as typed, without and with www."""
    name = host_of(canonical_url(host if "://" in host else f"http://{host}/"))
    bare = name.removeprefix("www.")
    return tuple(dict.fromkeys((name, bare, f"www.{bare}")))


def _url(row: Any) -> HostUrl:
    times = {"fetched_at": _moment(row.fetched_at), "due_at": _moment(row.due_at)}
    return HostUrl.model_validate({**row._asdict(), **times})


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)
