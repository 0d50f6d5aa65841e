"""One line of the doctor."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

State = Literal["ok", "warning", "bad"]


class Finding(BaseModel):
    """What was looked at, how it is, and the remedy where it is not well."""

    model_config = ConfigDict(frozen=True)

    name: str
    state: State
    what: str
    remedy: str | None = None


def ok(name: str, what: str) -> Finding:
    """All is well."""
    return Finding(name=name, state="ok", what=what)


def warning(name: str, what: str, remedy: str) -> Finding:
    """Something works now and may not for long, or is likely not meant."""
    return Finding(name=name, state="warning", what=what, remedy=remedy)


def bad(name: str, what: str, remedy: str) -> Finding:
    """Something does not work, or the next round will not."""
    return Finding(name=name, state="bad", what=what, remedy=remedy)
