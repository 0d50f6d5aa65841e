"""How a host stands with us: reachable or not, blocked, sick. What it is in, it rests for, longer run by run."""

from crawler.frontier import visits
from crawler.frontier.hosts import Host
from crawler.process.round import Round

UNREACHABLE, BLOCKED, SICK = "unreachable", "blocked", "sick"
RESTS = (1, 7, 30, 60, 120, 180)
"""Days of rest after the first, second … run in a row that ended so; the last for all further ones."""


def falls(current: Round, host: Host, state: str, why: str) -> None:
    """A host is unreachable, blocked or sick: nothing more of it in this run, its rows stay queued."""
    if host.left_out and host.state == state:
        return
    host.bad_runs = host.bad_runs + 1 if host.state is not None else 1
    host.state, host.why = state, why
    current.counts[f"crawl/hosts/{state}"] += 1
    current.rest(host, RESTS[min(host.bad_runs, len(RESTS)) - 1] * visits.DAY)


def recovers(current: Round, host: Host) -> None:
    """A host answers as it should again."""
    if host.state is not None:
        host.state, host.why, host.bad_runs, host.rest_until = None, None, 0, None
        current.remember(host)
