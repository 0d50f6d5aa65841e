"""Prefect's REST API over plain HTTP: what looks at a server every half minute should not load Prefect for it."""

import base64
import json
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.request import Request

from flows.serving.deadline import within
from flows.serving.loopback import opener

TIMEOUT = 10.0
"""Seconds for the next bytes of an answer."""
PATIENCE = 60.0
"""Seconds for all of it."""
MOST_BYTES = 64_000_000
"""Of an answer that are read: 200 runs are less than a tenth of it."""
USER = "admin"
"""Prefect's server asks for one user name and password; only the password is a secret."""


class Api:
    """A Prefect server by its API's URL, as http://127.0.0.1:4200/api.

    Every method raises OSError where nobody answers or the answer is an error (``urllib.error.HTTPError``).
    """

    def __init__(self, url: str, password: str | None = None, page: str | None = None) -> None:
        """``page`` is where a browser finds the server; None: at the API's URL without ``/api``."""
        self.url = url.rstrip("/")
        self.page = (page or self.url.removesuffix("/api")).rstrip("/")
        self._headers = {"Content-Type": "application/json", **basic_auth(password)}

    def get(self, path: str) -> Any:
        """Read something."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Read by a filter, or create something."""
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        try:
            return json.loads(within(PATIENCE, self._answer, method, path, content) or b"null")
        except HTTPException as error:
            raise OSError(f"the answer is no HTTP ({error!r})") from error

    def _answer(self, method: str, path: str, content: bytes | None) -> bytes:
        request = Request(self.url + path, content, self._headers, method=method)  # noqa: S310 - http by construction
        with opener(self.url).open(request, timeout=TIMEOUT) as answer:
            found: bytes = answer.read(MOST_BYTES)
            return found


def password_in(auth_string: str | None) -> str | None:
    """The password of ``USER:PASSWORD``, as Prefect's settings have them; None where there is none."""
    return (auth_string or "").partition(":")[2] or None


def basic_auth(password: str | None) -> dict[str, str]:
    """The header that carries the password; none where there is none."""
    if password is None:
        return {}
    return {"Authorization": f"Basic {base64.b64encode(f'{USER}:{password}'.encode()).decode()}"}
