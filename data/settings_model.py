"""The base of a table of settings: frozen, checked, and former names of its settings still work."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator


class SettingsModel(BaseModel):
    """A table of settings; an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    former_names: ClassVar[Mapping[str, str]] = {}
    """Name in an earlier version → name now. docs/upgrading.md lists them."""

    @model_validator(mode="before")
    @classmethod
    def _take_former_names(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        for former, name in cls.former_names.items():
            if former in given and name in given:
                raise ValueError(f"{former} is now {name}, and both are set: remove {former}")
        return {cls.former_names.get(name, name): value for name, value in given.items()}
