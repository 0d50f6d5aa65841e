"""``cowese settings``: the current value and the meaning of each setting."""

import ast
import inspect
import textwrap
from itertools import pairwise
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
    meaning = meanings(type(model))
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            tables += toml_lines(value, f"{table}.{name}".lstrip("."))
            continue
        plain += [f"# {line.strip()}" for line in meaning.get(name, "").splitlines() if line.strip()]
        plain.append(f"# {name} is not set" if value is None else f"{name} = {toml_value(value)}")
    return plain + tables


def meanings(model: "type[BaseModel]") -> dict[str, str]:
    """The text under each field in the source.

    Pydantic would parse every class for it as soon as it is imported, a fifth of the time in which settings load.
    """
    found = {}
    ours = [one for one in reversed(model.mro()) if not one.__module__.startswith(("builtins", "pydantic"))]
    for one in ours:  # a table has the fields of its bases, too
        tree = ast.parse(textwrap.dedent(inspect.getsource(one))).body[0]
        assert isinstance(tree, ast.ClassDef)
        for field, text in pairwise(tree.body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                match text:
                    case ast.Expr(ast.Constant(str(words))):
                        found[field.target.id] = inspect.cleandoc(words)
    return found


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
