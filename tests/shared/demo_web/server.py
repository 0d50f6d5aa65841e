"""Serves the demo web on loopback: an HTTP forward proxy under which its hosts answer by their own names."""

import gzip
import hashlib
import sys
import threading
from collections.abc import Mapping
from email.message import Message
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

from demo_web.site import SEEDS, Page, pages


class DemoWeb:
    """``with DemoWeb(round=2) as web``: point a crawler at ``web.proxy``; ``web.log`` lists what was asked."""

    def __init__(self, round: int = 1, port: int = 0) -> None:  # noqa: A002 - the web's word for it
        self.pages: Mapping[tuple[str, str], Page] = pages(round)
        self.log: list[tuple[str, str, int]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def proxy(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def write_seeds(self, path: Path) -> Path:
        """Write the start URLs as a seed file."""
        rows = ["url\tname\tcountry\tcategory\tscope", *("\t".join(seed) for seed in SEEDS)]
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        return path


def _is_known(asked: Message, etag: str, modified: int) -> bool:
    """Whether the client has this page already; the entity tag decides where it is given (RFC 9110, 13.2.2)."""
    if "If-None-Match" in asked:
        return asked["If-None-Match"] == etag
    since = parsedate_to_datetime(asked["If-Modified-Since"]) if "If-Modified-Since" in asked else None
    return since is not None and modified <= since.timestamp()


def _handler(web: DemoWeb) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            key = (parts.hostname or "", parts.path or "/")
            page = web.pages.get(key) or Page(b"<h1>404 No encontrado</h1>", status=404)
            etag = f'"{hashlib.sha256(page.body).hexdigest()[:16]}"'
            headers = {"Content-Type": page.content_type, **page.headers}
            status, body = page.status, page.body
            if status == 200:
                headers |= {"ETag": etag, "Last-Modified": page.last_modified}
                if _is_known(self.headers, etag, page.modified):
                    status, body = 304, b""
            if body and "gzip" in self.headers.get("Accept-Encoding", ""):
                body = gzip.compress(body, 6, mtime=0)
                headers["Content-Encoding"] = "gzip"
            web.log.append((*key, status))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_CONNECT(self) -> None:
            self.send_error(502, "no https here")

        def log_message(self, *_: object) -> None:
            """Quiet: the log is a list."""

    return Handler


if __name__ == "__main__":  # the demo web alone: python tests/shared/demo_web/server.py PORT ROUND, until it is ended
    with DemoWeb(port=int(sys.argv[1]), round=int(sys.argv[2])) as alone:
        print(f"{len(alone.pages)} pages at {alone.proxy}", flush=True)
        threading.Event().wait()
