"""``cowese serve``: server, deployments and workers on this machine."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from data.errors import InputError, StageError
from data.store import Store
from flows.commands.options import ConfigOption, JsonOption, StoreOption, read_settings, show, shown_progress

DEMO = Path("demo/cowese.toml")
"""The settings of `make demo`, served if there is nothing else to serve."""


def serve(
    stop: Annotated[bool, typer.Option("--stop", help="Stop workers and server.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only say what runs.")] = False,
    foreground: Annotated[
        bool,
        typer.Option("--foreground", help="Stay, and stop all at SIGTERM or Ctrl-C, for a service manager."),
    ] = False,
    systemd: Annotated[bool, typer.Option("--systemd", help="Only print a systemd unit for this store.")] = False,
    port: Annotated[int | None, typer.Option(min=1, max=65_533, help="The server's port on 127.0.0.1.  [4200]")] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start a Prefect server, workers and deployments.

    All detached; harmless a second time. Afterwards, from any folder: prefect deployment run build-cowese

    --stop and --status mean, where neither --store nor --config is given and nothing here is served, the store that the
    server of Prefect's active profile serves, as `cowese watch` does.

    Runs of the deployments read the settings file that is named here or found, so write absolute paths into it.

    Example: cowese serve --config /data/cowese.toml
    """
    from flows.serving import service
    from flows.settings import configured_file

    asked = {"--stop": stop, "--status": status, "--foreground": foreground, "--systemd": systemd}
    if sum(asked.values()) > 1:
        raise InputError(f"{' and '.join(name for name, given in asked.items() if given)}: give one of them.")
    if stop or status:
        served = _served(config, store)
        if stop:
            ended = service.stop(served)
            typer.echo(f"{served.root}: " + (f"stopped {', '.join(ended)}" if ended else "nothing ran"))
            return
        chosen = read_settings(config or service.served_settings(served), served.root, None)
        show(service.status(served, chosen.serve), "serve", as_json=as_json)
        return
    config = config or configured_file() or _demo(store)
    opened = Store.open(read_settings(config, store, None).store)
    config = config or service.served_settings(opened)
    settings = read_settings(config, opened.root, None, serve__port=port or service.running_port(opened))
    config = config.absolute() if config else None
    if systemd:
        from flows.serving.systemd import unit

        typer.echo(unit(opened.root, config, port), nl=False)
        return
    with opened.exclusive("serve"), shown_progress() as progress:
        serving = service.serve(opened, settings.serve, config, progress, keeper=not foreground)
    show(serving, f"serving {opened.root}", as_json=as_json)
    if foreground:
        from flows.serving.keeper import keep

        logging.getLogger("cowese.keeper").setLevel(logging.INFO)
        try:
            keep(opened, service.served_environment(opened, settings.serve, config), config)
        finally:
            service.stop(opened)
    elif not as_json:
        typer.echo("\nnext, from any folder: prefect deployment run build-cowese --watch")


def _served(config: Path | None, store: Path | None) -> Store:
    """The store of --stop and --status; none is created.

    Raises:
        InputError: the named store does not exist.
        StageError: none is named, there is none here, and the active profile's server serves none.
    """
    from flows.serving import service
    from flows.settings import configured_file

    root = read_settings(config or configured_file() or _demo(store), store, None).store
    here = Store.named(root)
    if config or store or service.runs(here):
        return Store.open_for_reading(root)
    elsewhere = service.served_elsewhere()
    if elsewhere is None and not here.root.is_dir():
        raise StageError(
            f"{here.root}: no store there, and Prefect's active profile names no server of one. "
            "Name the store with --store; `cowese serve` starts one."
        )
    return elsewhere or here


def _demo(store: Path | None) -> Path | None:
    """The demo's settings, if neither a store nor settings are given or found."""
    if store is not None or not DEMO.is_file() or Path(read_settings(None, None, None).store).exists():
        return None
    typer.echo(f"no settings and no store here: serving what `make demo` left ({DEMO})", err=True)
    return DEMO


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(serve)
