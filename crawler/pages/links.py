"""The links of a page by one bounded scan: no tree is built, no page blocks the crawl."""

import functools
import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

from scrapy.linkextractors import IGNORED_EXTENSIONS

from data.markup import attributes, tags
from data.rights import TOKEN

MAX_LINKS = 2_000
"""Links taken from one page."""
MAX_URL = 2_000
"""Characters of a URL."""

NO_PAGE = re.compile(r"\.(?:" + "|".join(sorted(set(IGNORED_EXTENSIONS) - {"pdf"})) + r")(?:$|\?)", re.IGNORECASE)
"""Endings of what is neither a page nor a PDF (Scrapy's own list)."""

_LINKS = frozenset({b"a", b"area", b"iframe", b"frame"})
_REFRESH = re.compile(r"^[\s\d.]{0,20}[;,\s]\s{0,20}(?:url\s{0,20}=\s{0,20})?(['\"]?)([^'\"\s>]+)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,30}:")
_BREAKS = str.maketrans("", "", "\t\r\n")


@dataclass(slots=True)
class Links:
    """What a page points to."""

    urls: list[str] = field(default_factory=list)
    """Absolute http and https URLs in the order of the page, each once."""
    nofollow: bool = False
    """The page asks that its links be left alone."""
    canonical: str | None = None
    refresh: str | None = None


def extract_links(body: bytes, base_url: str, encoding: str) -> Links:
    """Find the links of an HTML page; never raises, takes time linear in the bytes looked at.

    What stands in comments, scripts and styles is no link; ``rel=nofollow`` links are left out, and all of them
    where the page says so in a robots meta element. ``encoding`` is a codec that keeps ASCII.
    """
    if encoding.startswith("utf-16"):
        body, encoding = body.decode(encoding, "replace").encode(), "utf-8"
    found = Links()
    urls: dict[str, None] = {}
    base = _Base(base_url)
    for tag, raw in tags(body):
        if tag in _LINKS:
            url = base.join(_reference(raw, encoding))
            if url is not None:
                urls[url] = None
                if len(urls) >= MAX_LINKS:
                    break
        else:
            _read_head(found, tag, attributes(raw, encoding), base)
    found.urls = [] if found.nofollow else list(urls)
    return found


@functools.lru_cache(maxsize=16_384)
def _reference(raw: bytes, encoding: str) -> str:
    """What a link points to, empty where it says nofollow; the links of a menu come again on every page."""
    values = attributes(raw, encoding)
    return "" if "nofollow" in values.get("rel", "").lower() else values.get("href") or values.get("src") or ""


def _read_head(found: Links, tag: bytes, values: dict[str, str], base: "_Base") -> None:
    if tag == b"base":
        base.move(values.get("href", ""))
    elif tag == b"meta":
        _read_meta(found, values, base)
    elif found.canonical is None and values.get("rel", "").lower() == "canonical":
        found.canonical = base.join(values.get("href", ""))


def _read_meta(found: Links, values: dict[str, str], base: "_Base") -> None:
    content = values.get("content", "")
    if values.get("name", "").lower() in ("robots", TOKEN):
        directives = {word.strip() for word in content.lower().split(",")}
        found.nofollow = found.nofollow or bool(directives & {"nofollow", "none"})
    elif values.get("http-equiv", "").lower() == "refresh" and (target := _REFRESH.match(content)):
        found.refresh = base.join(target[2])


class _Base:
    """Joins references to the page's address; the common forms without taking URLs apart."""

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
        """Take a base element's address."""
        if (url := self.join(reference)) is not None:
            self._set(url)

    def join(self, link: str) -> str | None:
        """The absolute URL, or None where it is no http or https one; dots are left to ``canonical_url``."""
        if not link or len(link) > MAX_URL:
            return None
        if not link.isprintable():
            link = link.translate(_BREAKS)
        first = link[:1]
        if first == "#" or not first:
            return None
        if "\\" in link:  # browsers read it as a slash (WHATWG URL, 4.4)
            link, first = link.replace("\\", "/"), "/" if first == "\\" else first
        if link.startswith(("http://", "https://")):
            return link
        if first == "/":
            return f"{self._scheme}:{link}" if link.startswith("//") else self._origin + link
        if _SCHEME.match(link) is not None:
            return self._join_slowly(link)
        return (self._path if first == "?" else self._folder) + link

    def _join_slowly(self, link: str) -> str | None:
        """A reference that begins with a scheme, in whatever case and with however many slashes."""
        try:
            url = urljoin(self._url, link)
        except ValueError:
            return None
        return url if url.startswith(("http://", "https://")) else None
