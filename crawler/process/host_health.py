"""Health of hosts: unreachable, blocked or sick (broken). An unhealthy host rests for days, longer with each run."""

from crawler.frontier import visits
from crawler.frontier.hosts import Host
from crawler.parsing.block_detector import BLOCKED, DENYING, SICK, BlockVerdict
from crawler.process.round import Round

UNREACHABLE = "unreachable"
REST_DAYS = (1, 7, 30, 60, 120, 180)
"""Days of rest after the first, second … run in a row that ended in an unhealthy state; the last value repeats."""
BLOCKS_IN_A_ROW = {BLOCKED: 3, SICK: 6}
"""Block pages or errors in a row, without a page between them, that make a host unhealthy."""
DENIALS_IN_A_ROW = 15
"""The same for denying statuses without a block page: single pages may be forbidden."""


def mark_unhealthy(current: Round, host: Host, state: str, why: str) -> None:
    """Mark a host as unreachable, blocked or sick: it is left out of this run, its rows stay queued."""
    if host.left_out:
        return
    host.bad_runs = host.bad_runs + 1 if host.state is not None else 1
    host.state, host.why = state, why
    current.counts[f"crawl/hosts/{state}"] += 1
    current.roster.rest(host, REST_DAYS[min(host.bad_runs, len(REST_DAYS)) - 1] * visits.DAY)


def mark_healthy(current: Round, host: Host) -> None:
    """Mark a host as healthy again."""
    host.refusals = host.denials = 0
    if host.state is not None:
        host.state, host.why, host.bad_runs, host.rest_until = None, None, 0, None
        current.roster.remember(host)


def record_block(current: Round, host: Host, verdict: BlockVerdict) -> None:
    """Count a block page or server error; for a host that is unhealthy already, one is enough."""
    host.refusals += 1
    current.counts[f"crawl/pages/{verdict.state}"] += 1
    if host.refusals >= (1 if host.state is not None else BLOCKS_IN_A_ROW[verdict.state]):
        mark_unhealthy(current, host, verdict.state, verdict.why)


def record_response(current: Round, host: Host, status: int) -> None:
    """Take in a response that is not a block page: a page, or a denying status."""
    if visits.is_success(status) or status == visits.NOT_MODIFIED:
        host.good += 1
        mark_healthy(current, host)
    elif status in DENYING:
        host.denials += 1
        if host.denials >= (3 if host.state == BLOCKED else DENIALS_IN_A_ROW):
            mark_unhealthy(current, host, BLOCKED, f"http/{status}")
