"""The digest of what shapes documents: the code of this room and its settings."""

import functools
from pathlib import Path

from cleaning.health import TABLE
from cleaning.settings import CleaningSettings
from data.files import code_digest, value_digest

_SHAPING = (
    *(
        "boilerplate",
        "detector",
        "extraction",
        "foreign",
        "health",
        "http",
        "language",
        "page",
        "page_process",
        "page_worker",
        "pdf",
    ),
    *("page_kind_rules", "privacy", "prose_rules", "quality", "read_page", "repetition_rules", "text"),
    *("rows", "segment", "triage", "warc"),
)
"""Modules of this room whose change makes other documents."""
_GROUND = ("charset", "markup", "rights", "urls")
"""And of the ground floor."""


def recipe_digest(settings: CleaningSettings) -> str:
    """A 16-digit digest: documents of one recipe are comparable, those of another are made anew."""
    return value_digest({"code": _code(), "settings": settings.model_dump(mode="json")})


@functools.cache
def _code() -> str:
    room = Path(__file__).parent
    return code_digest(
        *(room / f"{name}.py" for name in _SHAPING), *(room.parent / "data" / f"{name}.py" for name in _GROUND), TABLE
    )
