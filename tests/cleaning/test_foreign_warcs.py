"""WARC files of others belong to the store: cleaned under every recipe, and never lost unsaid."""

import pytest
from corpus_rounds import prose
from warc_files import html, write_warc

from cleaning.clean import clean
from cleaning.corpus.publish import publish
from cleaning.corpus.status import corpus_status
from cleaning.foreign_warcs import ForeignWarcs
from cleaning.gone_warcs import leave_out
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.engines.engine import EngineSettings
from data.errors import InputError, StageError

pytestmark = pytest.mark.slow

SETTINGS, PUBLISHING, ONE = CleaningSettings(), PublishSettings(), EngineSettings(workers=1)
OTHER = CleaningSettings(max_elements=40_000)
"""Another extraction recipe, which reads every WARC file again."""


def pages(host, count=3):
    return [(f"https://{host}/p{n}", "200 OK", html(prose((host, n)))) for n in range(count)]


@pytest.fixture
def foreign(tmp_path, store):
    """A file of another, cleaned together with one of the store's own."""
    path = write_warc(tmp_path / "f.warc.gz", pages("ajeno.es"))
    write_warc(store.warc / "0001" / "a.warc.gz", pages("propio.es"))
    clean(store, SETTINGS, warcs=[path], engine=ONE)
    return path


def stale(store, settings=SETTINGS):
    return [one.what for one in corpus_status(store, settings, PUBLISHING).stale]


def test_it_is_cleaned_again_under_another_recipe(store, foreign):
    assert publish(store, SETTINGS, PUBLISHING, engine=ONE).documents == 6
    assert clean(store, OTHER, engine=ONE).extracted == 2
    assert publish(store, OTHER, PUBLISHING, engine=ONE).documents == 6
    (entry,) = ForeignWarcs.load(store).by_name.values()
    assert (entry.path, entry.bytes) == (foreign, foreign.stat().st_size)
    assert publish(store, OTHER, PUBLISHING, cold=True, engine=ONE).changed is False


def test_one_that_is_gone_is_told_and_its_documents_are_not_lost_unsaid(store, foreign):
    publish(store, SETTINGS, PUBLISHING, engine=ONE)
    foreign.unlink()
    (name,) = ForeignWarcs.load(store).by_name
    assert corpus_status(store, SETTINGS, PUBLISHING).foreign_gone == [str(foreign)]
    assert stale(store) == [f"{foreign} is gone: bring it back, or publish --without {name}"]
    assert publish(store, SETTINGS, PUBLISHING, engine=ONE).changed is False, "its documents are there"
    assert clean(store, OTHER, engine=ONE).missing == [name]
    with pytest.raises(StageError, match=r"f\.warc\.gz: gone, .* a version would lose them"):
        publish(store, OTHER, PUBLISHING, engine=ONE)
    with pytest.raises(StageError, match="a cold rebuild would lose its documents"):
        publish(store, SETTINGS, PUBLISHING, cold=True, engine=ONE)
    without = publish(store, OTHER, PUBLISHING, without=[name], engine=ONE)
    assert (without.documents, stale(store, OTHER)) == (3, [])
    assert publish(store, OTHER, PUBLISHING, cold=True, engine=ONE).changed is False
    assert clean(store, SETTINGS, engine=ONE).segments == 0, "nothing that was made of it is left"


def test_brought_back_at_another_place_it_is_the_same_file(store, foreign, tmp_path):
    moved = tmp_path / "elsewhere" / "f.warc.gz"
    moved.parent.mkdir()
    foreign.rename(moved)
    assert clean(store, SETTINGS, warcs=[moved.parent], engine=ONE).segments == 0
    assert [one.path for one in ForeignWarcs.load(store).by_name.values()] == [moved]
    assert stale(store) == ["there is no corpus version yet"]


def test_a_file_that_was_replaced_is_told_and_read_again_when_it_is_named(store, foreign):
    content = foreign.read_bytes()
    foreign.write_bytes(content + write_warc(foreign.parent / "more.warc.gz", pages("nuevo.es")).read_bytes())
    assert stale(store)[0] == f"{foreign} is another file now"
    with pytest.raises(StageError, match="not the file that was cleaned"):
        publish(store, SETTINGS, PUBLISHING, cold=True, engine=ONE)
    clean(store, SETTINGS, warcs=[foreign], engine=ONE)
    assert publish(store, SETTINGS, PUBLISHING, engine=ONE).documents == 9
    assert (len(ForeignWarcs.load(store).by_name), stale(store)) == (1, [])


def test_what_is_no_warc_file_is_not_registered(store, tmp_path):
    (tmp_path / "page.html").write_text("<html></html>")
    with pytest.raises(InputError, match="not a WARC file"):
        clean(store, SETTINGS, warcs=[tmp_path / "page.html"], engine=ONE)
    assert not ForeignWarcs.load(store).by_name


def test_an_own_file_that_is_gone_is_left_out_by_its_name(store, foreign):
    with pytest.raises(InputError, match="lies in"):
        leave_out(store, "0001/a.warc.gz")
    with pytest.raises(InputError, match="nothing was made of such a WARC file"):
        leave_out(store, "0001/b.warc.gz")
    (store.warc / "0001" / "a.warc.gz").unlink()
    with pytest.raises(StageError, match=r"0001/a\.warc\.gz: the WARC file is gone"):
        publish(store, SETTINGS, PUBLISHING, cold=True, engine=ONE)
    assert publish(store, SETTINGS, PUBLISHING, without=["0001/a.warc.gz"], engine=ONE).documents == 3


def test_a_damaged_register_is_named(store, foreign):
    ForeignWarcs.load(store).path.write_text('[{"name": 1}]')
    with pytest.raises(InputError, match=r"foreign\.json: not a register"):
        corpus_status(store, SETTINGS, PUBLISHING)
