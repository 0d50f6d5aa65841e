"""The interface in two languages: which one a reader wants, and how numbers, dates and words are written in it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from starlette.requests import Request

from browse.spanish_interface import ENGLISH, SPANISH

Tongue = Literal["en", "es"]
COOKIE = "hl"


@dataclass(frozen=True, slots=True)
class Interface:
    """Words and numbers of one language."""

    tongue: Tongue

    def t(self, english: str, **values: object) -> str:
        """A sentence in the reader's language; ``{name}`` stands for a value."""
        words = SPANISH[english] if self.tongue == "es" else ENGLISH.get(english, english)
        return words.format(**values) if values else words

    def number(self, value: float | None, digits: int | None = None) -> str:
        """Thousands apart; in Spanish with a thin space from five digits on, and a comma before decimals."""
        if value is None:
            return "–"
        if digits is None and float(value).is_integer():
            plain = f"{int(value):,}"
        else:
            plain = f"{value:,.{digits}f}" if digits is not None else f"{value:,.4g}"
        if self.tongue == "en":
            return plain
        whole, dot, decimals = plain.partition(".")
        bare = whole.replace(",", "")
        grouped = whole.replace(",", "\u202f") if len(bare.lstrip("-")) > 4 else bare  # noqa: PLR2004 - RAE's rule
        return grouped + ("," + decimals if dot else "")

    def day(self, value: date | datetime | str | int | None) -> str:
        """A day as ISO 8601 writes it, the same in both languages."""
        if value is None:
            return "–"
        if isinstance(value, int):
            value = datetime.fromtimestamp(value, UTC)
        return value if isinstance(value, str) else f"{value:%Y-%m-%d}"


def interface_of(request: Request) -> Interface:
    """By the parameter ``hl``, else by the cookie, else by what the browser asks for."""
    for wanted in (request.query_params.get("hl"), request.cookies.get(COOKIE)):
        if wanted in ("en", "es"):
            return Interface("es" if wanted == "es" else "en")
    first = request.headers.get("accept-language", "").split(",")[0].strip().lower()
    return Interface("es" if first.partition("-")[0] == "es" else "en")
