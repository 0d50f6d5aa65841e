"""Rounds: when one begins, waits for resting hosts, goes on, ends; what the operator's new word changes in it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from crawler.frontier.due import DAY, SLACK, asked_by, over_budget, rank_in_round, ruled_out
from crawler.frontier.frontier import KNOWN_COLUMNS, MAX_NAMED, Frontier
from crawler.frontier.numbers import QUEUED, REFUSED
from crawler.frontier.records import KnownUrl
from crawler.frontier.tables import rounds, urls
from crawler.permissions.operator_rules import OperatorRules

Step = Literal["start", "continue", "reopen", "wait", "nothing"]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a run of the crawl has before it."""

    number: int
    step: Step
    """``wait``: all hosts that the round still asks rest. ``nothing``: it is over, and nothing is due."""
    ends_at: float | None = None
    """When the round before, which only waits, ended; it is closed then."""
    length: float = 0.0
    """Seconds that the round before took."""
    applies_rules: bool = False
    """The operator's word has changed since the round last heard it."""
    admitted: tuple[int, ...] = ()
    """Rows that the operator's old word refused and the new one does not."""
    budgets: tuple[tuple[str, str], ...] = ()
    """Hosts with the budget that was spent there and has some left now."""
    wakes: bool = False
    """Not one page ever came: it was our network, and no host has to rest for that."""

    @property
    def runs(self) -> bool:
        """Whether there is anything to ask for."""
        return self.step in ("start", "continue", "reopen")


class Rounds:
    """The table of rounds, over a frontier."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._engine = frontier.engine

    def open(self, now: float, rules: OperatorRules, *, everything: bool, patience: float) -> Opening:
        """Decide what this run does, and prepare the queue for it."""
        opening = self.peek(now, rules, everything=everything, patience=patience)
        if opening.wakes:
            self._frontier.clear_rests()
        if opening.applies_rules:
            self._apply_rules(opening, rules)
        if opening.step == "start":
            if opening.ends_at is not None:
                self._frontier.finish_round(opening.number - 1, opening.ends_at)
            self._start(opening, now, rules, everything=everything)
        elif opening.step == "reopen":
            self._set(opening.number, finished_at=None, waiting_since=None)
        elif opening.step == "continue":
            self._set(opening.number, waiting_since=None)
        return opening

    def peek(self, now: float, rules: OperatorRules, *, everything: bool, patience: float) -> Opening:
        """Decide what a run would do; nothing is written.

        An interrupted round goes on. One that only waits for resting hosts goes on when one of them may be asked; when
        anything else is due it ends, and its rows go into the next.
        """
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(rounds).order_by(rounds.c.number.desc()).limit(1)).first()
        if row is None:
            return Opening(1, "start")
        wakes = self._frontier.known() == 0
        over = row.finished_at is not None
        due = everything or (not wakes and self._is_due(now, length_of(row), rules, beyond_queue=not over))
        hears = row.words != rules.digest
        admitted = self._admitted(rules) if hears else ()
        budgets = self._budgets_left(row.number, rules) if hears else ()
        step: Step
        if over:
            left = due or wakes or self._left_by_budget(now, row.waiting_since or row.finished_at)
            step = "start" if left else "reopen" if admitted or budgets else "nothing"
        elif row.waiting_since is None or wakes:
            step = "continue"
        elif due:
            step = "start"
        else:
            step = "continue" if admitted or budgets or self._frontier.reachable(now + patience) else "wait"
        return Opening(
            number=row.number + (step == "start"),
            step=step,
            ends_at=row.waiting_since if step == "start" and not over else None,
            length=length_of(row),
            applies_rules=hears,
            admitted=admitted,
            budgets=budgets,
            wakes=wakes,
        )

    def asked(self, opening: Opening, now: float, *, everything: bool) -> Iterator[KnownUrl]:
        """The known URLs that a run with this opening asks for unless a rule forbids it, the first first."""
        queued, admitted, budgets = urls.c.state == QUEUED, set(opening.admitted), set(opening.budgets)
        rank: sa.ColumnElement[int] = urls.c.rank
        if opening.step == "start":
            again = asked_by(now, opening.length, everything=everything)
            queued, rank = sa.or_(queued, again), sa.case((again, rank_in_round(now)), else_=rank)
        wanted = sa.or_(queued, *([ruled_out()] if admitted else []), *([over_budget()] if budgets else []))
        statement = sa.select(sa.case((queued, 1), else_=0), *KNOWN_COLUMNS).where(wanted).order_by(rank, urls.c.id)
        with self._engine.connect() as connection:
            for is_queued, *values in connection.execution_options(yield_per=10_000).execute(statement):
                known = KnownUrl(*values)
                if is_queued or known.id in admitted or (known.host, known.reason) in budgets:
                    yield known

    def close(self, number: int, now: float, patience: float) -> bool:
        """A run has asked for all that it could: end the round, or let it wait for hosts that rest.

        Returns whether it is over.
        """
        if self._frontier.reachable(now + patience):
            return False  # another process is at work, or was killed
        if self._frontier.queued_anywhere():
            self._set(number, waiting_since=now)
            return False
        self._frontier.finish_round(number, now)
        return True

    def _start(self, opening: Opening, now: float, rules: OperatorRules, *, everything: bool) -> None:
        self._frontier.start_round(opening.number, now, everything=everything, round_length=opening.length)
        self._set(opening.number, words=rules.digest)
        self._withhold(rules)

    def _is_due(self, now: float, length: float, rules: OperatorRules, *, beyond_queue: bool) -> bool:
        """Whether anything that the operator still wants is a reason for a round."""
        pairs = self._frontier.due(now, length, beyond_queue=beyond_queue)
        return any(rules.refusal_of_all(host, seed) is None for host, seed in pairs)

    def _apply_rules(self, opening: Opening, rules: OperatorRules) -> None:
        """Apply the operator's new word to the queue."""
        again: dict[str, object] = {"state": QUEUED, "attempts": 0, "reason": None}
        with self._engine.begin() as connection:
            for start in range(0, len(opening.admitted), MAX_NAMED):
                some = urls.c.id.in_(opening.admitted[start : start + MAX_NAMED])
                connection.execute(sa.update(urls).where(some).values(again))
        self._each(opening.budgets, over_budget(), again)
        self._withhold(rules)
        self._set(opening.number - (opening.step == "start"), words=rules.digest)

    def _admitted(self, rules: OperatorRules) -> tuple[int, ...]:
        columns = (urls.c.id, urls.c.url, urls.c.host, urls.c.seed, urls.c.kind, urls.c.depth)
        with self._engine.connect() as connection:
            rows = connection.execution_options(yield_per=10_000).execute(sa.select(*columns).where(ruled_out()))
            return tuple(
                row.id for row in rows if rules.refusal(row.url, row.host, row.seed, row.kind, row.depth) is None
            )

    def _budgets_left(self, number: int, rules: OperatorRules) -> tuple[tuple[str, str], ...]:
        """What a smaller budget left at hosts that have not used up the present one."""
        waiting = sa.select(urls.c.host, urls.c.reason).where(over_budget()).group_by(urls.c.host, urls.c.reason)
        with self._engine.connect() as connection:
            left = connection.execute(waiting).all()
        done = self._frontier.done_by_host(number) if left else {}
        return tuple((host, why) for host, why in left if rules.has_budget(host, done.get(host, 0), why))

    def _withhold(self, rules: OperatorRules) -> None:
        """Refuse what is queued at hosts of which nothing is asked any more; single URLs are judged in their turn."""
        queued = urls.c.state == QUEUED
        pairs = sa.select(urls.c.host, urls.c.seed).where(queued).group_by(urls.c.host, urls.c.seed)
        by_reason: dict[str, list[tuple[str, str]]] = {}
        with self._engine.connect() as connection:
            for host, seed in connection.execute(pairs):
                reason = rules.refusal_of_all(host, seed)
                if reason is not None:
                    by_reason.setdefault(reason, []).append((host, seed))
        for reason, some in by_reason.items():
            self._each(some, queued, {"state": REFUSED, "reason": reason}, second=urls.c.seed)

    def _each(
        self,
        pairs: Iterable[tuple[str, str]],
        condition: sa.ColumnElement[bool],
        values: Mapping[str, object],
        second: sa.Column[str] = urls.c.reason,
    ) -> None:
        with self._engine.begin() as connection:
            for host, other in pairs:
                one = sa.and_(urls.c.host == host, second == other, condition)
                connection.execute(sa.update(urls).where(one).values(values))

    def _left_by_budget(self, now: float, ended: float) -> bool:
        """Whether a day has passed since a round left pages over a budget: the next may ask for them."""
        if now < ended + (1 - SLACK) * DAY:
            return False
        with self._engine.connect() as connection:
            return connection.execute(sa.select(urls.c.id).where(over_budget()).limit(1)).first() is not None

    def _set(self, number: int, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.update(rounds).where(rounds.c.number == number).values(**values))


def length_of(row: sa.Row[tuple[object, ...]]) -> float:
    """Seconds that a round took until nothing was left but hosts that rest."""
    ended = row.waiting_since or row.finished_at
    return max(0.0, float(ended) - float(row.started_at)) if ended is not None else 0.0
