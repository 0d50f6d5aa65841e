"""``cowese doctor``: what is wrong, and the remedy."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import InputError
from data.store import Store
from flows.commands.options import ConfigOption, JsonOption, SetOption, StoreOption, read_settings

if TYPE_CHECKING:
    from flows.serving.settings import AlertSettings

MARKS = {"ok": "ok", "warning": "warning", "bad": "BAD"}


def doctor(
    alert: Annotated[bool, typer.Option("--alert", help="Send a test alert by every channel that is set.")] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at the installation, the store and what is served.

    Each finding comes with its remedy. Nothing is changed.
    Ends with exit code 1 where anything is bad; warnings alone end with 0.

    Example: cowese doctor --config /data/cowese.toml
    """
    from flows.doctor.doctor import examine
    from flows.serving.parts import Remembered

    settings = read_settings(config, store, assign)
    looked_at = Store.named(settings.store)
    if store is None and config is None and not looked_at.root.is_dir():
        from flows.serving.service import served_elsewhere

        looked_at = served_elsewhere() or looked_at
    remembered = Remembered.read(looked_at)
    if config is None and remembered is not None and remembered.config is not None and remembered.config.is_file():
        settings = read_settings(remembered.config, looked_at.root, assign)  # what is served counts
    findings = []
    for finding in examine(looked_at, settings):
        findings.append(finding)
        if not as_json:
            typer.echo(f"{MARKS[finding.state]:<8} {finding.name:<14} {finding.what}")
            if finding.remedy is not None:
                typer.echo(f"{'':<8} {'':<14} → {finding.remedy}")
    if as_json:
        typer.echo(json.dumps([finding.model_dump() for finding in findings], ensure_ascii=False, indent=1))
    if alert:
        _send_test(looked_at, settings.serve.alerts)
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)


def _send_test(store: Store, alerts: "AlertSettings") -> None:
    """Send an alert marked as a test.

    Raises:
        InputError: no channel is set, or one of them does not work.
    """
    from flows.serving.alerts import Alert, send

    if not alerts.channels:
        raise InputError("--alert: no channel is set. Set serve.alerts.webhook or serve.alerts.email_to.")
    test = Alert(kind="test", key="test", subject="a test alert", text="Alerts arrive.", store=str(store.root))
    problems = send(test, alerts, alerts.channels)
    if problems:
        told = "; ".join(f"{channel}: {problem}" for channel, problem in problems.items())
        raise InputError(f"the test alert could not be sent by {told}. Correct the settings under [serve.alerts].")
    typer.echo(f"sent a test alert by {' and '.join(alerts.channels)}", err=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(doctor)
