"""Licences that pages and hosts state: known ones by their SPDX identifier, others as they are written."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from data.rights.rsl import LINK, MEDIA_TYPE

MAX_NAME, MAX_URL = 200, 500
"""Characters of a name that are kept; a longer address is not accepted."""
_CC = re.compile(
    r"^(?:https?:)?//(?:www\.)?creativecommons\.org/(licenses|publicdomain)/([a-z+-]{2,20})"
    r"(?:/(\d\.\d)(?:/([a-z]{2,10})(?![a-z]))?)?(?=[/?#.]|$)",
    re.IGNORECASE,
)
_CC_PARTS = frozenset({"by", "nc", "nd", "sa"})
_PUBLIC_DOMAIN = {"zero": "CC0", "mark": "CC-PDM"}
_CC_TEXT = re.compile(r"\bCC(0|[ -]?(?:BY|by)(?:[ -]?(?:NC|SA|ND|nc|sa|nd))*)(?:[ -]?v?(\d\.\d))?(?![\w.]*\w)")
_URL = re.compile(r"https?://[^\s<>\"']{4,500}")
_KNOWN = (
    (re.compile(r"//(?:www\.)?gnu\.org/(?:licenses|copyleft)/(?:old-licenses/)?fdl"), "GFDL"),
    (re.compile(r"//(?:www\.)?opendatacommons\.org/licenses/by/"), "ODC-By-1.0"),
    (re.compile(r"//(?:www\.)?opendatacommons\.org/licenses/odbl/"), "ODbL-1.0"),
    (re.compile(r"//(?:www\.)?opendatacommons\.org/licenses/pddl/"), "PDDL-1.0"),
)


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by its name, its address, or both."""

    name: str | None
    url: str | None = None


def licence_at(address: str, base: str = "") -> Licence | None:
    """The licence at an address, which may be relative to ``base``; None if it is not an address.

    Creative Commons addresses are normalised, without the language of the deed.

    >>> licence_at("http://creativecommons.org/licenses/by-nc/3.0/es/deed.es")
    Licence(name='CC-BY-NC-3.0-ES', url='https://creativecommons.org/licenses/by-nc/3.0/es/')
    """
    try:
        url = urljoin(base, address.strip())
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc or len(url) > MAX_URL:
        return None
    found = _CC.match(url)
    if found is not None:
        return _creative_commons(*found.groups())
    if parts.netloc.lower().removeprefix("www.") == "creativecommons.org":
        return None
    return Licence(next((name for pattern, name in _KNOWN if pattern.search(url)), None), url)


def licence_in(text: str) -> Licence | None:
    """The licence that a text names by an address or by a Creative Commons code; None if it names none.

    >>> licence_in("Copyright (c) 2021 Revista; Licencia CC BY-NC-SA 4.0")
    Licence(name='CC-BY-NC-SA-4.0', url='https://creativecommons.org/licenses/by-nc-sa/4.0/')
    >>> licence_in("Copyright (c) 2021 Revista")
    """
    text = text[:4_000]
    for url in _URL.findall(text):
        found = licence_at(url.rstrip(".,;)"))
        if found is not None and found.name is not None:
            return found
    code = _CC_TEXT.search(text)
    if code is None:
        return None
    kind = "-".join(re.findall(r"0|by|nc|sa|nd", code[1].lower()))
    return _creative_commons("publicdomain" if kind == "0" else "licenses", "zero" if kind == "0" else kind, code[2])


def is_creative_commons(address: str) -> bool:
    """Whether an address is one of their licences, and not for instance their home page."""
    found = _CC.match(address.strip())
    return found is not None and _creative_commons(*found.groups()) is not None


def link_licence(field: str, base: str) -> Licence | None:
    """The first licence of a ``Link`` header field. RSL licences are skipped: the ledger reads them."""
    for target, parameters in LINK.findall(field[:8_192]):
        lower = parameters.lower()
        if re.search(r"\brel\s*=\s*\"?[^\";]*\blicense\b", lower) and MEDIA_TYPE not in lower:
            found = licence_at(target, base)
            if found is not None:
                return found
    return None


def _creative_commons(folder: str, kind: str, version: str | None, port: str | None = None) -> Licence | None:
    folder, kind, port = folder.lower(), kind.lower(), (port or "").lower()
    port = "" if port in ("deed", "legalcode", "rdf") else port
    if folder == "publicdomain":
        name = _PUBLIC_DOMAIN.get(kind)
    else:
        name = f"CC-{kind.upper()}" if _CC_PARTS.issuperset(kind.split("-")) else None
    if name is None:
        return None
    url = "/".join(one for one in ("https://creativecommons.org", folder, kind, version, port) if one)
    return Licence("-".join(one for one in (name, version, port.upper()) if one), f"{url}/")
