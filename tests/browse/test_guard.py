"""What may not be asked: foreign names, foreign origins, other methods, paths, queries; and what every answer says."""

import base64

import pytest
from browse_room import serving
from corpus_rounds import Round, prose

from browse.guard import POLICY, host_name
from browse.labels import Given, add_label, drop_labels, read_labels
from browse.server import listening
from browse.settings import BrowseSettings
from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.errors import InputError, StoreError
from data.store import Store
from flows.serving.page import AUTH, with_servers_password

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = Store.open(tmp_path_factory.mktemp("guard") / "store")
    Round(1).page("https://clinica.es/asma", prose("asma")).write(store)
    publish(store, CleaningSettings(), PublishSettings())
    (store.root.parent / "secret.txt").write_text("secret", encoding="utf-8")
    return store


@pytest.fixture(scope="module")
def served(store):
    with serving(store) as one:
        yield one


@pytest.mark.parametrize(
    "host", ["evil.es", "evil.es:4202", "127.0.0.1.evil.es", "localhost.evil.es", "", "[::2]", "a@b"]
)
def test_another_name_is_refused(served, host):
    assert served.ask("/v/v0001", host=host).status in (400, 421)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:9", "[::1]:4202", "[::1]"])
def test_our_names_are_served(served, host):
    assert served.ask("/v/v0001", host=host).status == 200


def test_names_of_the_settings_are_served(store):
    with serving(store, hosts=("corpus.example.org",)) as one:
        assert one.ask("/v/v0001", host="Corpus.example.org:443").status == 200
        assert one.ask("/v/v0001", host="example.org").status == 421


def test_host_names():
    assert [host_name(one) for one in ("a.es:80", "[::1]", "::1", "a.es:x")] == ["a.es", "[::1]", "::1", "a.es:x"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_are_refused(served, method):
    assert served.ask("/v/v0001", method).status == 405


def test_what_is_read_cannot_be_posted_to(served):
    origin = f"http://127.0.0.1:{served.port}"
    assert served.ask("/v/v0001", "POST", b"", origin=origin).status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/v/../../secret.txt",
        "/v/..%2f..%2fsecret.txt",
        "/v/%2e%2e/%2e%2e/secret.txt",
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static//etc/passwd",
        "/v/v0001%00",
        "/v/v9999",
        "/v/latest/values/..%2f..",
        "//evil.es/v/v0001",
        "/http://evil.es/",
        "/v/v0001/page/' OR 1=1 --".replace(" ", "%20"),
        "/v/v0001/page/../../../../etc/passwd",
    ],
)
def test_no_path_leads_out_of_the_store(served, path):
    answer = served.ask(path)
    assert answer.status == 404
    assert "secret" not in answer.text.replace("secret.txt", "")
    assert "root:" not in answer.text
    assert "import" not in answer.text


def test_every_answer_has_the_policy(served):
    for path in ("/", "/v/v0001", "/nothing", "/static/style.css", "/static/keys.js"):
        headers = served.ask(path).headers
        assert headers["content-security-policy"] == POLICY, path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers or "uvicorn" in headers["server"]
    assert "unsafe" not in POLICY


def test_nothing_is_written_by_reading(served):
    before = {path: path.stat().st_mtime_ns for path in served.library.store.root.rglob("*")}
    for path in ("/", "/v/v0001", "/v/v0001?q=asma", "/v/v0001/values/host"):
        served.ask(path)
    assert {path: path.stat().st_mtime_ns for path in served.library.store.root.rglob("*")} == before


def test_a_password(store):
    with serving(store, password="ábrete") as one:
        assert one.ask("/v/v0001").status == 401
        assert one.ask("/static/style.css").status == 401
        for given, status in (("ábrete", 200), ("abrete", 401), ("", 401)):
            word = base64.b64encode(f"reader:{given}".encode()).decode()
            assert one.ask("/v/v0001", authorization=f"Basic {word}").status == status
        assert one.ask("/v/v0001", authorization="Basic %%%").status == 401
        assert one.ask("/v/v0001", authorization="Bearer x").status == 401


def test_an_open_address_needs_a_password():
    with pytest.raises(InputError, match="COWESE_BROWSE__PASSWORD"), listening(BrowseSettings(address="0.0.0.0")):
        pass


def test_a_taken_port_is_named():
    with (
        listening(BrowseSettings(port=0)) as first,
        pytest.raises(StoreError, match="cowese browse --port"),
        listening(BrowseSettings(port=first.getsockname()[1])),
    ):
        pass


def test_the_page_beside_a_server_asks_for_the_servers_password():
    alone = with_servers_password(BrowseSettings(), {})
    beside = with_servers_password(BrowseSettings(), {AUTH: "admin:geheim"})
    own = with_servers_password(BrowseSettings(password="eigen"), {AUTH: "admin:geheim"})
    assert alone.password is None
    assert beside.password.get_secret_value() == "geheim"
    assert own.password.get_secret_value() == "eigen"


def test_labels_of_forgotten_pages_go(tmp_path):
    store = Store.open(tmp_path / "store")
    for digit in "012":
        add_label(store, Given(id=digit * 24, digest="1" * 32, label="bad"))
    drop_labels(store, {"1" * 24})
    assert [identity for identity, _ in read_labels(store)] == ["0" * 24, "2" * 24]
