"""A page of the web → its own text and structure as HTML that can do nothing.

Rewritten, element by element, from a list of what is known to be harmless: no script, style, address, form, frame or
picture of the page is in the result, so nothing in it runs, loads or leads anywhere. The answer is shown in a sandbox
with a policy that would refuse all of that once more (``browse.guard.FRAME_POLICY``).

Blocks that extraction selected are marked, and those that were cut afterwards.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from lxml.html import HtmlElement

from browse.alignment import equal_runs
from browse.text_lines import MOST_LINES, Line, matched
from cleaning.pages.blocks import MARK, Block, marked_number
from cleaning.pages.extraction import Html, parse_html
from cleaning.pages.normal_text import normal_text
from cleaning.pages.page import Drop, Raw
from cleaning.pages.page_walk import page_blocks
from cleaning.settings import ExtractionSettings

_PLAIN = frozenset(
    str.split(
        "address article aside b big blockquote br caption center cite code dd del dfn div dl dt em figcaption figure "
        "footer h1 h2 h3 h4 h5 h6 header hr i ins kbd li main nav ol p pre q s samp section small strike strong sub "
        "summary sup table tbody td tfoot th thead time tr tt u ul var wbr"
    )
)
"""Elements that are written as they are, without their attributes."""
_GONE = frozenset(
    str.split(
        "script style noscript template svg math iframe object embed applet audio video canvas map link meta base "
        "title head frame frameset noframes source track param portal"
    )
)
"""Elements that go with all that is in them."""
_EMPTY = frozenset({"br", "hr", "wbr"})
_SPAN = re.compile(r"[1-9][0-9]?")
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8})?")
STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 1rem; max-width: 60rem;
  overflow-wrap: break-word; background: #fff; color: #1d2528; }
table { border-collapse: collapse; } td, th { border: 1px solid #bbb; padding: .15rem .4rem; vertical-align: top; }
nav, header, footer, aside { border-left: 3px solid #ccc; padding-left: .5rem; }
i.img, i.field { border: 1px dashed #888; font-size: .85em; padding: 0 .3em; border-radius: .2em; font-style: normal; }
u.a { text-decoration: underline dotted; }
mark { background: #d5f0dc; color: inherit; } mark.cut { background: #fbdcd5; text-decoration: line-through; }
mark.masked { background: #e3dcf7; }
@media (prefers-color-scheme: dark) {
  body { background: #1a2225; color: #e6ebea; }
  td, th, nav, header, footer, aside { border-color: #56646a; }
  mark { background: #174a2c; } mark.cut { background: #5c2620; } mark.masked { background: #40336e; }
}
"""
STYLE_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
"""By which the policy of the frame lets this one style in."""


@dataclass
class _Writer:
    """What was written so far."""

    states: Mapping[int, str]
    """Of a marked text: what became of its block."""
    pieces: list[str] = field(default_factory=list)

    def text(self, plain: str | None, marked: str | None) -> None:
        """A text of the page, marked where its block was selected."""
        if not plain:
            return
        found = MARK.search(marked or "")
        state = self.states.get(marked_number(found[0])) if found else None
        shown = escape(plain)
        self.pieces.append(f'<mark class="{state}">{shown}</mark>' if state else shown)


def inert_page(raw: Raw, lines: Sequence[Line], settings: ExtractionSettings) -> str | None:
    """The page as inert HTML, blocks marked by what became of their lines; None where it cannot be parsed."""
    plain = parse_html(raw, settings)
    marked = parse_html(raw, settings)
    if isinstance(plain, Drop) or isinstance(marked, Drop):
        return None
    writer = _Writer(_states(marked, lines))
    _write(plain.tree, marked.tree, writer)
    language = plain.tree.get("lang") or ""
    known = f' lang="{language}"' if _LANGUAGE.fullmatch(language) else ""
    head = f'<!doctype html><html{known}><head><meta charset="utf-8"><title>–</title><style>{STYLE}</style></head>'
    return f"{head}<body>{''.join(writer.pieces)}</body></html>"


def _states(html: Html, lines: Sequence[Line]) -> dict[int, str]:
    """What became of each marked text of the page; texts that extraction left are not there. Marks the tree."""
    blocks = page_blocks(html.tree).blocks
    if not lines:
        return {}
    on_page = [(line, block) for block in blocks for line in normal_text(block.text).split("\n") if line]
    if len(on_page) > MOST_LINES:
        return {}
    found = _selected([line for line, _ in on_page], [one.extracted for one in lines])
    states: dict[int, str] = {}
    for number, at in found.items():
        _note(states, on_page[number][1], lines[at])
    return states


def _selected(on_page: list[str], extracted: list[str]) -> dict[int, int]:
    """Which lines of the page are the extracted ones. A menu may repeat them, so the longest runs are looked for."""
    runs = equal_runs(on_page, extracted)
    found = {run.first + step: run.second + step for run in runs for step in range(run.size)}
    return found or matched(on_page, extracted)


def _note(states: dict[int, str], block: Block, line: Line) -> None:
    state = "in" if line.state == "kept" else "cut"
    if state == "in" and line.text != line.extracted:
        state = "masked"
    for number in range(block.first_node, block.end_node):
        states[number] = state


def _write(plain: HtmlElement, marked: HtmlElement, writer: _Writer) -> None:
    """Write a tree without recursion: pages may nest as deep as they like."""
    todo: list[tuple[HtmlElement, HtmlElement] | str] = [(plain, marked)]
    pieces = writer.pieces
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        one, its_twin = item
        begin, end, is_read = _tags(one)
        pieces.append(begin)
        if not is_read:
            pieces.append(end)
            continue
        writer.text(one.text, its_twin.text)
        children: list[tuple[HtmlElement, HtmlElement] | str] = []
        for child, twin in zip(one, its_twin, strict=True):
            children += [(child, twin), _marked_tail(child, twin, writer.states)]
        todo.append(end)
        todo.extend(reversed(children))


def _marked_tail(child: HtmlElement, twin: HtmlElement, states: Mapping[int, str]) -> str:
    """The text behind an element, marked."""
    aside = _Writer(states)
    aside.text(child.tail, twin.tail)
    return "".join(aside.pieces)


def _tags(element: HtmlElement) -> tuple[str, str, bool]:
    """How an element begins and ends, and whether what stands in it is written."""
    tag = element.tag
    if not isinstance(tag, str) or tag in _GONE:
        return "", "", False
    if tag == "img":
        return f'<i class="img">{escape(element.get("alt") or "▢")}</i>', "", False
    if tag in ("input", "textarea", "select", "button", "option"):
        return '<i class="field">', "</i>", tag in ("button", "option", "textarea", "select")
    if tag == "a":
        return f'<u class="a" title="{escape(element.get("href") or "")}">', "</u>", True
    if tag in _EMPTY:
        return f"<{tag}>", "", False
    if tag in _PLAIN:
        return f"<{tag}{_spans(element) if tag in ('td', 'th') else ''}>", f"</{tag}>", True
    return "", "", True


def _spans(element: HtmlElement) -> str:
    found = ((name, element.get(name) or "") for name in ("colspan", "rowspan"))
    return "".join(f' {name}="{value}"' for name, value in found if _SPAN.fullmatch(value))
