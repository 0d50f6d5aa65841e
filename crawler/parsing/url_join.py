"""Joins references of pages and header fields to absolute URLs, as browsers do (WHATWG URL)."""

import re
from urllib.parse import quote, quote_from_bytes, urlsplit

MAX_URL = 2_000
"""Characters of a URL."""

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,30}:")
_WEB = re.compile(r"(https?):([/\\]*)(.*)", re.IGNORECASE | re.DOTALL)
_BREAKS = str.maketrans("", "", "\t\r\n")
_OUTER = "".join(map(chr, range(0x21)))
"""C0 controls and the space: taken off both ends."""
_HIGH = re.compile(rb"[^\x21-\x7e]+")
_LEGACY = re.compile(r"[^\x00-\x7f]+")


class Base:
    """Joins references to the page's address; common forms take a fast path without parsing."""

    __slots__ = ("_folder", "_origin", "_path", "_scheme", "_url")

    def __init__(self, url: str) -> None:
        self._set(url)

    def _set(self, url: str) -> None:
        self._url = url
        self._scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("#")[0].partition("?")[0].partition("/")
        self._origin = f"{self._scheme}://{host.partition('?')[0]}"
        self._path = f"{self._origin}/{path}"
        self._folder = self._path.rpartition("/")[0] + "/"

    def move(self, reference: str) -> None:
        """Apply a base element's address."""
        if (url := self.join(reference)) is not None:
            self._set(url)

    def join(self, link: str) -> str | None:
        """The absolute URL; None if it is not http or https. ``canonical_url`` resolves dots later."""
        if not link or len(link) > MAX_URL:
            return None
        if not link.isprintable() or link[0] == " " or link[-1] == " ":
            link = link.strip(_OUTER).translate(_BREAKS)
        first = link[:1]
        if first == "#" or not first:
            return None
        if "\\" in link:
            link = _slashed(link)
            first = link[0]
        if link.startswith(("http://", "https://")) and ":///" not in link[:9]:
            return link
        if first == "/":
            return f"{self._scheme}://{link.lstrip('/')}" if link.startswith("//") else self._origin + link
        if _SCHEME.match(link) is not None:
            return self._join_web(link)
        return (self._path if first == "?" else self._folder) + link

    def _join_web(self, link: str) -> str | None:
        """Join a reference that begins with http or https, in any case and with any number of slashes."""
        web = _WEB.match(link)
        if web is None:
            return None
        scheme, slashes, rest = web[1].lower(), web[2], web[3]
        if not slashes and scheme == self._scheme:  # relative, in spite of its scheme
            return self.join(rest)
        return f"{scheme}://{rest}" if rest else None


def location_url(base: str, field: bytes) -> str | None:
    """The target of a Location or Refresh field; None if it is not an http or https URL with a possible host.

    Bytes beyond ASCII are sent back unchanged, whatever their encoding: the server wrote them. Never raises.
    """
    field = field.strip(b" \t\r\n")
    head, mark, rest = field.partition(b"//")
    host, slash, path = rest.partition(b"/")
    if mark and not host.isascii() and (not head or head.rstrip(b":").isalpha()):
        name = _decoded(host)
        text = f"{head.decode('latin-1')}//{name}{slash.decode()}{_escaped(path)}"
    else:
        text = _escaped(field)
    url = Base(base).join(text)
    return url if url is not None and _has_host(url) else None


def _has_host(url: str) -> bool:
    """Whether the host of a URL can be parsed; brackets must contain an IPv6 address (RFC 3986, 3.2.2)."""
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def encoded_query(reference: str, encoding: str) -> str:
    """Escape the query of a reference in the encoding of its page; paths are UTF-8 in every page.

    A letter that the encoding lacks is written as a numeric character reference (WHATWG URL, percent-encode after
    encoding). ``encoding`` is a Python codec.
    """
    before, question, query = reference.partition("?")
    if not question or query.isascii() or encoding.startswith("utf"):
        return reference
    query, sharp, fragment = query.partition("#")
    return f"{before}?{_LEGACY.sub(lambda run: _in_legacy(run[0], encoding), query)}{sharp}{fragment}"


def _in_legacy(text: str, encoding: str) -> str:
    return quote(text.encode(encoding, "xmlcharrefreplace"), safe="")


def _escaped(field: bytes) -> str:
    return _HIGH.sub(lambda run: quote_from_bytes(run[0]).encode(), field).decode("ascii")


def _decoded(host: bytes) -> str:
    try:
        return host.decode("utf-8")
    except UnicodeDecodeError:
        return host.decode("latin-1")


def _slashed(link: str) -> str:
    """Replace backslashes before the query by slashes (WHATWG URL, 4.4)."""
    head, mark, query = link.partition("?")
    if "#" in head:
        head, sharp, fragment = head.partition("#")
        return head.replace("\\", "/") + sharp + fragment + mark + query
    return head.replace("\\", "/") + mark + query


def http_url(url: str) -> str:
    """The http URL of an https URL."""
    return "http" + url.removeprefix("https")
