"""A stand-in of the Hugging Face hub's HTTP interface on loopback: for uploads and downloads through its library."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from huggingface_hub import constants

TOKEN = "hf_" + "x" * 34
LARGE = (".parquet", ".safetensors", ".onnx")


class Hub(ThreadingHTTPServer):
    """Large objects by their SHA-256, files by path, commits: what the hub keeps."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.files: dict[str, str] = {}
        self.commits: list[str] = []
        self.tags: dict[str, str] = {}
        self.uploads: list[str] = []
        self.downloads: list[str] = []
        self.asked = 0
        self.fail_after: int | None = None
        self.models: dict[str, Path] = {}
        """Folders of models that anybody may download, by name."""
        self.broken: set[str] = set()
        """Names of models of which nothing can be said at the moment."""
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """The requests that an upload makes."""

    server: Hub

    def log_message(self, *args):
        pass

    def answer(self, value, status=200, headers=()):
        content = json.dumps(value).encode()
        self.send_response(status)
        for name, given in dict(headers).items():
            self.send_header(name, given)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def model(self) -> tuple[str, list[str]]:
        """The model that is asked for, and the rest of the path: revision, tree or resolve comes first."""
        parts = urlsplit(self.path).path.removeprefix("/api/models").strip("/").split("/")
        return "/".join(parts[:2]), parts[2:]

    def give_model(self, *, body: bool = True):
        """Say what a model's files are, or send one of them."""
        name, rest = self.model()
        folder = self.server.models[name]
        if rest[:1] == ["tree"]:
            listed = [(file.name, file.read_bytes()) for file in sorted(folder.iterdir())]
            self.answer([
                {"type": "file", "path": file, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for file, content in listed
            ])  # fmt: skip
        elif rest[:1] == ["resolve"]:
            self.head(content := folder.joinpath(*rest[2:]).read_bytes(), "0" * 40)
            if body:
                self.wfile.write(content)
        else:
            self.answer({"id": name, "sha": "0" * 40, "siblings": []})

    def do_HEAD(self):
        self.server.asked += 1
        if self.model()[0] in self.server.models:
            return self.give_model(body=False)
        return self.head(self.wanted(), self.server.commits[-1])

    def wanted(self) -> bytes:
        """The content of the file that is asked for."""
        path = unquote(self.path.partition("/resolve/")[2].partition("/")[2].partition("?")[0])
        return self.server.objects[self.server.files[path]]

    def head(self, content: bytes, commit: str):
        self.send_response(200)
        self.send_header("X-Repo-Commit", commit)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()

    def do_GET(self):
        self.server.asked += 1
        name, _ = self.model()
        if name in self.server.broken:
            return self.answer({"error": "not now"}, 500)
        if name in self.server.models:
            return self.give_model()
        if self.path.startswith("/api/models/") and self.server.models:
            return self.answer({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})
        if "/resolve/" in self.path:
            self.server.downloads.append(unquote(self.path.partition("/resolve/")[2].partition("/")[2]))
            self.head(content := self.wanted(), self.server.commits[-1])
            return self.wfile.write(content)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.answer({"error": "who are you?"}, 401)
        if "/tree/" in self.path:
            return self.answer(
                [
                    {"type": "file", "path": path, "size": len(self.server.objects.get(oid, b"1")), "oid": oid}
                    for path, oid in self.server.files.items()
                ]
            )
        return self.answer({"id": "yo/cowese", "sha": (self.server.commits or ["0" * 40])[-1], "siblings": []})

    def do_PUT(self):
        content = self.body()
        oid = self.path.rpartition("/")[2]
        if self.server.fail_after is not None and len(self.server.uploads) >= self.server.fail_after:
            return self.answer({"error": "no room"}, 403)
        assert hashlib.sha256(content).hexdigest() == oid
        self.server.objects[oid] = content
        self.server.uploads.append(oid)
        return self.answer({})

    def do_POST(self):
        content = self.body()
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.answer({"error": "who are you?"}, 401)
        if self.path.endswith("/repos/create"):
            return self.answer({"url": f"{self.server.address}/datasets/yo/cowese", "id": "yo/cowese"})
        if self.path.endswith("/validate-yaml"):
            return self.answer({"errors": [], "warnings": []})
        if "/preupload/" in self.path:
            files = json.loads(content)["files"]
            return self.answer({"files": [
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if file["path"].endswith(LARGE) else "regular",
                    "shouldIgnore": False,
                    "oid": self.server.files.get(file["path"]),
                }
                for file in files
            ]})  # fmt: skip
        if self.path.endswith("/objects/batch"):
            return self.answer(
                {"transfer": "basic", "objects": [self.place(one) for one in json.loads(content)["objects"]]}
            )
        if "/tag/" in self.path:
            tag = json.loads(content)["tag"]
            if tag in self.server.tags:
                return self.answer({"error": "Tag exists"}, 409)
            self.server.tags[tag] = self.path.rpartition("/")[2]
            return self.answer({})
        return self.commit(content)

    def do_DELETE(self):
        del self.server.tags[self.path.rpartition("/")[2]]
        return self.answer({})

    def place(self, wanted):
        if wanted["oid"] in self.server.objects:
            return wanted
        return {**wanted, "actions": {"upload": {"href": f"{self.server.address}/objects/{wanted['oid']}"}}}

    def commit(self, content):
        for line in content.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "lfsFile":
                assert value["oid"] in self.server.objects
                self.server.files[value["path"]] = value["oid"]
            elif entry["key"] == "file":
                self.server.files[value["path"]] = hashlib.sha1(base64.b64decode(value["content"])).hexdigest()
            elif entry["key"] == "deletedFile":
                del self.server.files[value["path"]]
        self.server.commits.append(f"{len(self.server.commits):040x}")
        self.answer(
            {
                "commitUrl": f"{self.server.address}/datasets/yo/cowese/commit/{self.server.commits[-1]}",
                "commitOid": self.server.commits[-1],
                "success": True,
            }
        )


@contextmanager
def stand_in(monkeypatch) -> Iterator[Hub]:
    """A hub that serves until the test ends."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # the stand-in speaks the older protocol
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
