"""Rounds: when one begins, waits for resting hosts, goes on, ends; what the operator's new word changes in it."""

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from crawler.frontier.due import DAY, SLACK, over_budget, ruled_out
from crawler.frontier.frontier import MAX_NAMED, Frontier
from crawler.frontier.tables import QUEUED, REFUSED, rounds, urls
from crawler.permissions.operator_rules import OperatorRules

Step = Literal["start", "continue", "reopen", "wait", "nothing"]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a run of the crawl has before it."""

    number: int
    step: Step
    """``wait``: all hosts that the round still asks rest. ``nothing``: it is over, and nothing is due."""

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
        """Decide what this run does, and prepare the queue for it.

        An interrupted round goes on. One that only waits for resting hosts goes on when one of them may be asked; when
        anything else is due it ends, and its rows go into the next.
        """
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(rounds).order_by(rounds.c.number.desc()).limit(1)).first()
        if row is None:
            return self._start(1, now, rules, 0.0, everything=everything)
        opening = self._decide(row, now, rules, everything=everything, patience=patience)
        if opening.step == "start":
            if row.finished_at is None:
                self._frontier.finish_round(row.number, row.waiting_since)
            return self._start(opening.number, now, rules, length_of(row), everything=everything)
        return opening

    def _decide(
        self, row: sa.Row[tuple[object, ...]], now: float, rules: OperatorRules, *, everything: bool, patience: float
    ) -> Opening:
        number: int = row.number
        length = length_of(row)
        nothing_known = self._frontier.known() == 0
        if nothing_known:  # not one page ever came: it was our network, and no host has to rest for that
            self._frontier.forget_rests()
        due = everything or self._is_due(now, length, rules, beyond_queue=row.finished_at is None)
        admitted = self._hear(row.number, rules) if row.words != rules.digest else 0
        if row.finished_at is not None:
            ended = row.waiting_since or row.finished_at
            if due or nothing_known or self._left_by_budget(now, ended):
                return Opening(number + 1, "start")
            if admitted:
                self._set(number, finished_at=None, waiting_since=None)
                return Opening(number, "reopen")
            return Opening(number, "nothing")
        if row.waiting_since is None or nothing_known:
            return Opening(number, "continue")
        if due:
            return Opening(number + 1, "start")
        if admitted or self._frontier.reachable(now + patience):
            self._set(number, waiting_since=None)
            return Opening(number, "continue")
        return Opening(number, "wait")

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

    def _start(self, number: int, now: float, rules: OperatorRules, length: float, *, everything: bool) -> Opening:
        self._frontier.start_round(number, now, everything=everything, round_length=length)
        self._set(number, words=rules.digest)
        self._withhold(rules)
        return Opening(number, "start")

    def _is_due(self, now: float, length: float, rules: OperatorRules, *, beyond_queue: bool) -> bool:
        """Whether anything that the operator still wants is a reason for a round."""
        pairs = self._frontier.due(now, length, beyond_queue=beyond_queue)
        return any(rules.refusal_of_all(host, seed) is None for host, seed in pairs)

    def _hear(self, number: int, rules: OperatorRules) -> int:
        """Apply the operator's new word to the queue; return how many URLs it admits that were refused before."""
        admitted = self._readmit(rules) + self._readmit_budgets(number, rules)
        self._withhold(rules)
        self._set(number, words=rules.digest)
        return admitted

    def _readmit(self, rules: OperatorRules) -> int:
        columns = (urls.c.id, urls.c.url, urls.c.host, urls.c.seed, urls.c.kind, urls.c.depth)
        with self._engine.connect() as connection:
            rows = connection.execution_options(yield_per=10_000).execute(sa.select(*columns).where(ruled_out()))
            admitted = [
                row.id for row in rows if rules.refusal(row.url, row.host, row.seed, row.kind, row.depth) is None
            ]
        with self._engine.begin() as connection:
            for start in range(0, len(admitted), MAX_NAMED):
                some = urls.c.id.in_(admitted[start : start + MAX_NAMED])
                connection.execute(sa.update(urls).where(some).values(state=QUEUED, attempts=0, reason=None))
        return len(admitted)

    def _readmit_budgets(self, number: int, rules: OperatorRules) -> int:
        """Queue again what a smaller budget left at hosts that have not used up the present one."""
        waiting = sa.select(urls.c.host, urls.c.reason).where(over_budget()).group_by(urls.c.host, urls.c.reason)
        with self._engine.connect() as connection:
            left = connection.execute(waiting).all()
        done = self._frontier.done_by_host(number) if left else {}
        open_again = [(host, why) for host, why in left if rules.has_budget(host, done.get(host, 0), why)]
        return self._each(open_again, over_budget(), state=QUEUED, attempts=0, reason=None)

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
            self._each(some, queued, second=urls.c.seed, state=REFUSED, reason=reason)

    def _each(
        self,
        pairs: list[tuple[str, str]],
        condition: sa.ColumnElement[bool],
        second: sa.Column[str] = urls.c.reason,
        **values: object,
    ) -> int:
        changed = 0
        with self._engine.begin() as connection:
            for host, other in pairs:
                one = sa.and_(urls.c.host == host, second == other, condition)
                changed += connection.execute(sa.update(urls).where(one).values(**values)).rowcount
        return changed

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
