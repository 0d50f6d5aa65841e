"""Pushing through huggingface_hub to a stand-in of the hub's HTTP interface on loopback."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from corpus_rounds import Round, prose, urls
from huggingface_hub import constants

from cleaning.corpus.publish import publish
from cleaning.corpus.push import push
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.errors import InputError, StageError

TOKEN = "hf_" + "x" * 34
SETTINGS = PublishSettings(parts=2)

# The hub's own library calls its HTTP client in a form that this one has outlived.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


class Hub(ThreadingHTTPServer):
    """Large objects by their SHA-256, files by path, commits: what the hub keeps."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.files: dict[str, str] = {}
        self.commits: list[str] = []
        self.tags: dict[str, str] = {}
        self.uploads: list[str] = []
        self.fail_after: int | None = None
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """The requests that an upload makes."""

    server: Hub

    def log_message(self, *args):
        pass

    def answer(self, value, status=200):
        content = json.dumps(value).encode()
        self.send_response(status)
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

    def do_GET(self):
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.answer({"error": "who are you?"}, 401)
        if "/tree/" in self.path:
            return self.answer(
                [{"type": "file", "path": path, "size": 1, "oid": oid} for path, oid in self.server.files.items()]
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
                    "uploadMode": "lfs" if file["path"].endswith(".parquet") else "regular",
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


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # the stand-in speaks the older protocol
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def publish_round(store, number: int, pages: list[str]):
    made = Round(number)
    for url in pages:
        made.page(url, prose(url))
    made.write(store)
    return publish(store, CleaningSettings(), SETTINGS)


def on_hub(hub) -> dict[str, str]:
    return {path: oid for path, oid in hub.files.items() if path.endswith(".parquet")}


def test_push_then_only_what_changed(store, hub):
    first = publish_round(store, 1, urls(each=20))
    done = push(store, "yo/cowese", endpoint=hub.address, token=TOKEN)
    assert (done.version, done.commit) == ("v0001", hub.commits[-1])
    manifest = json.loads((first.path / "manifest.json").read_text())
    assert on_hub(hub) == manifest["files"]
    assert {"README.md", "LICENSE.md", "croissant.json", "manifest.json", "report.html"} <= set(hub.files)
    sent = len(hub.uploads)
    second = publish_round(store, 2, ["https://guia.es/nueva"])
    push(store, "yo/cowese", endpoint=hub.address, token=TOKEN)
    after = json.loads((second.path / "manifest.json").read_text())["files"]
    assert on_hub(hub) == after
    assert set(hub.uploads[sent:]) == set(after.values()) - set(manifest["files"].values())
    assert len(hub.uploads) - sent < sent


def test_each_version_has_its_tag(store, hub):
    publish_round(store, 1, urls(each=20))
    push(store, "yo/cowese", endpoint=hub.address, token=TOKEN)
    publish_round(store, 2, ["https://guia.es/nueva"])
    second = push(store, "yo/cowese", endpoint=hub.address, token=TOKEN)
    assert hub.tags == {"v0001": hub.commits[0], "v0002": second.commit}
    again = push(store, "yo/cowese", version="v0001", endpoint=hub.address, token=TOKEN)
    assert hub.tags == {"v0001": again.commit, "v0002": second.commit}


def test_files_that_a_version_has_no_more_are_deleted(store, hub):
    publish_round(store, 1, urls(each=20))
    push(store, "yo/cowese", endpoint=hub.address, token=TOKEN)
    publish(store, CleaningSettings(), PublishSettings(parts=1))
    push(store, "yo/cowese", endpoint=hub.address, token=TOKEN)
    assert all("-of-00001" in path for path in on_hub(hub))


def test_a_push_that_was_cut_off_goes_on(store, hub):
    publish_round(store, 1, urls(each=20))
    hub.fail_after = 3
    with pytest.raises(StageError, match=r"refuses yo/cowese \(403\)"):
        push(store, "yo/cowese", endpoint=hub.address, token=TOKEN)
    assert hub.commits == []
    assert hub.files == {}
    hub.fail_after = None
    push(store, "yo/cowese", endpoint=hub.address, token=TOKEN)
    assert len(hub.commits) == 1
    assert len(hub.uploads) == len(set(hub.uploads))


def test_errors_say_what_to_do(store, hub):
    with pytest.raises(StageError, match="no corpus version yet"):
        push(store, "yo/cowese", endpoint=hub.address, token=TOKEN)
    publish_round(store, 1, urls(each=20))
    with pytest.raises(InputError, match="no such corpus version"):
        push(store, "yo/cowese", version="v0009", endpoint=hub.address, token=TOKEN)
    with pytest.raises(StageError, match=r"refuses yo/cowese \(401\)"):
        push(store, "yo/cowese", endpoint=hub.address, token="hf_" + "y" * 34)
    with pytest.raises(InputError, match="Write OWNER/NAME"):
        push(store, "no//es", endpoint=hub.address, token=TOKEN)
    with pytest.raises(StageError, match="cannot be reached"):
        push(store, "yo/cowese", endpoint="http://127.0.0.1:9", token=TOKEN)
