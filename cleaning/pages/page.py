"""What travels through the rules: a page's text, or the reason why it is dropped."""

from dataclasses import dataclass, field
from datetime import date

from data.rights.licences import Licence

OPTED_OUT = "policy/opted_out"
"""The reason of pages whose host or author reserves them."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A page as it was fetched."""

    url: str
    content_type: str
    """The HTTP field with its parameters; empty where there is none."""
    body: bytes
    is_pdf: bool = False
    is_text: bool = False
    """Whether the body is the text itself."""
    link: str = ""
    """The HTTP field ``Link``."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A refusal."""

    reason: str
    """A path, as ``quality/too_short``."""
    figure: float | None = None
    """The number that decided."""
    detail: str | None = None
    lost_to: str | None = None


@dataclass(slots=True)
class Page:
    """The text of a page on its way to being a document."""

    text: str
    title: str | None = None
    author: str | None = None
    published: date | None = None
    canonical: str | None = None
    """The address that the page gives as its own (link rel=canonical), absolute."""
    declared_language: str | None = None
    """The language that the page says it is in (html lang)."""
    licence: Licence | None = None
    """The licence that the page states."""
    given: bool = False
    """Whether the text came as text: no page lies behind it."""
    figures: dict[str, float] = field(default_factory=dict)
    """What extraction measured of the page, such as its links, for rules that judge the text without the page."""
    language: str = ""
    language_score: float = 0.0
    n_words: int = 0
    verdicts: dict[str, str] = field(default_factory=dict)
    quality: dict[str, float] = field(default_factory=dict)
    health: float | None = None
    """Health relevance, 0 to 1."""
    masked: dict[str, int] = field(default_factory=dict)
