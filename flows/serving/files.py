"""Shows a store's reports, cards and logs to a browser on this machine, so that Prefect's pages can link to them.

Run as ``python -m flows.serving.files STORE PORT [PASSWORD-FILE]``. On 127.0.0.1 only, read only, and only files of the
kinds below: no documents, no WARC files, no databases. Markdown, such as a model's card, is shown as a page.
"""

import hmac
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flows.serving.api import basic_auth
from flows.serving.markdown import markdown_page
from flows.serving.parts import read_password

SHOWN = {
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".jsonl": "text/plain; charset=utf-8",
    ".log": "text/plain; charset=utf-8",
    ".md": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
ABOUT = "/store"
"""Answers which store it is."""
FOLDERS = ("benchmarks", "corpus", "crawl", "models", "runs", "serve", "tokenizers")
"""Folders of the store in which such files are shown."""


def shown_file(root: Path, path: str) -> Path | None:
    """The file that a URL's path names, None where it is not one to be shown."""
    parts = [part for part in unquote(path).split("/") if part]
    if not parts or parts[0] not in FOLDERS or any(part.startswith(".") for part in parts):
        return None
    file = root.joinpath(*parts).resolve()
    inside = file.is_relative_to(root.resolve())
    return file if inside and file.suffix in SHOWN and file.is_file() else None


def server(root: Path, port: int, password: str | None = None) -> ThreadingHTTPServer:
    """A server of one store's files on 127.0.0.1; port 0 takes a free one."""
    wanted = basic_auth(password).get("Authorization", "").encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            given = str(self.headers.get("Authorization", "")).encode() if wanted else b""
            if path != ABOUT and not hmac.compare_digest(given, wanted):
                self.send_response(HTTPStatus.UNAUTHORIZED)
                self.send_header("WWW-Authenticate", 'Basic realm="cowese"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            file = shown_file(root, path)
            if file is None and path != ABOUT:
                self.send_error(HTTPStatus.NOT_FOUND, "no report, card or log of this store")
                return
            content = _content(file) if file else str(root).encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", SHOWN[file.suffix if file else ".txt"])
            self.send_header("Content-Length", str(len(content)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def _content(file: Path) -> bytes:
    """A file as it is; Markdown as a page."""
    if file.suffix != ".md":
        return file.read_bytes()
    return markdown_page(file.read_text(encoding="utf-8", errors="replace"), file.parent.name).encode()


if __name__ == "__main__":
    secret = read_password(Path(sys.argv[3])) if len(sys.argv) > 3 else None  # noqa: PLR2004 - the optional argument
    server(Path(sys.argv[1]), int(sys.argv[2]), secret).serve_forever()
