"""``cowese serve``: server, deployments and workers on this machine."""

from typing import Annotated

import typer

from data.errors import InputError
from flows.commands.options import ConfigOption, JsonOption, StoreOption, open_store, show, shown_progress

DEFAULT_PORT = 4200


def serve(
    stop: Annotated[bool, typer.Option("--stop", help="Stop workers and server.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only say what runs.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The server's port on 127.0.0.1.")] = DEFAULT_PORT,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a Prefect server, workers and deployments, all detached; harmless a second time.

    Afterwards, from any folder: prefect deployment run build-cowese

    Example: cowese serve --store /data/cowese
    """
    from flows.serving import service

    opened = open_store(config, store)
    if stop and status:
        raise InputError("--stop and --status: give one of them.")
    if stop:
        ended = service.stop(opened)
        typer.echo(f"stopped: {', '.join(ended)}" if ended else "nothing ran")
        return
    if status:
        show(service.status(opened, port), "serve", as_json=as_json)
        return
    with opened.exclusive("serve"), shown_progress() as progress:
        serving = service.serve(opened, port, progress)
    show(serving, "serve", as_json=as_json)
    if not as_json:
        typer.echo("\nnext: prefect deployment run build-cowese --watch")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(serve)
