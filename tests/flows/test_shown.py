"""What a browser sees of a store: cards as pages, nothing without the password; and the systemd unit."""

import base64
import shutil
import subprocess
import threading
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.serving.files import server
from flows.serving.markdown import markdown_page
from flows.serving.systemd import unit

CARD = """---
license: other
---
# CoWeSe <script>alert(1)</script>

| split | documents |
|---|---|
| train | 7 |

`cowese why URL` tells [the story](https://example.org).
"""


@pytest.fixture
def shown(tmp_path):
    card = tmp_path / "corpus" / "v0001" / "README.md"
    card.parent.mkdir(parents=True)
    card.write_text(CARD)
    with server(tmp_path, 0, "geheim") as files:
        threading.Thread(target=files.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{files.server_port}"
        files.shutdown()


def test_a_card_is_a_page():
    page = markdown_page(CARD, "v0001")
    assert "<td>train</td>" in page
    assert '<a href="https://example.org">' in page
    assert "<script>" not in page
    assert "license: other" in page
    assert page.index("<details>") < page.index("license: other") < page.index("</details>")


def test_text_without_metadata_is_a_page_too():
    assert "<details>" not in markdown_page("# A\n\n---\n\nb\n", "a")


def test_files_ask_for_the_password(shown):
    address = f"{shown}/corpus/v0001/README.md"
    for header in ({}, {"Authorization": "Basic " + base64.b64encode(b"admin:other").decode()}):
        with pytest.raises(HTTPError, match="401"):
            urlopen(Request(address, headers=header), timeout=60)
    given = Request(address, headers={"Authorization": "Basic " + base64.b64encode(b"admin:geheim").decode()})
    with urlopen(given, timeout=60) as answer:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"<td>train</td>" in answer.read()
    with urlopen(f"{shown}/store", timeout=60) as answer:  # `cowese serve` asks whose server this is
        assert answer.status == 200


def test_the_unit_is_one_that_systemd_takes(tmp_path):
    folder = tmp_path / "a 100% folder"
    folder.mkdir()
    (folder / "cowese.toml").write_text(f'store = "{folder / "store"}"\n')
    told = CliRunner().invoke(app, ["serve", "--systemd", "--config", str(folder / "cowese.toml"), "--port", "4300"])
    assert told.exit_code == 0, told.exception
    assert "a 100%% folder/cowese.toml" in told.stdout
    assert "--port 4300" in told.stdout
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    (tmp_path / "cowese.service").write_text(told.stdout)
    command = ["systemd-analyze", "verify", "--man=no", tmp_path / "cowese.service"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "cowese.service" in line]
    assert not [line for line in ours if "is not executable" not in line], done.stderr


def test_a_unit_names_the_store_where_no_settings_are(tmp_path):
    assert f'--store "{tmp_path}"' in unit(tmp_path, None, None)
