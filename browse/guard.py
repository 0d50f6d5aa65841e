"""What stands before every page: who may ask, under which name, in which way, and what a browser may do with an answer.

The store holds texts that strangers wrote and an operator keeps. Three dangers are met here:

- A page of the web that leads its own name to 127.0.0.1 (DNS rebinding): the Host header must be one of ours.
- A page of the web that posts a form to this port: a request that writes must come from our own origin.
- Content that would run or fetch in the reader's browser: a strict Content-Security-Policy, without a word of inline
  script; a page as it was fetched is shown in a sandbox that runs nothing and loads nothing.
"""

import base64
import binascii
import secrets
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
READING = ("GET", "HEAD")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FRAME_POLICY = "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; style-src"
"""For a page as it was fetched, before the one style that is let in: no script, picture, font, frame, form."""
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-dns-prefetch-control": "off",
    "cache-control": "no-store",
    "content-security-policy": POLICY,
    "x-frame-options": "DENY",
}


class Guard:
    """ASGI middleware: refuses what may not ask, and puts HEADERS on every answer that does not set its own."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = (), password: str | None = None) -> None:
        self._app = app
        self._hosts = {*LOOPBACK, *(host.lower() for host in hosts)}
        self._password = password

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        refused = self._refusal(scope)
        app: ASGIApp = refused or self._app
        await app(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if len(headers.getlist("host")) != 1 or host_name(headers["host"]) not in self._hosts:
            return PlainTextResponse("This name is not served here. Ask for 127.0.0.1 or localhost.\n", 421)
        if self._password is not None and not self._knows_password(headers.get("authorization", "")):
            return PlainTextResponse("A password is needed.\n", 401, {"www-authenticate": 'Basic realm="cowese"'})
        if scope["method"] in READING:
            return None
        if scope["method"] != "POST":
            return PlainTextResponse("Only GET, HEAD and POST.\n", 405, {"allow": "GET, HEAD, POST"})
        if not _from_our_pages(headers):
            return PlainTextResponse("Labels are taken from our own pages only.\n", 403)
        return None

    def _knows_password(self, authorization: str) -> bool:
        scheme, _, credentials = authorization.partition(" ")
        try:
            decoded = base64.b64decode(credentials, validate=True)
        except (binascii.Error, ValueError):
            return False
        given = decoded.partition(b":")[2]
        assert self._password is not None
        return scheme.lower() == "basic" and secrets.compare_digest(given, self._password.encode())


def host_name(header: str) -> str:
    """The name in a Host header, without its port.

    >>> host_name("LOCALHOST:4202"), host_name("[::1]:4202")
    ('localhost', '[::1]')
    """
    name, colon, port = header.lower().rpartition(":")
    return name if colon and port.isdigit() and (not name.count(":") or name.endswith("]")) else header.lower()


def _from_our_pages(headers: Headers) -> bool:
    """Whether a request comes from a page of this server, by the origin that a browser tells."""
    origin = headers.get("origin", "")
    same = origin.partition("://")[2] == headers["host"] and origin.startswith(("http://", "https://"))
    return same and headers.get("sec-fetch-site", "same-origin") == "same-origin"


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
