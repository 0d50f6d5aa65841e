"""Marks of notes: links to a footnote or a reference, which a text keeps none of."""

import re

from lxml.html import HtmlElement

from cleaning.pages.superscripts import MAX_RAISED, is_bracketed, is_note_text

_NOTE_NAME = re.compile(
    r"(?:^|[#_\W])(?:_?(?:sd)?(?:foot|end)?notes?|_?ftn|_?edn|fn|cite|citas?|bib|ref(?:erenc\w+)?|notas?|nt|pie)(?:[-_:.]?\w*)?$"
    r"|cite_note|footnote|noteref|doc-noteref",
    re.IGNORECASE,
)
_BACK = frozenset("↑↩↵⤴⇧^▲")
_MOST_CHILDREN = 4


def is_note_link(link: HtmlElement) -> bool:
    """Whether an ``a`` element is the mark of a note, or leads back from one."""
    target = link.get("href")
    if link.get("role") in {"doc-noteref", "doc-backlink"}:
        return True
    if target is None or "#" not in target:
        return False
    text = short_text(link)
    if text is None:
        return False
    text = text.strip().rstrip("\ufe0e\ufe0f")
    if text in _BACK and text:
        return True
    if not is_note_text(text):
        return False
    if is_bracketed(text) or (len(link) == 1 and link[0].tag == "sup"):
        return True
    parent = link.getparent()
    if parent is not None and parent.tag == "sup":
        return True
    names = (target[target.index("#") :], link.get("class") or "", link.get("id") or "")
    return any(_NOTE_NAME.search(name) for name in names)


def is_note_raised(raised: HtmlElement, text: str) -> bool:
    """Whether a ``sup`` element says itself that it marks a note: by its class, or by a link in it."""
    names = f"{raised.get('class') or ''} {raised.get('id') or ''} {raised.get('role') or ''}".strip()
    if names and _NOTE_NAME.search(names):
        return True
    return raised.find(".//a[@href]") is not None and is_note_text(text)


def short_text(element: HtmlElement) -> str | None:
    """The text of an element of few children; None where it has more, or nested ones, or a long text."""
    if len(element) > _MOST_CHILDREN:
        return None
    text = element.text or ""
    for child in element:
        if len(child) > 1 or not isinstance(child.tag, str):
            return None
        text += (child.text or "") + (child.tail or "")
        for inner in child:
            if len(inner):
                return None
            text += (inner.text or "") + (inner.tail or "")
    return text if len(text) <= 4 * MAX_RAISED else None
