"""The environment of server and workers: where things are, and nothing that calls home."""

import os
from collections.abc import Mapping
from pathlib import Path

from data.store import Store

HEARTBEAT_SECONDS = 30
"""How often a flow run says that it lives; Prefect's own least value."""
QUERY_SECONDS = 1
"""How often a worker asks for work; Prefect's own 10 are longer than all else in a run that finds nothing changed."""
STARTUP_SECONDS = 120
"""The first start makes the database; Prefect's own 20 s failed on a loaded machine."""


def environment(store: Store, api_url: str, links: str, config: Path | None) -> Mapping[str, str]:
    """What is inherited, with the store, its settings file and Prefect's settings."""
    served = {
        **os.environ,
        "COWESE_STORE": str(store.root),
        "COWESE_SERVE__LINKS": links,
        "PREFECT_API_URL": api_url,
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{store.root / 'serve' / 'prefect.db'}",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
        "PREFECT_WORKER_QUERY_SECONDS": str(QUERY_SECONDS),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": str(STARTUP_SECONDS),
        "PREFECT_SERVER_LOGS_STREAM_OUT_ENABLED": "true",  # else `prefect deployment run --watch` shows no log
        "PREFECT_SERVER_LOGS_STREAM_PUBLISHING_ENABLED": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_PLUGINS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    return served if config is None else {**served, "COWESE_CONFIG": str(config.absolute())}
