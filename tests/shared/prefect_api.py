"""Prefect's REST API, as its page uses it: no start of a command, no settings of a profile."""

import json
import time
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

PATIENCE = 60
"""Seconds of 503: the database was locked and nothing was written. Prefect's own client asks again too."""


class PrefectApi:
    """Call it with a path and, for POST, a body; the answer's JSON comes back."""

    def __init__(self, url: str, **headers: str) -> None:
        self._url, self._headers = url, {"Content-Type": "application/json", **headers}

    def __call__(self, path: str, body: Mapping[str, Any] | None = None, method: str | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = Request(self._url + path, content, self._headers, method=method)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with urlopen(request, timeout=60) as answer:
                    return json.loads(answer.read() or b"null")
            except HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > until:
                    raise
            time.sleep(1)

    def patch(self, path: str, body: Mapping[str, Any]) -> None:
        """Change some fields."""
        self(path, body, "PATCH")

    def submit(self, name: str, parameters: Mapping[str, Any] | None = None, due: datetime | None = None) -> str:
        """Start a run of the deployment ``name``, or one that was due at a moment; its id."""
        deployment = self(f"/deployments/name/{name}/{name}")["id"]
        details = {"state_details": {"scheduled_time": due.isoformat()}} if due else {}
        asked = {"parameters": parameters or {}, "state": {"type": "SCHEDULED", **details}}
        return str(self(f"/deployments/{deployment}/create_flow_run", asked)["id"])
