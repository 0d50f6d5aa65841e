"""A small web on loopback, served as a forward proxy: every host under its own name, pages as the test sets them."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import sqlalchemy as sa

from crawler.frontier.tables import hosts, urls
from crawler.settings import CrawlSettings
from data.store import Store

TEXT = (
    "La hipertensión arterial es una enfermedad crónica en la que la presión de la sangre es demasiado alta. "
    "El médico recomienda reducir la sal, hacer ejercicio y medir la tensión con regularidad. "
)
PERMISSIONS = ("/robots.txt", "/.well-known/tdmrep.json", "/ai.txt", "/.well-known/ai.txt")
"""What each host is asked first in every run."""
Answer = tuple[int, dict[str, str], bytes]


def html(*links: str, text: str = "") -> Answer:
    """A page with links."""
    anchors = "".join(f'<a href="{link}">enlace</a> ' for link in links)
    body = (
        f'<!doctype html><html lang="es"><head><meta charset="utf-8"></head><body><p>{TEXT}{text}</p>{anchors}</body>'
    )
    return 200, {"Content-Type": "text/html; charset=utf-8"}, body.encode()


@dataclass
class Asked:
    """One request that came."""

    url: str
    at: float
    headers: dict[str, str]
    status: int = 0


@dataclass
class Web:
    """Pages by URL; what is not there answers 404."""

    pages: dict[str, Answer | Callable[[dict[str, str]], Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    etags: bool = True
    delay: float = 0.0

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def urls(self) -> list[str]:
        return [one.url for one in self.asked]

    def beyond_permissions(self) -> list[str]:
        return [url for url in self.urls() if not url.endswith(PERMISSIONS)]

    def seeds(self, path: Path, *urls: str, scope: str = "host") -> Path:
        lines = [f"{url}\tHospital de prueba\tES\thospital\t{scope}" for url in urls]
        path.write_text("url\tname\tcountry\tcategory\tscope\n" + "\n".join(lines) + "\n", encoding="utf-8")
        return path

    def settings(self, seeds: Path, **others: object) -> CrawlSettings:
        """Fast, for loopback."""
        given = {"delay_min": 0.0, "delay_factor": 0.0, "breaker_base_delay": 0.2, "timeout": 5.0, **others}
        return CrawlSettings.model_validate({"seeds": seeds, "proxy": self.proxy, **given})

    def answer(self, url: str, headers: dict[str, str]) -> Answer:
        found = self.pages.get(url)
        if found is None:
            return (200, {"Content-Type": "text/plain"}, b"") if url.endswith("/robots.txt") else (404, {}, b"no")
        status, given, body = found(headers) if callable(found) else found
        fields = dict(given)
        if self.etags and status == 200:
            fields.setdefault("ETag", f'"{sha256(body).hexdigest()[:12]}"')
            if headers.get("if-none-match") == fields["ETag"]:
                return 304, fields, b""
        return status, fields, body


@contextlib.contextmanager
def serving(web: Web) -> Iterator[Web]:
    """Serve a web until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.path, time.time(), headers)
            web.asked.append(asked)
            if web.delay:
                time.sleep(web.delay)
            status, fields, body = web.answer(self.path, headers)
            asked.status = status
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status != 304:
                self.wfile.write(body)

        def do_CONNECT(self) -> None:
            web.asked.append(Asked("connect " + self.path, time.time(), {}))
            self.send_response(502)
            self.send_header("Content-Length", "0")
            self.end_headers()
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address) -> None:
            """A crawler that was killed hangs up."""

    server = Server(("127.0.0.1", 0), Handler)
    web.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def rows(store: Store) -> dict[str, sa.Row]:
    """What the crawl state knows, by URL."""
    return _rows(store, urls, "url")


def host_rows(store: Store) -> dict[str, sa.Row]:
    """What the crawl state knows of each host."""
    return _rows(store, hosts, "host")


def _rows(store: Store, table: sa.Table, key: str) -> dict[str, sa.Row]:
    engine = sa.create_engine(f"sqlite:///{store.crawl_state}")
    with engine.connect() as connection:
        found = {getattr(row, key): row for row in connection.execute(sa.select(table))}
    engine.dispose()
    return found
