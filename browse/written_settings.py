"""Settings that judge a text, as a reader writes them on a page: a whole settings file, or a few lines of one."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from cleaning.settings import CleaningSettings, JudgingSettings, PageLimits
from data.errors import InputError
from data.manifest import Manifest
from data.store import Store

LONGEST = 20_000
"""Characters that are read."""
TABLE = "clean"
NONE = "none"
"""How a setting without a value is written, which TOML cannot say."""
_TEXT_SHAPING = "mask_personal_data"
"""Judges nothing: it writes a text otherwise."""
JUDGING = tuple(
    name for name in JudgingSettings.model_fields if name not in PageLimits.model_fields and name != _TEXT_SHAPING
)
"""Settings under which the extracted texts can be judged again."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a reader wrote."""

    settings: CleaningSettings
    passed_over: tuple[str, ...]
    """Tables of other rooms that a settings file has."""


def made_with(store: Store, version: str) -> CleaningSettings:
    """The settings that a version was made with; a setting that its code did not have yet is the default.

    Raises:
        InputError: the code of today no longer takes one of them.
    """
    known: Mapping[str, Any] = Manifest.read(store.corpus_version(version)).settings.get(TABLE, {})
    given = {name: value for name, value in known.items() if name in CleaningSettings.model_fields}
    try:
        return CleaningSettings.model_validate(given)
    except ValidationError as error:
        raise InputError(f"{version}: its settings are no longer taken. {_problem(error)}") from error


def read_written(text: str, base: CleaningSettings) -> Written:
    """The base with what is written, as ``min_chars = 500``, ``clean.min_chars = 500`` or a table ``[clean]``.

    Raises:
        InputError: it is not TOML, names no such setting, a value does not fit, or it needs the pages read again.
    """
    tree = _parsed(text)
    table = tree.pop(TABLE, {})
    if not isinstance(table, dict):
        raise InputError(f"{TABLE}: a table of settings, as {TABLE}.min_chars = 500.")
    others = tuple(name for name, value in tree.items() if isinstance(value, dict) or name == "store")
    given = {**{name: value for name, value in tree.items() if name not in others}, **table}
    given = {name: None if value == NONE else value for name, value in given.items()}
    unknown = sorted(given.keys() - CleaningSettings.model_fields.keys())
    if unknown:
        raise InputError(
            f"{unknown[0][:60]}: no such setting of {TABLE}. Those that can be tried: {', '.join(JUDGING)}."
        )
    try:
        settings = CleaningSettings.model_validate({**base.model_dump(), **given})
    except ValidationError as error:
        raise InputError(_problem(error)) from error
    refuse_other_texts(base, settings)
    return Written(settings, others)


def refuse_other_texts(before: CleaningSettings, after: CleaningSettings) -> None:
    """Refuse settings under which the texts themselves are others.

    Raises:
        InputError: there is one.
    """
    for name in CleaningSettings.model_fields:
        if name not in (*JUDGING, *PageLimits.model_fields) and getattr(before, name) != getattr(after, name):
            raise InputError(
                f"{name}: it changes how texts are taken out or written, not which are kept. "
                "Clean and publish with it, then compare the two versions."
            )


def lines_between(base: CleaningSettings, other: CleaningSettings) -> str:
    """What must be written to come from one to the other, where it can be tried."""
    return "\n".join(f"{name} = {_toml(after)}" for name, _, after in differences(base, other))


def differences(before: CleaningSettings, after: CleaningSettings) -> list[tuple[str, Any, Any]]:
    """Settings that judge a text and differ: name, before, after."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in JUDGING)
    return [(name, one, other) for name, one, other in pairs if one != other]


def judging_values(settings: CleaningSettings) -> dict[str, str]:
    """Every setting that can be tried, with its value as it would be written."""
    return {name: _toml(getattr(settings, name)) for name in JUDGING}


def _toml(value: Any) -> str:
    return f'"{NONE}"' if value is None else json.dumps(value, ensure_ascii=False)


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise InputError(f"Settings of more than {LONGEST:,} characters are not read.")
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except RecursionError as error:
        raise InputError("Not valid TOML: too deeply nested.") from error
    except ValueError as error:
        raise InputError(f"Not valid TOML: {error}. Write a setting a line, as min_chars = 500.") from error


def _problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return f"{name}: {message[:1].lower()}{message[1:]}." if name else f"{message}."
