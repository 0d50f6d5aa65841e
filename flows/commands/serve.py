"""``cowese serve``: server, deployments and workers on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from data.errors import InputError
from data.store import Store
from flows.commands.options import ConfigOption, JsonOption, StoreOption, read_settings, show, shown_progress
from flows.settings import configured_file

DEMO = Path("demo/cowese.toml")
"""What `make demo` leaves; served where nothing else is there to serve."""


def serve(
    stop: Annotated[bool, typer.Option("--stop", help="Stop workers and server.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only say what runs.")] = False,
    port: Annotated[int | None, typer.Option(min=1, max=65_534, help="The server's port on 127.0.0.1.  [4200]")] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a Prefect server, workers and deployments, all detached; harmless a second time.

    Afterwards, from any folder: prefect deployment run build-cowese

    Runs of the deployments read the settings file that is named here or found, so write absolute paths into it.

    Example: cowese serve --config /data/cowese.toml
    """
    from flows.serving import service

    if stop and status:
        raise InputError("--stop and --status: give one of them.")
    config = config or configured_file() or _demo(store)
    opened = Store.open(read_settings(config, store, None).store)
    config = config or service.served_settings(opened)
    settings = read_settings(config, opened.root, None, serve__port=port or service.running_port(opened))
    if stop:
        ended = service.stop(opened)
        typer.echo(f"stopped: {', '.join(ended)}" if ended else "nothing ran")
        return
    if status:
        show(service.status(opened, settings.serve), "serve", as_json=as_json)
        return
    with opened.exclusive("serve"), shown_progress() as progress:
        serving = service.serve(opened, settings.serve, config.absolute() if config else None, progress)
    show(serving, f"serving {opened.root}", as_json=as_json)
    if not as_json:
        typer.echo("\nnext, from any folder: prefect deployment run build-cowese --watch")


def _demo(store: Path | None) -> Path | None:
    """The demo's settings, where neither a store nor settings are given or found."""
    if store is not None or not DEMO.is_file() or Path(read_settings(None, None, None).store).exists():
        return None
    typer.echo(f"no settings and no store here: serving what `make demo` left ({DEMO})", err=True)
    return DEMO


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(serve)
