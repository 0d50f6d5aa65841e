"""How a host stands with us: reachable or not, blocked, sick. What it is in, it rests for, longer run by run."""

from crawler.frontier import visits
from crawler.frontier.hosts import Host
from crawler.parsing.block_detector import BLOCKED, DENYING, SICK, BlockVerdict
from crawler.process.round import Round

UNREACHABLE = "unreachable"
REST_DAYS = (1, 7, 30, 60, 120, 180)
"""Days of rest after the first, second … run in a row that ended so; the last for all further ones."""
BLOCKS_IN_A_ROW = {BLOCKED: 3, SICK: 6}
"""Answers in a row, and none between them that was a page, that show what a host is in."""
DENIALS_IN_A_ROW = 15
"""The same of statuses that deny without a word: single pages may be forbidden."""


def mark_unhealthy(current: Round, host: Host, state: str, why: str) -> None:
    """A host is unreachable, blocked or sick: nothing more of it in this run, its rows stay queued."""
    if host.left_out:
        return
    host.bad_runs = host.bad_runs + 1 if host.state is not None else 1
    host.state, host.why = state, why
    current.counts[f"crawl/hosts/{state}"] += 1
    current.roster.rest(host, REST_DAYS[min(host.bad_runs, len(REST_DAYS)) - 1] * visits.DAY)


def mark_healthy(current: Round, host: Host) -> None:
    """A host answers as it should again."""
    host.refusals = host.denials = 0
    if host.state is not None:
        host.state, host.why, host.bad_runs, host.rest_until = None, None, 0, None
        current.roster.remember(host)


def record_block(current: Round, host: Host, verdict: BlockVerdict) -> None:
    """A guard or a broken server stood in a page's place; of a host that did so before once is enough."""
    host.refusals += 1
    current.counts[f"crawl/pages/{verdict.state}"] += 1
    if host.refusals >= (1 if host.state is not None else BLOCKS_IN_A_ROW[verdict.state]):
        mark_unhealthy(current, host, verdict.state, verdict.why)


def record_response(current: Round, host: Host, status: int) -> None:
    """An answer without a verdict: a page, or a status that denies without a word."""
    if visits.is_success(status) or status == visits.NOT_MODIFIED:
        host.good += 1
        mark_healthy(current, host)
    elif status in DENYING:
        host.denials += 1
        if host.denials >= (3 if host.state == BLOCKED else DENIALS_IN_A_ROW):
            mark_unhealthy(current, host, BLOCKED, f"http/{status}")
