"""MathML as a line of text: 3/4, x², √(b² − 4ac)."""

from collections.abc import Sequence

from lxml.html import HtmlElement

from cleaning.pages.superscripts import fraction, power, subscript

MAX_DEPTH = 40
"""A formula that is nested deeper is left out whole."""
_IGNORED = frozenset({"annotation", "annotation-xml", "mphantom", "mspace", "none", "mprescripts"})
_SPACED = frozenset("=<>≤≥≈≠±+−×÷→⇒∼≡∝·")


def math_text(math: HtmlElement) -> str:
    """The text of a ``math`` element; its TeX source where it has no elements; empty if it cannot be read."""
    try:
        text = " ".join(_text(math, 0).split())
    except RecursionError:
        return ""
    return text or " ".join((math.get("alttext") or _source(math)).split())


def _source(math: HtmlElement) -> str:
    for element in math.iter():
        if _name(element) == "annotation" and element.get("encoding") == "application/x-tex":
            return str(element.text or "")
    return ""


def _name(element: HtmlElement) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def _text(element: HtmlElement, depth: int) -> str:
    if depth > MAX_DEPTH:
        raise RecursionError
    name = _name(element)
    if name in _IGNORED or not name:
        return ""
    if name == "mo":
        sign = "".join(element.itertext()).strip()
        sign = {"-": "−", "\u2061": "", "\u2062": "", "\u2063": "", "\u2064": ""}.get(sign, sign)
        return f" {sign} " if sign in _SPACED and sign and not _is_prefix(element) else sign
    if name in {"mi", "mn", "mtext", "ms"}:
        return "".join(element.itertext())
    parts = [_text(child, depth + 1) for child in element if _name(child) not in _IGNORED]
    if name == "mfenced":
        inner = (element.get("separators") or ",")[:1].join(parts)
        return f"{element.get('open', '(')}{inner}{element.get('close', ')')}"
    build = _BUILT.get(name)
    if build is None:
        return "".join(parts)
    least, make = build
    return make(parts) if len(parts) >= least else "".join(parts)


def _is_prefix(sign: HtmlElement) -> bool:
    """A sign at the beginning of its row: −5."""
    before = sign.getprevious()
    return before is None or _name(before) == "mo"


def _grouped(text: str) -> str:
    text = text.strip()
    is_one = len(text) <= 1 or text.isalnum() or (text[0] == "(" and text.find(")") == len(text) - 1)
    return text if is_one else f"({text})"


def _over(parts: Sequence[str]) -> str:
    above, below = parts[0].strip(), parts[1].strip()
    if above.isdigit() and below.isdigit():
        return f" {fraction(f'{above}/{below}', behind_digit=False)} "
    return f"{_grouped(above)}/{_grouped(below)}"


def _raised(parts: Sequence[str]) -> str:
    return f"{_grouped(parts[0])}{power(parts[1].replace(' ', ''))}"


def _lowered(parts: Sequence[str]) -> str:
    return f"{parts[0].strip()}{subscript(parts[1].replace(' ', ''), parts[0].strip() or 'x')}"


_BUILT = {
    "mfrac": (2, _over),
    "msup": (2, _raised),
    "msub": (2, _lowered),
    "msubsup": (3, lambda parts: _raised([_lowered(parts[:2]), parts[2]])),
    "munder": (2, lambda parts: f"{parts[0]}_({parts[1].strip()})"),
    "mover": (2, lambda parts: parts[0]),
    "munderover": (3, lambda parts: f"{parts[0]}_({parts[1].strip()})^({parts[2].strip()}) "),
    "msqrt": (1, lambda parts: f"√{_grouped(''.join(parts))}"),
    "mroot": (2, lambda parts: f"{_grouped(parts[1])}√{_grouped(parts[0])}"),
    "mtr": (1, lambda parts: "; ".join(part.strip() for part in parts) + " "),
}
