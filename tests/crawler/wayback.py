"""A Wayback Machine on loopback, of captures of the tests' own: its index by JSON and resume key, its raw bytes."""

import contextlib
import hashlib
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from crawler.sources.settings import WaybackSettings

FIELDS = ("timestamp", "original", "mimetype", "statuscode", "digest")


@dataclass
class Machine:
    """Captures by (timestamp, URL): media type, status, body, fields of the captured answer."""

    captures: dict[tuple[str, str], tuple[str, int, bytes, dict[str, str]]] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    moved: dict[tuple[str, str], str] = field(default_factory=dict)
    """Captures whose bytes are those of another moment."""
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """What the next requests are answered instead: status and fields; status 0 cuts the connection."""
    asked: Counter = field(default_factory=Counter)
    hold: str = "/never/"
    """A request whose path holds this waits until ``go``."""
    held: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    settings: WaybackSettings = field(default_factory=WaybackSettings)

    def add(self, timestamp, url, body, *, mime="text/html", status=200, **fields):
        self.captures[timestamp, url] = (
            mime,
            status,
            body,
            {name.replace("_", "-"): said for name, said in fields.items()},
        )

    def index(self, query):
        """The rows of a lookup, sorted by address and time as the index is, collapsed and cut like its own."""
        wanted, match = query["url"][0], query.get("matchType", ["exact"])[0]
        bare = wanted.partition("://")[2] or wanted
        rows = []
        for (timestamp, url), (mime, status, body, _) in sorted(
            self.captures.items(), key=lambda one: (one[0][1], one[0][0])
        ):
            parts = urlsplit(url)
            address = f"{parts.hostname}{parts.path}" + (f"?{parts.query}" if parts.query else "")
            hit = {"host": parts.hostname == bare, "prefix": address.startswith(bare), "exact": address == bare}[match]
            kept = all(one != "statuscode:200" or status == 200 for one in query.get("filter", []))
            digest = hashlib.sha1(body, usedforsecurity=False).hexdigest()
            if hit and kept and not (rows and rows[-1][1] == url and rows[-1][4] == digest):
                rows.append([timestamp, url, mime, str(status), digest])
        begin, limit = int(query.get("resumeKey", ["0"])[0]), int(query["limit"][0])
        more = [[], [str(begin + limit)]] if "showResumeKey" in query and begin + limit < len(rows) else []
        return [list(FIELDS), *rows[begin : begin + limit], *more] if rows else []


class Handler(BaseHTTPRequestHandler):
    """Answers for the machine of its server."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        machine = self.server.machine
        machine.asked[self.path] += 1
        if machine.hold in self.path:
            machine.held.set()
            machine.go.wait(120)
        if machine.refusals:
            self._refuse(*machine.refusals.pop(0))
        elif urlsplit(self.path).path == "/cdx/search/cdx":
            self._index(machine, parse_qs(urlsplit(self.path).query))
        else:
            self._capture(machine, self.path.removeprefix("/web/").partition("id_/"))

    def _refuse(self, status, fields):
        if status:
            self._answer(status, b"slow down", fields)
        else:
            self.close_connection = True
            self.connection.close()

    def _index(self, machine, query):
        if query["url"][0].partition("/")[0] in machine.excluded:
            self._answer(403, b"org.archive.util.io.RuntimeIOException: AdministrativeAccessControlException", {})
        else:
            self._answer(200, json.dumps(machine.index(query)).encode(), {"Content-Type": "application/json"})

    def _capture(self, machine, asked):
        timestamp, _, url = asked
        if (timestamp, url) in machine.moved:
            self._answer(302, b"", {"Location": f"/web/{machine.moved[timestamp, url]}id_/{url}"})
        elif (timestamp, url) in machine.captures:
            mime, status, body, fields = machine.captures[timestamp, url]
            said = {f"X-Archive-Orig-{name}": value for name, value in fields.items()}
            said |= {"Memento-Datetime": "Thu, 01 Jan 2015 00:00:00 GMT", "Content-Type": mime}
            self._answer(status, body, said)
        else:
            self._answer(404, b"not archived", {})

    def _answer(self, status, body, fields):
        self.send_response(status)
        for name, value in {**fields, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(machine):
    """Serve it; its settings are without pauses worth waiting for."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.machine = machine
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    machine.settings = WaybackSettings(
        base_url=f"http://127.0.0.1:{server.server_port}/",
        lookups_per_minute=60_000,
        captures_per_minute=90_000,
        page_size=3,
        backoff=0.01,
        attempts=3,
    )
    try:
        yield machine
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
