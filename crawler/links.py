"""The links of a page by one bounded scan: no tree is built, no page blocks the crawl."""

import html
import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

MAX_SCANNED = 2 << 20
"""Bytes of a page that are looked at."""
MAX_LINKS = 2_000
"""Links taken from one page."""
MAX_URL = 2_000
"""Characters of a URL."""

_TAG = re.compile(rb"<(a|area|base|link|meta|iframe|frame)\b([^<>]{0,4096})>", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?-->|<script\b.*?</script\s*>|<style\b.*?</style\s*>", re.IGNORECASE | re.DOTALL)
_ATTRIBUTE = re.compile(rb"""([a-zA-Z-]{1,20})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\"\s>]+)", re.IGNORECASE)


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
    """Find the links of an HTML page; never raises, takes time linear in the bytes looked at."""
    found = Links()
    seen: set[str] = set()
    base = base_url
    for match in _TAG.finditer(_COMMENT.sub(b" ", body[:MAX_SCANNED])):
        tag = match[1].lower()
        attributes = _attributes(match[2], encoding)
        if tag == b"base" and attributes.get("href"):
            base = _join(base_url, attributes["href"]) or base_url
        elif tag == b"meta":
            _read_meta(found, attributes, base)
        elif tag == b"link":
            if "canonical" in attributes.get("rel", "").lower() and found.canonical is None:
                found.canonical = _join(base, attributes.get("href", ""))
        elif "nofollow" not in attributes.get("rel", "").lower():
            url = _join(base, attributes.get("href") or attributes.get("src") or "")
            if url is not None and url not in seen and len(seen) < MAX_LINKS:
                seen.add(url)
                found.urls.append(url)
    if found.nofollow:
        found.urls.clear()
    return found


def _attributes(text: bytes, encoding: str) -> dict[str, str]:
    return {
        name.decode("ascii").lower(): _text(double or single or bare, encoding)
        for name, double, single, bare in _ATTRIBUTE.findall(text)
    }


def _text(value: bytes, encoding: str) -> str:
    text = value.decode(encoding, "replace").strip()
    return html.unescape(text) if "&" in text else text


def _read_meta(found: Links, attributes: dict[str, str], base: str) -> None:
    content = attributes.get("content", "")
    if attributes.get("name", "").lower() in ("robots", "cowese"):
        directives = {word.strip() for word in content.lower().split(",")}
        found.nofollow = found.nofollow or bool(directives & {"nofollow", "none"})
    elif attributes.get("http-equiv", "").lower() == "refresh" and (target := _REFRESH.search(content)):
        found.refresh = _join(base, target[1])


def _join(base: str, link: str) -> str | None:
    if not link or link.startswith(("#", "javascript:", "mailto:", "tel:", "data:")) or len(link) > MAX_URL:
        return None
    if link.startswith(("http://", "https://")):  # canonical_url resolves what dots it has
        return link
    if link[0] == "/" and link[1:2] != "/":
        scheme, _, rest = base.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}{link}"
    try:
        url = urljoin(base, link)
    except ValueError:
        return None
    return url if url.startswith(("http://", "https://")) else None
