"""The page over a store, served for tests on a free port of this machine; and a small store to serve."""

import http.client
import io
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import uvicorn
from demo_web.site import REVISTA, Page, pages
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from browse.app import create_app
from browse.library import Library
from browse.server import address_of, listening
from browse.settings import BrowseSettings
from cleaning.clean import clean
from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.engines.engine import EngineSettings
from data.store import Store
from data.takedowns import Takedowns


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


HOSTILE_URL = "https://www.hospital-demo.example/hostil"
HOSTILE = (
    "<script>top.document.title='broken';fetch('http://evil.example/f')</script>"
    "<img src='http://evil.example/a.png' onerror=\"top.document.title='broken'\">"
    "<iframe src='http://evil.example/frame'></iframe><link rel=stylesheet href='http://evil.example/s.css'>"
    "<meta http-equiv=refresh content='0;url=http://evil.example/'><base href='http://evil.example/'>"
    "<style>@import 'http://evil.example/i.css'; body { background: url(http://evil.example/b.png) }</style>"
    "<form action='http://evil.example/'><button autofocus onfocus=\"top.document.title='broken'\">Ir</button></form>"
    "<a href=\"javascript:top.document.title='broken'\">Pulse</a><svg onload=\"top.document.title='broken'\"></svg>"
)


def demo_store(root: Path) -> Store:
    """The demo web's first round as `cowese build` leaves it, and a second version without one page of it."""
    store = Store.open(root)
    path = store.warc / "0001" / "demo.warc.gz"
    path.parent.mkdir(parents=True)
    answers = [(f"https://{host}{path}", page) for (host, path), page in pages(1).items()]
    article = next(page for url, page in answers if url.endswith("/cardiologia/hipertension"))
    hostile = article.body.replace(b"</main>", f"{HOSTILE}</main>".encode()).replace(b"Hipertens", b"<b>Hostil</b> ")
    answers.append((HOSTILE_URL, Page(hostile)))
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for number, (url, page) in enumerate(answers):
            head = StatusAndHeaders(str(page.status), [("Content-Type", page.content_type), *page.headers.items()])
            head.protocol = "HTTP/1.1"
            fields = {"WARC-Date": f"2026-03-01T10:{number // 60:02d}:{number % 60:02d}Z"}
            body = io.BytesIO(page.body)
            record = writer.create_warc_record(
                url, "response", payload=body, http_headers=head, warc_headers_dict=fields
            )
            writer.write_record(record)
    clean(store, CleaningSettings(), engine=EngineSettings(workers=1))
    publish(store, CleaningSettings(), PublishSettings())
    Takedowns.load(store).add([f"https://{REVISTA}/"], date(2026, 3, 2))
    publish(store, CleaningSettings(), PublishSettings())
    return store
