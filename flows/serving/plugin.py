"""A Prefect plugin: ``prefect deployment run build-cowese`` works with the bare name.

Prefect calls ``setup_environment`` before it reads its command line. The stock command wants FLOW/DEPLOYMENT; our
deployments bear their flow's name, so the bare name says it all. Where no server answers, a run would be created
in a throw-away server and never executed: the hook says what to start instead.
"""

import sys
from pathlib import Path

from prefect.plugins import HookContext, register_hook

from flows.serving.loopback import answers, ask_directly, is_loopback

OURS = ("benchmark", "build-cowese", "corpus-to-model", "pretrain-biomedtra")
"""Deployments whose name is their flow's name."""
COMMAND = ("deployment", "run")


@register_hook
def setup_environment(*, ctx: HookContext) -> None:
    """Complete a bare deployment name on ``prefect deployment run``."""
    position = bare_name_position(sys.argv)
    if position is None:
        return
    name = sys.argv[position]
    if ctx.api_url and is_loopback(ctx.api_url):
        ask_directly()
    if not ctx.api_url or not answers(ctx.api_url):
        sys.exit(
            f"error: no Prefect server answers{' at ' + ctx.api_url if ctx.api_url else ''}, so nothing would run "
            f"{name}.\nStart one with `cowese serve`, then run this again."
        )
    sys.argv[position] = f"{name}/{name}"


def bare_name_position(arguments: list[str]) -> int | None:
    """Where one of our bare names stands in a ``prefect deployment run`` command line, None elsewhere."""
    if Path(arguments[0]).name not in ("prefect", "prefect.exe") or tuple(arguments[1:3]) != COMMAND:
        return None
    return next((at for at, argument in enumerate(arguments[3:], start=3) if argument in OURS), None)
