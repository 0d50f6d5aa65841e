"""The digest of what shapes documents: the code of this room and its settings."""

import functools
from pathlib import Path

from cleaning import pages
from cleaning.pages.health import TABLE
from cleaning.settings import CleaningSettings
from data.files import code_digest, value_digest

_PAGES = Path(pages.__file__).parent
_SHAPING = (*sorted(_PAGES.glob("*.py")), *(Path(__file__).with_name(f"{name}.py") for name in ("rows", "segment")))
"""Code whose change makes other documents: all that reads a page, and what lays down its rows."""
_GROUND = ("charset", "markup", "rights", "urls")
"""And of the ground floor."""


def recipe_digest(settings: CleaningSettings) -> str:
    """A 16-digit digest: documents of one recipe are comparable, those of another are made anew."""
    return value_digest({"code": _code(), "settings": settings.model_dump(mode="json")})


@functools.cache
def _code() -> str:
    ground = Path(__file__).parents[1] / "data"
    return code_digest(*_SHAPING, *(ground / f"{name}.py" for name in _GROUND), TABLE)
