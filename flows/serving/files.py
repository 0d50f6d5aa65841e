"""Shows a store's reports, cards and logs to a browser on this machine, so that Prefect's pages can link to them.

Run as ``python -m flows.serving.files STORE PORT``. On 127.0.0.1 only, read only, and only files of the kinds below:
no documents, no WARC files, no databases.
"""

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

SHOWN = {
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".jsonl": "text/plain; charset=utf-8",
    ".log": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
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


def server(root: Path, port: int) -> ThreadingHTTPServer:
    """A server of one store's files on 127.0.0.1; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            file = shown_file(root, path)
            if file is None and path != ABOUT:
                self.send_error(HTTPStatus.NOT_FOUND, "no report, card or log of this store")
                return
            content = file.read_bytes() if file else str(root).encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", SHOWN[file.suffix if file else ".txt"])
            self.send_header("Content-Length", str(len(content)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    server(Path(sys.argv[1]), int(sys.argv[2])).serve_forever()
