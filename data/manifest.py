"""Manifests: what an artifact was made from, so that every number can be traced."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import InputError
from data.files import read_json, value_digest, write_json
from data.version import code_version

__all__ = ["MANIFEST_NAME", "Manifest", "code_version"]

MANIFEST_NAME = "manifest.json"


class Manifest(BaseModel):
    """The record beside every artifact. It has no wall-clock time, so equal work gives equal bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    """``corpus``, ``tokenizer``, ``tokens``, ``run`` or ``model``."""
    name: str
    """The folder's name."""
    made_from: dict[str, str]
    """Digest of each input by its name."""
    settings: dict[str, Any]
    """The settings that shaped it."""
    figures: dict[str, Any] = {}
    """Counts and measurements a person would ask for."""
    files: dict[str, str] = {}
    """SHA-256 of each file by its path in the folder."""
    code: str = ""
    """Version of the code that made it."""

    @property
    def digest(self) -> str:
        """A 16-digit digest of what was made: equal for equal inputs, settings and files."""
        return value_digest({"made_from": self.made_from, "settings": self.settings, "files": self.files})

    def write(self, folder: Path) -> None:
        """Write ``manifest.json``. It is written last: a folder that has one is complete."""
        write_json(folder / MANIFEST_NAME, self.model_dump(mode="json"))

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Read a folder's manifest.

        Raises:
            InputError: it is missing or is not a manifest of ours.
        """
        try:
            return cls.model_validate(read_json(folder / MANIFEST_NAME))
        except ValidationError as error:
            raise InputError(
                f"{folder / MANIFEST_NAME}: not a manifest of ours ({error.error_count()} errors). "
                "Restore it, or delete its folder and make it again."
            ) from error
