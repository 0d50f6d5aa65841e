"""Templates → answers: every value is escaped, whatever it is."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from browse.interface import COOKIE, interface_of
from browse.text_lines import MASK

YEAR = 365 * 86_400


def masks(text: str) -> list[tuple[str, bool]]:
    """A text in runs, and which of them stand for personal data."""
    runs, at = [], 0
    for found in MASK.finditer(text):
        runs += [(text[at : found.start()], False), (found[0], True)]
        at = found.end()
    return [*runs, (text[at:], False)]


def is_web(url: str) -> bool:
    """Whether an address may be followed: a record may name ``javascript:`` or a file."""
    return url.startswith(("http://", "https://"))


_environment = Environment(
    loader=PackageLoader("browse"),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals |= {"masks": masks, "is_web": is_web}


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page in the reader's language; a choice of language is remembered in a cookie."""
    interface = interface_of(request)
    shown = _environment.get_template(template).render(
        t=interface.t,
        number=interface.number,
        day=interface.day,
        tongue=interface.tongue,
        other_tongue=_with_tongue(request, "es" if interface.tongue == "en" else "en"),
        path=request.url.path,
        **values,
    )
    response = HTMLResponse(shown, status)
    if request.query_params.get("hl") in ("en", "es"):
        response.set_cookie(COOKIE, interface.tongue, max_age=YEAR, samesite="strict", httponly=True)
    return response


def _with_tongue(request: Request, tongue: str) -> str:
    """This page's address in the other language."""
    return f"{request.url.path}?{request.url.include_query_params(hl=tongue).query}"
