"""RSL 1.0 (rslstandard.org/rsl, 2025-12-10): what a licence file permits, and where pages name one."""

import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit
from xml.parsers.expat import ExpatError, ParserCreate

from data.rights.robots_txt import MAX_BYTES
from data.rights.signals import MAX_LINE, RSL, Signal

NAMESPACE = "https://rslstandard.org/rsl"
MEDIA_TYPE = "application/rsl+xml"
_TRAINING = frozenset({"all", "ai-all", "ai-train", "train-ai"})
"""Usages that include training; ``train-ai`` is AIPREF's term, which RSL's guide uses."""
_FREE = frozenset({"", "free", "attribution", "contribution"})
"""Kinds of payment that need no agreement before a page is used."""
_SPLIT = re.compile(r"[,\s]+")
_MAX_ELEMENTS = 20_000
MAX_FIELD = 8_192
"""Characters of a Link field that are read."""
LINK = re.compile(r"<([^<>]{1,2000})>((?:\s*;[^<]{0,500})?)")
"""One target of a Link field with its parameters."""


def is_rsl(content_type: str, body: bytes) -> bool:
    """Whether a response is a licence, by its media type or its XML namespace."""
    return content_type == MEDIA_TYPE or NAMESPACE.encode() in body[:4_096]


def rsl_signals(body: bytes, base: str) -> list[Signal]:
    """The ``content`` elements of a licence as signals; those of hosts other than ``base``'s are left out.

    Content is reserved unless one of its licences allows training without an agreement: training is not prohibited
    (``all``, ``ai-all``, ``ai-train``), it is among the permitted usages if there is such a list, and it is free.
    """
    reader = _Reader()
    try:
        reader.read(body[:MAX_BYTES])
    except (ExpatError, ValueError):
        return []
    signals = []
    for content in reader.contents:
        path = _path(content.url, base)
        if path is not None and content.licences:
            granted = next((one for one in content.licences if one.grants), None)
            shown = granted or content.licences[0]
            line = f"{content.url} {shown.line}"[:MAX_LINE]
            standard = next(iter(shown.standard), None) if granted is not None else None
            signals.append(Signal(RSL, line, "reserved" if granted is None else "allowed", path, standard))
    return signals


def licence_links(values: Iterable[str]) -> list[tuple[str, str]]:
    """The licences that Link fields name: address and original field."""
    found = []
    for value in values:
        for target, parameters in LINK.findall(value[:MAX_FIELD]):
            lower = parameters.lower()
            if re.search(r"\brel\s*=\s*\"?[^\";]*\blicense\b", lower) and MEDIA_TYPE in lower:
                found.append((target, f"<{target}>{parameters.rstrip(', ')}"[:MAX_LINE]))
    return found


def _path(url: str, base: str) -> str | None:
    if url.startswith(("/", "*")):
        return url
    try:
        whole, own = urlsplit(urljoin(base, url)), urlsplit(base)
    except ValueError:
        return None
    if whole.netloc.removeprefix("www.") != own.netloc.removeprefix("www."):
        return None
    return f"{whole.path or '/'}?{whole.query}" if whole.query else whole.path or "/"


class _Licence:
    def __init__(self) -> None:
        self.permits: list[str] = []
        self.prohibits: list[str] = []
        self.payment = ""
        self.standard: list[str] = []
        """Addresses of standard licences that the payment names, such as Creative Commons."""

    @property
    def grants(self) -> bool:
        named = not self.permits or not _TRAINING.isdisjoint(self.permits)
        return named and _TRAINING.isdisjoint(self.prohibits) and self.payment in _FREE

    @property
    def line(self) -> str:
        said = [f"permits {' '.join(self.permits)}"] if self.permits else []
        said += [f"prohibits {' '.join(self.prohibits)}"] if self.prohibits else []
        return "; ".join([*said, *([f"payment {self.payment}"] if self.payment else [])]) or "license"


class _Content:
    def __init__(self, url: str) -> None:
        self.url = url
        self.licences: list[_Licence] = []


class _Reader:
    """Walks over a bounded number of elements; a document that declares entities is refused."""

    def __init__(self) -> None:
        self.contents: list[_Content] = []
        self._taken: list[str] | None = None
        """The list that takes the values of the open element."""
        self._text = ""
        self._elements = 0

    def read(self, body: bytes) -> None:
        parser = ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = self._entity
        parser.Parse(body, True)

    def _entity(self, *_: object) -> None:
        raise ValueError("a licence declares entities")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > _MAX_ELEMENTS:
            raise ValueError("a licence has too many elements")
        local = name.rpartition(" ")[2]
        if local == "content":
            self.contents.append(_Content(attributes.get("url", "")))
        elif self.contents and local == "license":
            self.contents[-1].licences.append(_Licence())
        elif self.contents and self.contents[-1].licences:
            licence = self.contents[-1].licences[-1]
            if local == "payment":
                licence.payment = attributes.get("type", "").strip().lower()
            elif local == "standard":
                self._taken, self._text = licence.standard, ""
            elif local in ("permits", "prohibits") and attributes.get("type", "usage").strip().lower() == "usage":
                self._taken, self._text = (licence.permits if local == "permits" else licence.prohibits), ""

    def _characters(self, text: str) -> None:
        if self._taken is not None:
            self._text += text

    def _end(self, name: str) -> None:
        local = name.rpartition(" ")[2]
        if self._taken is not None and local in ("permits", "prohibits", "standard"):
            said = self._text.strip() if local == "standard" else self._text.strip().lower()
            self._taken.extend(one for one in _SPLIT.split(said) if one)
            self._taken = None
