"""A Prefect plugin: our server without a proxy; ``prefect deployment run`` with bare names, clear errors, few lines.

Prefect calls ``setup_environment`` before it reads its command line, where our profile is active. The stock command
wants FLOW/DEPLOYMENT; our deployments bear their flow's name, so the bare name says it all. Where no server answers, a
run would be created in a throw-away server and never executed: the hook says what to start instead.
"""

import difflib
import sys
from pathlib import Path

from prefect.plugins import HookContext, register_hook

from flows.serving.loopback import answers, ask_directly, is_loopback
from flows.serving.parts import DEPLOYMENTS

COMMAND = ("deployment", "run")
WITH_VALUE = [
    "--id",
    "--job-variable",
    "--param",
    "-p",
    "--params",
    "--start-in",
    "--start-at",
    "--tag",
    "--watch-interval",
    "--watch-timeout",
    "--flow-run-name",
]
"""Options of the command that take the next word."""


@register_hook
def setup_environment(*, ctx: HookContext) -> None:
    """Ask our server directly; complete a bare name on ``prefect deployment run``; end it where it is none of ours."""
    if ctx.api_url and is_loopback(ctx.api_url):
        ask_directly()
    position = name_position(sys.argv)
    if position is None:
        return
    name = sys.argv[position]
    bare = name.split("/")[0] if name in {f"{one}/{one}" for one in DEPLOYMENTS} else name
    if "/" in bare:
        return  # another's deployment
    if bare not in DEPLOYMENTS:
        sys.exit(unknown(bare))
    if not ctx.api_url or not answers(ctx.api_url):
        sys.exit(
            f"error: no Prefect server answers{' at ' + ctx.api_url if ctx.api_url else ''}, so nothing would run "
            f"{bare}.\nStart one with `cowese serve`, then run this again."
        )
    sys.argv[position] = f"{bare}/{bare}"
    if "--watch" in sys.argv:
        from flows.serving.quiet_watch import watch_quietly  # noqa: PLC0415 - loads Prefect's client

        watch_quietly()


def name_position(arguments: list[str]) -> int | None:
    """Where the deployment's name stands in a ``prefect deployment run`` command line, None elsewhere."""
    if Path(arguments[0]).name not in ("prefect", "prefect.exe") or tuple(arguments[1:3]) != COMMAND:
        return None
    at = 3
    while at < len(arguments):
        if not arguments[at].startswith("-"):
            return at
        at += 2 if arguments[at] in WITH_VALUE else 1
    return None


def unknown(name: str) -> str:
    """The error for a name without a slash that is none of ours."""
    near = difflib.get_close_matches(name, DEPLOYMENTS, n=1)
    meant = f"Did you mean {near[0]}?" if near else f"Ours are {', '.join(DEPLOYMENTS)}."
    return (
        f"error: no deployment {name}. {meant}\n`prefect deployment ls` lists all; another's is named FLOW/DEPLOYMENT."
    )
