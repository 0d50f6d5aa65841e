"""Who listens on a port that we want."""

import json
import re
import socket
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import urlopen

TIMEOUT = 5
_SQLITE = re.compile(r"sqlite\+aiosqlite:///(.+)/serve/prefect\.db")


def listens(port: int) -> bool:
    """Whether any program listens on 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def who_listens(port: int) -> str:
    """What listens there, in words: the server of another store, another Prefect server, or another program."""
    base = f"http://127.0.0.1:{port}/api"
    try:
        version = json.loads(_get(f"{base}/admin/version"))
        database = json.dumps(json.loads(_get(f"{base}/admin/settings")).get("server", {}).get("database", {}))
    except (URLError, OSError, HTTPException, ValueError, AttributeError):
        return "another program"
    store = _SQLITE.search(database)
    return f"the server of the store {store[1]}" if store else f"another Prefect server ({version})"


def _get(url: str) -> bytes:
    with urlopen(url, timeout=TIMEOUT) as response:  # noqa: S310 - loopback
        content: bytes = response.read()
    return content
