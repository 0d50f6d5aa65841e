"""The page on which a corpus is read, beside Prefect's server. Run as ``python -m flows.serving.page STORE PORT``.

It asks for the server's password, where one is set for it (``PREFECT_SERVER_API_AUTH_STRING``) and none for the page.
Indexes are built when a version is first asked for.
"""

import os
import sys
from collections.abc import Mapping

from browse.server import listening, serve
from browse.settings import BrowseSettings
from data.store import Store
from flows.browsing import library_of
from flows.serving.api import password_in
from flows.settings import load_settings

AUTH = "PREFECT_SERVER_API_AUTH_STRING"


def with_servers_password(settings: BrowseSettings, environment: Mapping[str, str]) -> BrowseSettings:
    """The settings with the password of Prefect's server, which stands behind its user's name and a colon."""
    password = password_in(environment.get(AUTH))
    if settings.password is not None or password is None:
        return settings
    return BrowseSettings.model_validate({**settings.model_dump(), "password": password})


def main(root: str, port: int) -> None:
    """Serve until SIGTERM."""
    settings = load_settings(flags={"browse.port": port})
    store = Store.open_for_reading(root)
    chosen = with_servers_password(settings.browse, os.environ)
    with listening(chosen) as listener:
        serve(library_of(store, settings), chosen, listener)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
