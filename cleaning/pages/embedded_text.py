"""The text that a page holds in its scripts alone: JSON-LD, the data of a page that a browser builds.

Read only where the page itself has no text. Schema.org's ``articleBody`` and questions come first, then what the state
of Next, Nuxt, Gatsby and their kind holds as HTML or as prose.
"""

import json
import re
from collections.abc import Iterator, Sequence
from html import escape, unescape
from typing import Any

from lxml.html import HtmlElement
from trafilatura import load_html

from cleaning.pages.belonging import is_prose
from cleaning.pages.blocks import Block
from cleaning.pages.element_kinds import SITE_PARTS
from cleaning.pages.page_walk import page_blocks

MAX_SCRIPT = 4 << 20
"""Characters of a script that is read."""
MAX_VALUES = 200_000
"""Values of a script's data that are looked at."""
MAX_CHARACTERS = 2_000_000
_HTML = re.compile(r"</(?:p|li|h[1-6]|div|ul|ol|table|td|blockquote|section|article)\s*>|<br\s*/?>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[a-zA-Z/][^<>]{0,300}>")
_LEAST_PROSE = 80
_LEAST_WORDS = 12
_LEAST_SENTENCE = 20
_LONGEST_TITLE = 200
_SENTENCE = re.compile(r"[^\W\d_]{2,}[.:!?…][\s\"”»)]|[.!?…]$")
_CODE = re.compile(r"[{};]\s*\n|function\s*\(|=>|https?://\S+$|^[\w./:+=-]+$")
_TITLES = frozenset({"title", "heading", "headline", "name", "question", "subtitle", "titulo", "pregunta"})
_TEXTS = frozenset(
    {"text", "value", "body", "content", "html", "description", "answer", "respuesta", "texto", "contenido"}
)
_NO_TEXT = frozenset(
    str.split(
        "css style styles script scripts svg footer header menu nav navigation cookies cookie seo meta metadata "
        "breadcrumbs related relatedposts newsletter legal privacy config translations i18n messages locale locales "
        "labels"
    )
)
_STATE_IDS = frozenset(
    {"__NEXT_DATA__", "__NUXT_DATA__", "ng-state", "serverApp-state", "initial-state", "__INITIAL_STATE__"}
)


def embedded_blocks(scripts: Sequence[HtmlElement]) -> list[Block]:
    """The blocks of the text in a page's ``script`` elements, in their order; none where no script has any."""
    pieces = list(_linked_data(scripts))
    if not pieces:
        pieces = list(_state(scripts))
    html = "".join(dict.fromkeys(pieces))[:MAX_CHARACTERS]
    if not html:
        return []
    parsed = load_html(f"<html><body><div>{html}</div><p></p></body></html>")
    if parsed is None:
        return []
    blocks = page_blocks(parsed).blocks
    return [
        block for block in blocks if (not block.place & SITE_PARTS and block.link_share() < 1 / 2) or is_prose(block)
    ]


def _linked_data(scripts: Sequence[HtmlElement]) -> Iterator[str]:
    """HTML of the bodies, questions and steps of a page's JSON-LD."""
    for script in scripts:
        data = _parsed(script.text) if script.get("type") == "application/ld+json" else None
        for node in _dictionaries(data):
            for key in ("articleBody", "reviewBody"):
                yield from _as_html(node.get(key))
            kind = str(node.get("@type", ""))
            if kind == "Question":
                answers = node.get("acceptedAnswer") or node.get("suggestedAnswer")
                for answer in answers if isinstance(answers, list) else [answers]:
                    if isinstance(answer, dict) and isinstance(answer.get("text"), str):
                        yield f"<h3>{_inline(node.get('name') or node.get('text'))}</h3>"
                        yield from _as_html(answer["text"])
            elif kind == "HowToStep":
                yield from _as_html(node.get("text"))
            elif kind == "DefinedTerm" and isinstance(node.get("description"), str):
                yield f"<p>{_inline(node.get('name'))}: {_inline(node['description'])}</p>"
            elif "Page" in kind or "Article" in kind:
                yield from _as_html(node.get("text"))


def _state(scripts: Sequence[HtmlElement]) -> Iterator[str]:
    """HTML of what reads as text in the state of a page that a browser builds."""
    for script in scripts:
        if script.get("id") in _STATE_IDS or script.get("type") == "application/json":
            yield from _texts(_parsed(script.text))


def _parsed(text: str | None) -> Any:
    if not text or len(text) > MAX_SCRIPT:
        return None
    try:
        return json.loads(text.strip().removeprefix("<!--").removesuffix("-->"), strict=False)
    except (ValueError, RecursionError):
        return None


def _dictionaries(data: Any) -> Iterator[dict[str, Any]]:
    """Every object in the data, outer before inner, in their order."""
    for _, value in _values(data):
        if isinstance(value, dict):
            yield value


def _texts(data: Any) -> Iterator[str]:
    """What reads as text: HTML, prose, and the titles right before them."""
    title = ""
    for key, value in _values(data):
        if not isinstance(value, str):
            continue
        text = value.strip()
        name = key.lower()
        if _HTML.search(text) or (_ANY_TAG.search(text) and _is_prose(_ANY_TAG.sub(" ", text))) or _is_prose(text):
            if title:
                yield f"<h2>{_inline(title)}</h2>"
            yield from _as_html(text)
            title = ""
        elif name in _TITLES and len(text) <= _LONGEST_TITLE and " " in text:
            title = text
        elif (
            name in _TEXTS
            and len(text) >= _LEAST_SENTENCE
            and text.endswith((".", "!", "?", ":"))
            and not _CODE.search(text)
        ):
            yield from _as_html(text)


def _values(data: Any) -> Iterator[tuple[str, Any]]:
    """Every value in the data with the name it has, depth first; bounded."""
    stack: list[tuple[str, Any]] = [("", data)]
    for _ in range(MAX_VALUES):
        if not stack:
            return
        key, value = stack.pop()
        yield key, value
        if isinstance(value, dict):
            stack.extend((name, one) for name, one in reversed(value.items()) if str(name).lower() not in _NO_TEXT)
        elif isinstance(value, list):
            stack.extend((key, one) for one in reversed(value))


def _is_prose(text: str) -> bool:
    return (
        len(text) >= _LEAST_PROSE
        and text.count(" ") >= _LEAST_WORDS
        and _SENTENCE.search(text) is not None
        and not _CODE.search(text)
    )


def _as_html(value: Any) -> Iterator[str]:
    """A text of the data as HTML: as it is, unescaped where its tags are, or its lines as paragraphs."""
    if isinstance(value, list):
        for one in value:
            yield from _as_html(one)
    if not isinstance(value, str) or not value.strip():
        return
    text = unescape(value) if "&lt;" in value else value
    if _ANY_TAG.search(text):
        yield f"<div>{text}</div>"
    else:
        yield "".join(f"<p>{escape(unescape(line), quote=False)}</p>" for line in text.splitlines() if line.strip())


def _inline(value: Any) -> str:
    return escape(_ANY_TAG.sub("", unescape(value)), quote=False) if isinstance(value, str) else ""
