"""The page over a store, served for tests on a free port of this machine; and a small store to serve."""

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from browse.app import create_app
from browse.library import Library
from browse.server import address_of, listening
from browse.settings import BrowseSettings
from cleaning.settings import CleaningSettings
from data.store import Store


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class Served:
    library: Library
    address: str

    @property
    def port(self) -> int:
        return int(self.address.rstrip("/").rpartition(":")[2])

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request; ``host="evil.es"`` and ``accept_language="es"`` are headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers=named)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        connection.close()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)

    def label(self, version: str, **values: Any) -> Answer:
        """Give a label as the page does."""
        headers = {"origin": f"http://127.0.0.1:{self.port}", "content_type": "application/json"}
        return self.ask(f"/v/{version}/labels", "POST", json.dumps(values).encode(), **headers)


@contextmanager
def serving(store: Store, **settings: Any) -> Iterator[Served]:
    """The page over a store, with the index of every version."""
    library = Library(store, CleaningSettings(), lambda url: [f"the story of {url}"])
    for version in library.versions():
        library.prepare(version)
    chosen = BrowseSettings(port=0, **settings)
    with listening(chosen) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(library, chosen), log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield Served(library, address_of(listener))
        finally:
            server.should_exit = True
            thread.join(60)
