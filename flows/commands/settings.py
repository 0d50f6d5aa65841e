"""``cowese settings``: the current value and the meaning of each setting."""

from typing import TYPE_CHECKING, Any

import typer

from flows.commands.options import ConfigOption, JsonOption, SetOption, StoreOption, read_settings

if TYPE_CHECKING:
    from pydantic import BaseModel


def settings(
    store: StoreOption = None, config: ConfigOption = None, assign: SetOption = None, as_json: JsonOption = False
) -> None:
    """List every setting with its value and meaning, as TOML.

    Example: cowese settings --set crawl.delay_min=1 > cowese.toml
    """
    chosen = read_settings(config, store, assign)
    if as_json:
        typer.echo(chosen.model_dump_json(indent=1))
        return
    for line in toml_lines(chosen, ""):
        typer.echo(line)


def toml_lines(model: "BaseModel", table: str) -> list[str]:
    """The model as TOML, with descriptions as comments; None is shown as unset."""
    from pydantic import BaseModel

    plain, tables = [f"\n[{table}]"] if table else [], []
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            tables += toml_lines(value, f"{table}.{name}".lstrip("."))
            continue
        plain += [f"# {line.strip()}" for line in (field.description or "").splitlines() if line.strip()]
        plain.append(f"# {name} is not set" if value is None else f"{name} = {toml_value(value)}")
    return plain + tables


def toml_value(value: Any) -> str:
    """A value in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {toml_value(item)}" for name, item in value.items()) + "}"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(settings)
