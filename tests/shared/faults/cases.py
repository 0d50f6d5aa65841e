"""The cases of the fault-injecting check: what is struck or disturbed, and at which moment."""

from collections.abc import Iterator
from dataclasses import dataclass

from faults.proxy import KINDS

EQUAL = ("meanwhile", "afterwards")
"""When an equal run is submitted: right after the blow, or when the first run has ended."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that goes wrong with one run."""

    name: str
    training: bool = False
    """The run goes on to the training, by a run of pretrain-biomedtra."""
    of_child: bool = False
    """The moment is one of the training's run."""
    victims: tuple[str, ...] = ()
    """Killed: served processes, `engine`, `trainer` (the training's engine), `stage` (its process), `everything`."""
    end: bool = False
    """They get SIGTERM, as a service manager sends it, instead of SIGKILL."""
    state: str = ""
    """The moment: the transition to this state; WORK is while a stage is at work."""
    when: str = "after"
    """Before the server hears of the transition, or after."""
    lane: str = ""
    """Whose requests are disturbed."""
    kind: str = ""
    first: int = 0
    seconds: float = 0.0
    equal: str = "afterwards"

    @property
    def cancelled(self) -> bool:
        """Whether somebody cancels the run."""
        return self.state in ("CANCELLING", "CANCELLED")

    @property
    def group(self) -> tuple[str, str]:
        """Row and column of the table."""
        whose = "training" if self.of_child or self.lane == "training" else "build"
        if self.lane:
            return f"{self.lane}: {self.kind}{f' for {self.seconds:.0f} s' if self.seconds else ''}", whose
        return f"{' + '.join(self.victims)}{' ended' if self.end else ' killed'}", whose


def every_case() -> list[Case]:
    """All of them, in an order that mixes short and long ones."""
    found = [*_kills_of_build(), *_kills_of_training(), *_ends(), *_requests(), *_outages()]
    names = [case.name for case in found]
    assert len(names) == len(set(names))
    return found


def _killed(state: str, when: str, victims: str, number: int, *, of_child: bool = False) -> Case:
    whose = "training" if of_child else "build"
    return Case(
        name=f"{whose} {state} {when} {victims}",
        training=of_child,
        of_child=of_child,
        victims=tuple(victims.split("+")),
        state=state,
        when=when,
        equal=EQUAL[number % 2],
    )


def _kills_of_build() -> Iterator[Case]:
    moments = {
        "SCHEDULED": ("worker-cpu", "server", "everything", "keeper"),
        "PENDING": ("worker-cpu", "server", "everything"),
        "RUNNING": ("engine", "worker-cpu", "worker-cpu+engine", "server", "everything"),
        "WORK": ("stage", "engine", "worker-cpu", "worker-cpu+engine", "worker-cpu+worker-gpu+keeper", "everything"),
        "COMPLETED": ("engine", "worker-cpu", "worker-cpu+engine", "server", "everything"),
        "CANCELLING": ("stage", "engine", "worker-cpu", "worker-cpu+engine", "server", "everything"),
        "CANCELLED": ("worker-cpu", "engine", "server", "everything"),
    }
    number = 0
    for state, victims in moments.items():
        for when in ("after",) if state in ("SCHEDULED", "WORK") else ("before", "after"):
            for one in victims:
                number += 1
                yield _killed(state, when, one, number)


def _kills_of_training() -> Iterator[Case]:
    moments = {
        "SCHEDULED": ("engine", "worker-cpu", "worker-gpu", "server", "everything"),
        "PENDING": ("engine", "worker-cpu", "worker-gpu", "server", "everything"),
        "RUNNING": ("engine", "trainer", "worker-cpu", "worker-gpu", "worker-gpu+trainer", "server", "everything"),
        "COMPLETED": ("engine", "trainer", "worker-cpu", "worker-gpu", "worker-gpu+trainer", "server", "everything"),
        "CANCELLING": ("engine", "trainer", "worker-cpu", "worker-gpu", "worker-gpu+trainer", "server", "everything"),
        "CANCELLED": ("engine", "trainer", "worker-cpu", "worker-gpu", "server", "everything"),
    }
    number = 0
    for state, victims in moments.items():
        for when in ("before", "after"):
            for one in victims:
                number += 1
                yield _killed(state, when, one, number, of_child=True)


def _ends() -> Iterator[Case]:
    """A service is stopped under a run."""
    for victims in ("worker-cpu", "worker-gpu", "worker-cpu+worker-gpu", "server"):
        yield Case(
            name=f"training WORK {victims} ended",
            training=True,
            of_child=True,
            victims=tuple(victims.split("+")),
            end=True,
            state="WORK",
        )


def _requests() -> Iterator[Case]:
    """A single request is disturbed, the N-th of a client."""
    numbers = {
        "engine": (1, 2, 3, 5, 8, 12, 16, 20, 25),
        "training": (1, 4, 9, 15),
        "worker-cpu": (1, 2, 3, 5, 8),
        "worker-gpu": (1, 4),
    }
    count = 0
    for lane, firsts in numbers.items():
        for first in firsts:
            for kind in KINDS:
                count += 1
                yield Case(
                    name=f"{lane} request {first} {kind}",
                    training=lane in ("training", "worker-gpu"),
                    lane=lane,
                    kind=kind,
                    first=first,
                    equal=EQUAL[count % 2],
                )


def _outages() -> Iterator[Case]:
    """The server is away for a client from its N-th request on: for 20 s, or for more than a minute."""
    for lane, first, training, seconds in (
        ("engine", 1, False, 20),
        ("engine", 8, False, 20),
        ("engine", 20, False, 20),
        ("engine", 45, True, 20),
        ("engine", 45, True, 75),
        ("training", 1, True, 20),
        ("training", 10, True, 20),
        ("worker-cpu", 1, False, 20),
        ("worker-cpu", 4, False, 20),
        ("worker-gpu", 3, True, 20),
        ("worker-cpu", 5, False, 75),
    ):
        for kind in ("503", "cut"):
            yield Case(
                name=f"{lane} request {first} {kind} for {seconds} s",
                training=training,
                lane=lane,
                kind=kind,
                first=first,
                seconds=seconds,
            )
