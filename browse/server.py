"""Listens, and serves until it is told to end."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import uvicorn

from browse.app import create_app
from browse.library import Library
from browse.settings import BrowseSettings
from cleaning.pages.judge_page import load_language_models
from data.errors import InputError, StoreError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
AT_ONCE = 64
"""Requests that are worked on side by side; more get 503."""


@contextmanager
def listening(settings: BrowseSettings) -> Iterator[socket.socket]:
    """A socket that listens where the settings say.

    Raises:
        InputError: an address beyond this machine without a password.
        StoreError: the port is taken.
    """
    if settings.address not in LOOPBACK and settings.password is None:
        raise InputError(
            f"browse.address {settings.address}: others could read all texts of the store. "
            "Set COWESE_BROWSE__PASSWORD, or leave it at 127.0.0.1."
        )
    family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.address, settings.port))
            listener.listen()
        except OSError as error:
            raise StoreError(
                f"port {settings.port}: it cannot be listened on ({error.strerror}). "
                "Choose another with `cowese browse --port`."
            ) from error
        yield listener


def address_of(listener: socket.socket) -> str:
    """The address under which a browser finds it."""
    host, port = listener.getsockname()[:2]
    named = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104 - named only
    return f"http://{named}:{port}/"


def serve(
    library: Library, settings: BrowseSettings, listener: socket.socket, ready: Callable[[str], None] = lambda _: None
) -> None:
    """Serve a store until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        create_app(library, settings),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=AT_ONCE,
        timeout_graceful_shutdown=2,
        ws="none",
    )
    threading.Thread(target=load_language_models, daemon=True).start()  # seconds that no reader then waits
    ready(address_of(listener))
    uvicorn.Server(config).run([listener])
