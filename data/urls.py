"""The canonical form of a URL, and the stable id derived from it."""

import functools
import hashlib
import re
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from data.errors import InputError

TRACKING = re.compile(
    r"^(utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|gad_source|srsltid|msclkid|yclid|ttclid|twclid|igshid|mc_[ce]id|mkt_tok"
    r"|_ga|_gl|hs(Ctatracking|_amp)?|ref_src|phpsessid|jsessionid|aspsessionid\w*|cfid|cftoken|oly_(anon|enc)_id|_hsenc"
    r"|_hsmi)$",
    re.IGNORECASE,
)
"""Query parameters that track visitors and never select the page."""
SESSION_NAME = re.compile(r"^(sid|s|sess|session|session_?id)$", re.IGNORECASE)
"""Names of session ids that may also number articles (PHP-Nuke's ``sid``) or congress sessions: the value decides."""

_SESSION_IN_PATH = re.compile(r";(?:(?:jsessionid|phpsessid)=[^/?#;]*|sid=[^/?#;]{16,}(?=[/?#;]|$))", re.IGNORECASE)
_TOKEN = re.compile(r"(?=[a-z,-]*[0-9])(?=[0-9,-]*[a-z])[0-9a-z,-]{16,}", re.IGNORECASE)
"""A session id: at least 16 letters and digits, as PHP and Java generate them."""
_CANONICAL = re.compile(
    r"https?://(?:[a-z0-9_-]{1,63}\.)+[a-z]{2,63}(?=/)(?:/[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*)*/?"
)
"""Addresses that are canonical as they stand; to see that takes a fifth of the time of making them so."""
_DOTS = re.compile(r"(?:^|/)\.{1,2}(?:/|$)")
_PLAIN = re.compile(r"[A-Za-z0-9!$&'()*+,;=:@/~._-]*")
_SAFE = "!$&'()*+,;=:@/~-._%"
_HOST = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}|[0-9a-f:.]*:[0-9a-f:.]*(?:%.*)?")
"""Labels of a host name, underscores included (RFC 2181, 11), or an IPv6 address."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SECOND_LEVEL = frozenset({"com", "org", "net", "gob", "gov", "edu", "ac", "co", "mil", "info", "nom", "sld", "web"})
"""Second-level labels under which domains are registered, as in msal.gob.ar."""


def canonical_url(url: str) -> str:
    """Return the canonical form, equal for all variants of an address.

    Scheme and host in lower case (IDNA), no default port, no fragment, dots in the path resolved, escapes in
    upper case and only where needed, query without tracking parameters and session ids, in its given order. A session
    id is recognised by its name, or by its name and value. Whether another parameter matters is learned from the host
    (``crawler.permissions.traps``).

    Raises:
        InputError: not an http or https URL.
    """
    if _CANONICAL.fullmatch(url):
        return url
    try:
        parts = urlsplit(url.strip())
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"{url[:200]!r}: not a URL ({error}).") from error
    if scheme not in _DEFAULT_PORTS or not host:
        raise InputError(f"{url[:200]!r}: not an http or https URL.")
    host = _ascii_host(host)
    where = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        where = f"{where}:{port}"
    path = parts.path
    if ";" in path:
        path = _SESSION_IN_PATH.sub("", path)
    path = _escape(path or "/")
    if _DOTS.search(path):
        path = _resolve_dots(path)
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _is_tracking_or_session(pair))
    return f"{scheme}://{where}{path}" + (f"?{_escape(query)}" if query else "")


def _is_tracking_or_session(pair: str) -> bool:
    """Whether a query parameter is a tracking parameter or a session id."""
    name, _, value = pair.partition("=")
    if TRACKING.match(name) is not None:
        return True
    return SESSION_NAME.match(name) is not None and _TOKEN.fullmatch(value) is not None


def document_id(url: str) -> str:
    """A 24-digit id of a canonical URL, equal for http and https and with and without www."""
    address = url.partition("://")[2].removeprefix("www.")
    return hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def url_variants(url: str) -> tuple[str, ...]:
    """The canonical URLs with the same id: https and http, without and with www."""
    address = url.partition("://")[2].removeprefix("www.")
    return tuple(f"{scheme}://{www}{address}" for scheme in ("https", "http") for www in ("", "www."))


def host_of(url: str) -> str:
    """The host of a canonical URL, without port and brackets."""
    host = url.partition("://")[2].partition("/")[0].partition("?")[0]
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def registered_domain(host: str) -> str:
    """The registered domain, by a rule of thumb for Spanish-speaking countries.

    It only keeps the hosts of a site in one partition: where the rule is wrong, partitions are less even, nothing else.
    """
    labels = host.split(".")
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL:  # noqa: PLR2004 - a country's code
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


@functools.lru_cache(maxsize=65_536)
def _ascii_host(host: str) -> str:
    host = (unquote(host) if "%" in host and ":" not in host else host).lower().rstrip(".")
    try:
        name = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise InputError(f"{host[:200]!r}: not a host name ({error}).") from error
    if not _HOST.fullmatch(name):
        raise InputError(f"{host[:200]!r}: not a host name.")
    return name


def _resolve_dots(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if path.endswith(("/.", "/..")):
        kept.append("")
    return "/" + "/".join(kept)


def _escape(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else _quoted(text)


@functools.lru_cache(maxsize=65_536)
def _quoted(text: str) -> str:
    if "%" not in text:
        return quote(text, safe=_SAFE, errors="replace")
    return re.sub(r"(?:%[0-9A-Fa-f]{2})+", _normal_escapes, quote(text, safe=_SAFE, errors="replace"))


def _normal_escapes(match: re.Match[str]) -> str:
    """Decode unreserved characters, write other escapes in upper case (RFC 3986, 6.2.2)."""
    return quote(unquote_to_bytes(match[0]), safe="~-._")
