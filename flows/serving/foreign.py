"""Who listens on a port that we want."""

import json
import socket
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from flows.serving.files import ABOUT
from flows.serving.loopback import get
from flows.serving.parts import ports


def listens(port: int) -> bool:
    """Whether any program listens on 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def who_listens(port: int) -> str:
    """What listens there, in words: the server of another store, another Prefect server, or another program."""
    try:
        version = json.loads(get(f"http://127.0.0.1:{port}/api/admin/version"))
    except HTTPError as error:
        if error.code != HTTPStatus.UNAUTHORIZED:
            return "another program"
        version = "with a password"
    except (OSError, HTTPException, ValueError):
        return "another program"
    root = served_root(port)
    return f"the server of the store {root}" if root else f"another Prefect server ({version})"


def served_root(port: int) -> str | None:
    """The folder of the store that is served with its server on a port of this machine, None where none is.

    What shows the store's files, on the next port, says so.
    """
    try:
        root = get(f"http://127.0.0.1:{ports(port)['files']}{ABOUT}").decode()
    except (OSError, HTTPException, ValueError):
        return None
    return root if Path(root).is_absolute() and Path(root).is_dir() else None
