"""The environment of server and workers: where things are, and nothing that calls home.

Of the user's own Prefect nothing is passed on that decides where state lies: neither its variables nor its profiles.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from data.store import Store
from flows.serving.api import USER
from flows.serving.loopback import without_proxy

HEARTBEAT_SECONDS = 30
"""How often a flow run says that it lives; Prefect's own least value."""
QUERY_SECONDS = 1
"""How often a worker asks for work; Prefect's own 10 are longer than all else in a run that finds nothing changed."""
STARTUP_SECONDS = 600
"""The first start makes the database: 140 s on a busy machine. Prefect's own 20 s failed there."""
CLIENT_RETRIES = 8
"""Prefect's client asks again after 2, 4, 8 … s: for some 8 minutes. With its own 5 a run ended when the server was
away for 75 s."""
PASSWORDS = ("PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING")
"""What the server asks for, and what its clients answer: user and password."""
PASSED_ON = ("PREFECT_LOGGING_",)
"""What our servers and workers inherit of the user's Prefect: how much is logged. A password of theirs is not for our
server: workers would send it, and what asks the server without Prefect would not know it."""


def environment(
    store: Store,
    api_url: str,
    links: str,
    config: Path | None,
    *,
    password: str | None = None,
    keep_days: float = 90.0,
) -> Mapping[str, str]:
    """What is inherited, with the store, its settings file and Prefect's settings.

    The server deletes runs, with their logs and pages, ``keep_days`` after their end; events go earlier.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PREFECT_") or name.startswith(PASSED_ON)
    }
    served = {
        **inherited,
        "NO_PROXY": without_proxy(os.environ.get("NO_PROXY", "")),
        "no_proxy": without_proxy(os.environ.get("no_proxy", "")),
        "PREFECT_HOME": str(store.root / "serve" / "prefect"),
        "PREFECT_PROFILES_PATH": str(store.root / "serve" / "prefect" / "profiles.toml"),
        "COWESE_STORE": str(store.root),
        "COWESE_SERVE__LINKS": links,
        "PREFECT_API_URL": api_url,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{store.root / 'serve' / 'prefect.db'}",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
        "PREFECT_CLIENT_MAX_RETRIES": str(CLIENT_RETRIES),
        "PREFECT_WORKER_QUERY_SECONDS": str(QUERY_SECONDS),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": str(STARTUP_SECONDS),
        "PREFECT_SERVER_LOGS_STREAM_OUT_ENABLED": "true",  # else `prefect deployment run --watch` shows no log
        "PREFECT_SERVER_LOGS_STREAM_PUBLISHING_ENABLED": "true",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(round(keep_days * 86_400)),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_PLUGINS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    if password is not None:
        served |= dict.fromkeys(PASSWORDS, f"{USER}:{password}")
    return served if config is None else {**served, "COWESE_CONFIG": str(config.absolute())}
