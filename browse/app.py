"""The web application: its addresses, and how it answers what goes wrong."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from browse import comparing, document, listing, reading, rules_page, settings_page
from browse.guard import HEADERS, Guard
from browse.library import Library
from browse.rendering import page
from browse.settings import BrowseSettings
from data.errors import CoweseError, InputError

STATIC = Path(__file__).with_name("static")


def create_app(library: Library, settings: BrowseSettings) -> Starlette:
    """The application over one store."""
    password = settings.password.get_secret_value() if settings.password is not None else None
    app = Starlette(
        routes=[
            Route("/", home),
            Route("/v/{version}", listing.results, name="list"),
            Route("/v/{version}/values/{facet}", listing.values),
            Route("/compare", comparing.compare),
            Route("/compare/settings", settings_page.compare_settings),
            Route("/v/{version}/rules", rules_page.rules),
            Route("/v/{version}/read", reading.read_sample),
            Route("/v/{version}/labels", reading.label, methods=["POST"]),
            Route("/v/{version}/page/{id}", document.document),
            Route("/v/{version}/page/{id}/original", document.original),
            Route("/v/{version}/page/{id}/body", document.body),
            Route("/v/{version}/page/{id}/difference", document.difference),
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
        ],
        middleware=[Middleware(Guard, hosts=settings.hosts, password=password)],
        exception_handlers={CoweseError: refused, 404: missing, Exception: failed},
    )
    app.state.library = library
    return app


def home(request: Request) -> Response:
    """To the newest version."""
    library: Library = request.app.state.library
    if not library.versions():
        return page(request, "message.jinja", status=404, title="No version yet", message=NO_VERSION)
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/v/{library.versions()[0]}{query}")


NO_VERSION = "This store has no corpus version yet. `cowese publish` cuts one."
NOT_HERE = "There is nothing at this address."


def missing(request: Request, _: Exception) -> Response:
    """No such address."""
    return page(request, "message.jinja", status=404, title="Not here", message=NOT_HERE)


def refused(request: Request, error: Exception) -> Response:
    """An error that a person can mend, in its own words."""
    status = 404 if isinstance(error, InputError) else 503
    return page(request, "message.jinja", status=status, title="It cannot be shown", message=str(error), is_raw=True)


def failed(request: Request, error: Exception) -> Response:
    """An error of ours; the terminal has the rest of it. This answer passes no middleware."""
    message = f"{type(error).__name__}. The terminal of the command says more."
    answer = page(request, "message.jinja", status=500, title="It cannot be shown", message=message, is_raw=True)
    answer.headers.update(HEADERS)
    return answer
