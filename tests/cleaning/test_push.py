"""Pushing through huggingface_hub to a stand-in of the hub's HTTP interface on loopback."""

import json

import pytest
from corpus_rounds import Round, prose, urls
from hub_stand_in import TOKEN, stand_in

from cleaning.corpus.publish import publish
from cleaning.corpus.push import push
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.errors import InputError, StageError

SETTINGS = PublishSettings(parts=2)

# The hub's own library calls its HTTP client in a form that this one has outlived.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
def hub(monkeypatch):
    with stand_in(monkeypatch) as server:
        yield server


def publish_round(store, number: int, pages: list[str]):
    made = Round(number)
    for url in pages:
        made.page(url, prose(url))
    made.write(store)
    return publish(store, CleaningSettings(), SETTINGS)


def on_hub(hub) -> dict[str, str]:
    return {path: oid for path, oid in hub.files.items() if path.endswith(".parquet")}


@pytest.mark.slow
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


@pytest.mark.slow
def test_each_version_has_its_tag(store, hub):
    publish_round(store, 1, urls(each=20))
    push(store, "yo/cowese", endpoint=hub.address, token=TOKEN)
    publish_round(store, 2, ["https://guia.es/nueva"])
    second = push(store, "yo/cowese", endpoint=hub.address, token=TOKEN)
    assert hub.tags == {"v0001": hub.commits[0], "v0002": second.commit}
    again = push(store, "yo/cowese", version="v0001", endpoint=hub.address, token=TOKEN)
    assert hub.tags == {"v0001": again.commit, "v0002": second.commit}


@pytest.mark.slow
def test_files_that_a_version_has_no_more_are_deleted(store, hub):
    publish_round(store, 1, urls(each=20))
    push(store, "yo/cowese", endpoint=hub.address, token=TOKEN)
    publish(store, CleaningSettings(), PublishSettings(parts=1))
    push(store, "yo/cowese", endpoint=hub.address, token=TOKEN)
    assert all("-of-00001" in path for path in on_hub(hub))


@pytest.mark.slow
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


@pytest.mark.slow
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
