"""JATS (ANSI/NISO Z39.96) → HTML: sections, paragraphs, lists, tables, captions, inline marks, MathML.

If a part of a paragraph has no form in HTML (a formula that is only a picture), the whole paragraph is left out, so
that no sentence changes its meaning.
"""

import html
from collections.abc import Mapping

from lxml import etree

_INLINE = {"italic": "i", "bold": "b", "sup": "sup", "sub": "sub", "underline": "u", "monospace": "code", "sc": "span"}
_BLOCKS = {"p": "p", "disp-quote": "blockquote", "def-list": "dl", "def": "dd", "term": "dt", "boxed-text": "section"}
_TABLE = frozenset({"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup", "col"})
_FIGURES = frozenset({"table-wrap", "fig", "fig-group", "table-wrap-group"})
_WITHIN = frozenset({"p", "list", "table-wrap", "fig", "def-item", "disp-quote", "sec"})
"""Blocks that may stand inside a paragraph."""
_ORDERED = frozenset({"order", "roman-lower", "roman-upper", "alpha-lower", "alpha-upper"})
_SPANS = ("rowspan", "colspan")
_DROPPED = frozenset(
    {
        "fn",
        "fn-group",
        "graphic",
        "media",
        "supplementary-material",
        "object-id",
        "alt-text",
        "attrib",
        "table-wrap-foot",
    }
    | {"label", "ref-list", "ack", "inline-graphic", "related-article", "processing-meta", "sig-block", "permissions"}
)
_FORMULAS = frozenset({"disp-formula", "inline-formula", "tex-math", "alternatives"})
_MATHML = "{http://www.w3.org/1998/Math/MathML}"
_MAX_DEPTH = 60


class _NotInHtmlError(Exception):
    """A part of a paragraph has no form in HTML."""


def page_of(article: etree._Element, *, title: str, abstract: etree._Element | None) -> str:
    """An article, or a translation of one, as an ``article`` element."""
    parts = [f"<h1>{html.escape(title)}</h1>"] if title else []
    if abstract is not None:
        heading = abstract.findtext("title") or "Resumen"
        parts += [f"<h2>{html.escape(heading)}</h2>", *(_block(one, 2) for one in abstract if one.tag != "title")]
    body = article.find("body")
    if body is not None:
        parts += [_block(one, 1) for one in body]
    return f"<article>{''.join(parts)}</article>"


def _block(element: etree._Element, level: int, depth: int = 0) -> str:
    tag = element.tag
    if not isinstance(tag, str) or tag in _DROPPED or depth > _MAX_DEPTH:
        return ""
    if tag == "sec":
        return "".join(_block(one, level + 1, depth + 1) for one in element)
    if tag == "title":
        rank = min(level, 6)
        return _whole(element, f"h{rank}")
    if tag in _FIGURES:
        return _figure(element, level, depth)
    if tag in _TABLE:
        return _table(element, depth)
    if tag in _FORMULAS or tag.startswith(_MATHML):
        return _whole(element, "p")
    if tag not in _BLOCKS:
        name = "li" if tag == "list-item" else _list_name(element) if tag == "list" else None
        inner = _blocks(element, level, depth)
        return f"<{name}>{inner}</{name}>" if name else inner
    if any(one.tag in _WITHIN for one in element):
        return _mixed(element, level, depth)
    return _whole(element, _BLOCKS[tag])


def _list_name(element: etree._Element) -> str:
    return "ol" if element.get("list-type") in _ORDERED else "ul"


def _blocks(element: etree._Element, level: int, depth: int) -> str:
    return "".join(_block(one, level, depth + 1) for one in element)


def _mixed(element: etree._Element, level: int, depth: int) -> str:
    """A paragraph with blocks inside: its text and the blocks in their order."""
    parts, run = [], [html.escape(element.text or "")]
    try:
        for one in element:
            if one.tag in _WITHIN:
                parts += [_paragraph("".join(run)), _block(one, level, depth + 1)]
                run = []
            else:
                run.append(_inline_element(one))
            run.append(html.escape(one.tail or ""))
    except _NotInHtmlError:
        return ""
    return "".join([*parts, _paragraph("".join(run))])


def _paragraph(content: str) -> str:
    return f"<p>{content}</p>" if content.strip() else ""


def _figure(element: etree._Element, level: int, depth: int) -> str:
    """A table with its caption; of a figure only the caption."""
    label, caption = element.findtext("label") or "", element.find("caption")
    words = " ".join(filter(None, [label.strip(), _text(caption)])) if caption is not None else ""
    said = f"<p>{html.escape(words)}</p>" if words else ""
    tables = "".join(_table(one, depth) for one in element.iter("table"))
    inner = "".join(_block(one, level, depth + 1) for one in element if one.tag in ("fig", "table-wrap"))
    return f"{said}{tables if not inner else ''}{inner}"


def _table(element: etree._Element, depth: int) -> str:
    if depth > _MAX_DEPTH:
        return ""
    tag = str(element.tag)
    if tag not in _TABLE:
        return ""
    spans = "".join(f' {name}="{html.escape(element.get(name, ""))}"' for name in _SPANS if element.get(name))
    if tag in ("td", "th", "caption"):
        try:
            return f"<{tag}{spans}>{_inline(element)}</{tag}>"
        except _NotInHtmlError:
            return f"<{tag}{spans}></{tag}>"
    return f"<{tag}>{''.join(_table(one, depth + 1) for one in element if isinstance(one.tag, str))}</{tag}>"


def _whole(element: etree._Element, tag: str) -> str:
    """A paragraph, or nothing if a part of it has no form in HTML."""
    try:
        content = _inline_element(element) if element.tag in _FORMULAS else _inline(element)
    except _NotInHtmlError:
        return ""
    return f"<{tag}>{content}</{tag}>" if content.strip() else ""


def _inline(element: etree._Element) -> str:
    parts = [html.escape(element.text or "")]
    for one in element:
        parts += [_inline_element(one), html.escape(one.tail or "")]
    return "".join(parts)


def _inline_element(element: etree._Element) -> str:
    tag = element.tag
    if isinstance(element, etree._Entity):  # noqa: SLF001 - an entity of the document's own, which nobody resolves
        raise _NotInHtmlError
    if not isinstance(tag, str):
        return ""
    if tag.startswith(_MATHML):
        return _math(element)
    if tag in _FORMULAS:
        mathml = next(element.iter(f"{_MATHML}math"), None)
        if mathml is None:
            raise _NotInHtmlError
        return _math(mathml)
    if tag == "inline-graphic":
        raise _NotInHtmlError
    if tag == "xref":
        return _reference(element)
    if tag == "break":
        return "<br>"
    if tag in _DROPPED:
        return ""
    inner = _inline(element)
    return f"<{_INLINE[tag]}>{inner}</{_INLINE[tag]}>" if tag in _INLINE else inner


def _reference(element: etree._Element) -> str:
    """A reference mark as a link, as in web pages, so that cleaning does not take it for an exponent."""
    inner = _inline(element)
    target = html.escape(element.get("rid", "ref"))
    return f'<a href="#{target}">{inner}</a>' if element.get("ref-type") in ("bibr", "fn", "table-fn") else inner


def _math(element: etree._Element) -> str:
    """MathML as it is, without its prefix."""
    name = str(element.tag).removeprefix(_MATHML)
    inner = html.escape(element.text or "")
    inner += "".join(_math(one) + html.escape(one.tail or "") for one in element if isinstance(one.tag, str))
    attributes: Mapping[str, str] = {str(key): str(value) for key, value in element.attrib.items()}
    shown = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes.items() if key.isalpha())
    return f"<{name}{shown}>{inner}</{name}>"


def _text(element: etree._Element | None) -> str:
    return " ".join("".join(map(str, element.itertext())).split()) if element is not None else ""
