"""All settings, from one TOML file, ``COWESE_*`` variables and flags, in rising precedence.

This is the only reader of the environment. The settings of each room are beside the code that uses them. Variables are
read by pydantic-settings, which loads asyncio, argparse and more (0.06 s): where none is set, it is not loaded.
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from browse.settings import BrowseSettings
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from crawler.settings import CrawlSettings
from crawler.sources.settings import ArchiveSettings
from data.engines.engine import EngineSettings
from data.errors import InputError
from data.rights.settings import RightsSettings
from flows.serving.settings import ServeSettings
from training.settings import (
    BenchmarkSettings,
    EvaluationSettings,
    ExportSettings,
    PackSettings,
    PretrainSettings,
    TokenizerSettings,
)

PREFIX = "COWESE_"
CONFIG_VARIABLE = "COWESE_CONFIG"
DEFAULT_CONFIG = Path("cowese.toml")


class Settings(BaseModel):
    """All settings. In TOML each room is a table; in the environment ``COWESE_CRAWL__CONTACT=…``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store: Path = Path("store")
    """The folder that holds everything: pages, documents, corpus versions, tokenizers, runs, models."""
    crawl: CrawlSettings = Field(default_factory=CrawlSettings)
    """Start URLs → WARC files."""
    archive: ArchiveSettings = Field(default_factory=ArchiveSettings)
    """Archives of others → WARC files."""
    clean: CleaningSettings = Field(default_factory=CleaningSettings)
    """WARC files → documents."""
    rights: RightsSettings = Field(default_factory=RightsSettings)
    """How doubtful rights signals are decided."""
    publish: PublishSettings = Field(default_factory=PublishSettings)
    """Documents → a corpus version."""
    engine: EngineSettings = Field(default_factory=EngineSettings)
    """Parallel execution of cleaning and publishing."""
    tokenizer: TokenizerSettings = Field(default_factory=TokenizerSettings)
    """Corpus → tokenizer."""
    pack: PackSettings = Field(default_factory=PackSettings)
    """Corpus → packed tokens."""
    pretrain: PretrainSettings = Field(default_factory=PretrainSettings)
    """Packed tokens → a pretrained ELECTRA."""
    evaluate: EvaluationSettings = Field(default_factory=EvaluationSettings)
    """A run → its figures on held-out text."""
    export: ExportSettings = Field(default_factory=ExportSettings)
    """A run → models for the Hugging Face hub."""
    benchmark: BenchmarkSettings = Field(default_factory=BenchmarkSettings)
    """A model → its figures on a task."""
    serve: ServeSettings = Field(default_factory=ServeSettings)
    """`cowese serve`: Prefect's server and the processes beside it."""
    browse: BrowseSettings = Field(default_factory=BrowseSettings)
    """`cowese browse`: the page on which a corpus is read."""


def load_settings(config: Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    """Compose the settings.

    ``config`` defaults to ``COWESE_CONFIG``, then to ``cowese.toml`` in the current folder where there is one.
    ``flags`` are dotted names and values; a value of None was not given and decides nothing.

    Raises:
        InputError: no such file, not TOML, an unknown name or a value that does not fit; names the setting.
    """
    config = config or configured_file()
    if config is not None and not config.is_file():
        found = "a folder, not a settings file" if config.is_dir() else "no such settings file"
        raise InputError(f"{config}: {found}. Give --config an existing TOML file.")
    _refuse_unknown_variables()
    given = _nested({name: value for name, value in (flags or {}).items() if value is not None})
    try:
        return Settings.model_validate(_merged(_merged(_of_file(config), _of_variables()), given))
    except ValidationError as error:
        raise InputError(_first_problem(error, config, given)) from error


def _of_file(config: Path | None) -> dict[str, Any]:
    """What a settings file sets.

    Raises:
        InputError: it is no TOML.
    """
    if config is None:
        return {}
    try:
        return tomllib.loads(config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{config}: not valid TOML ({error}).") from error


def _of_variables() -> dict[str, Any]:
    """What variables set.

    Raises:
        InputError: a list or a table is no JSON.
    """
    if not any(name.upper().startswith(PREFIX) for name in os.environ):
        return {}
    from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, SettingsError  # noqa: PLC0415

    class Variables(Settings, BaseSettings):
        model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__")

    try:
        return EnvSettingsSource(Variables)()
    except SettingsError as error:
        raise InputError(f"{error}. Lists and tables in {PREFIX}* variables are written as JSON.") from error


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Two trees of settings as one: where both set a value, that of ``over``. What should be a table stays an error."""
    both = dict(under)
    for name, value in over.items():
        held = both.get(name)
        if not isinstance(value, Mapping) or held is None:
            both[name] = value
        elif isinstance(held, Mapping):
            both[name] = _merged(held, value)
    return both


def configured_file() -> Path | None:
    """The default settings file: ``COWESE_CONFIG``, or else ``cowese.toml`` if it exists."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    return DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None


def _refuse_unknown_variables() -> None:
    for name in os.environ:
        if name.startswith(PREFIX) and name != CONFIG_VARIABLE:
            rest = name.removeprefix(PREFIX).lower()
            if rest.partition("__")[0] not in Settings.model_fields:
                tables = [name for name in Settings.model_fields if name != "store"]
                table = next((one for one in tables if rest.startswith(f"{one}_")), None)
                if table is not None:
                    meant = f"{table}__{rest.removeprefix(table).lstrip('_')}".upper()
                    raise InputError(f"{name}: no such setting. Two underscores stand for the dot: {PREFIX}{meant}.")
                known = ", ".join(f"{PREFIX}{field.upper()}" for field in Settings.model_fields)
                raise InputError(f"{name}: no such setting. Variables begin with one of {known}.")


def _nested(flags: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in flags.items():
        *tables, leaf = name.split(".")
        branch = tree
        for table in tables:
            branch = branch.setdefault(table, {})
        branch[leaf] = value
    return tree


_REMEDIES = {
    "tuple_type": 'write a list, as [1, 2] or ["one", "two"]',
    "list_type": 'write a list, as [1, 2] or ["one", "two"]',
    "too_short": "name at least one",
    "model_type": "it is a table of settings: set one of them, as {name}.NAME=VALUE",
    "model_attributes_type": "it is a table of settings: set one of them, as {name}.NAME=VALUE",
    "dict_type": "it is a table of settings: set one of them, as {name}.NAME=VALUE",
}
"""Remedies for errors that pydantic describes in terms of Python."""


def _first_problem(error: ValidationError, config: Path | None, given: Mapping[str, Any]) -> str:
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"])
    place = _place(problem["loc"], config, given)
    if problem["type"] == "extra_forbidden":
        return f"setting {name}: no such setting{place}. `cowese settings` lists them all."
    message = problem["msg"].removeprefix("Value error, ")
    said = _REMEDIES.get(problem["type"], f"{message[0].lower()}{message[1:]}").format(name=name)
    value = "" if isinstance(problem["input"], Mapping | BaseModel) else f", not {str(problem['input'])[:100]!r}"
    return f"setting {name}: {said}{value}{place}."


def _place(names: Sequence[int | str], config: Path | None, given: Mapping[str, Any]) -> str:
    """Where a setting's value came from (variable or file); empty for command-line values."""
    branch: Any = given
    for name in names:
        if not isinstance(branch, Mapping):
            break
        branch = branch.get(name)
    if branch is not None and not isinstance(branch, Mapping):
        return ""
    variables = [f"{PREFIX}{'__'.join(map(str, names[:depth])).upper()}" for depth in range(len(names), 0, -1)]
    variable = next((one for one in os.environ if one.upper() in variables), None)
    return f" ({variable or config})" if variable or config else ""
