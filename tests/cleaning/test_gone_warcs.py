"""A WARC file of the store that is gone is told, and its documents are never lost unsaid."""

import itertools

import pytest
from corpus_rounds import Round, prose
from warc_files import html, write_warc

from cleaning.clean import clean
from cleaning.corpus.publish import publish
from cleaning.corpus.status import corpus_status
from cleaning.gone_warcs import check_members, check_remade, gone_warcs, leave_out
from cleaning.pending import Pending, extracted_stems, judged_stems, pair_in, pairs, texts_in
from cleaning.publish_settings import PublishSettings
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from data.engines.engine import EngineSettings
from data.errors import InputError, StageError

SETTINGS, PUBLISHING, ONE = CleaningSettings(), PublishSettings(), EngineSettings(workers=1)
OTHER = CleaningSettings(max_elements=40_000)
"""Another extraction recipe, which reads every WARC file again."""


def pages(host, count=3):
    return [(f"https://{host}/p{n}", "200 OK", html(prose((host, n)))) for n in range(count)]


def stale(store, settings=SETTINGS):
    return [one.what for one in corpus_status(store, settings, PUBLISHING).stale]


@pytest.mark.slow
def test_its_documents_are_published_as_long_as_they_exist_and_never_lost_unsaid(store):
    gone = write_warc(store.warc / "0001" / "a.warc.gz", pages("uno.es"))
    write_warc(store.warc / "0001" / "b.warc.gz", pages("dos.es"))
    clean(store, SETTINGS, engine=ONE)
    assert publish(store, SETTINGS, PUBLISHING, engine=ONE).missing == []
    gone.unlink()
    told = f"{gone} is gone: bring back what is gone, or publish --without 0001/a.warc.gz"
    assert stale(store) == [told]
    done = publish(store, SETTINGS, PUBLISHING, engine=ONE)
    assert (done.changed, done.documents, done.missing) == (False, 6, ["0001/a.warc.gz"])
    made = clean(store, OTHER, engine=ONE)
    assert (made.segments, made.missing) == (1, ["0001/a.warc.gz"])
    assert told in stale(store, OTHER)
    for cold in (False, True):
        with pytest.raises(StageError, match=r"0001/a\.warc\.gz: .*gone.* lose .* --without 0001/a\.warc\.gz"):
            publish(store, OTHER, PUBLISHING, cold=cold, engine=ONE)
    without = publish(store, OTHER, PUBLISHING, without=["0001/a.warc.gz"], engine=ONE)
    assert (without.documents, without.missing, stale(store, OTHER)) == (3, [], [])


def written(store, *warcs, settings=SETTINGS):
    for number, warc in enumerate(warcs):
        Round(number, settings=settings, warc=warc).page(f"https://uno.es/{warc}", prose(warc)).write(store)


def test_every_recipe_counts_and_a_folder_is_left_out_at_once(store):
    written(store, "0001/a", "0001/b", "0002/a", settings=OTHER)
    documents = store.documents / recipe_digest(SETTINGS)
    assert [one.name for one in gone_warcs(store)] == ["0001/a.warc.gz", "0001/b.warc.gz", "0002/a.warc.gz"]
    with pytest.raises(StageError, match=r"0001/a\.warc\.gz: gone \(and 2 more\)"):
        check_members(store, documents)
    with pytest.raises(StageError, match=r"0001/a\.warc\.gz: the WARC file is gone \(and 2 more\)"):
        check_remade(store)
    leave_out(store, "0001")
    assert [one.name for one in gone_warcs(store)] == ["0002/a.warc.gz"]
    written(store, "0002/a")
    check_members(store, documents)
    with pytest.raises(InputError, match="nothing was made of such a WARC file"):
        leave_out(store, "000")


def test_what_has_no_row_or_an_earlier_name_is_not_gone(store):
    Round(1, warc="0001/vacio").write(store)
    assert gone_warcs(store) == []
    kept, _ = Round(2, warc="0002/b").page("https://uno.es/b", prose("b")).write(store)
    for path in pair_in(kept.parent, "0002-b"):
        path.rename(path.with_name(f"earlier-{path.name}"))
    write_warc(store.warc / "0002" / "b.warc.gz", [])
    assert gone_warcs(store) == []


def test_a_damaged_pair_is_named_after_its_file(store):
    for path in Round(1, warc="0001/a").page("https://uno.es/a", prose("a")).write(store):
        path.write_bytes(b"PAR1")
    assert [one.name for one in gone_warcs(store)] == ["0001/a.warc.gz"]


TRICKY = ["a", "a.dropped", "a.dropped.dropped", "a.parquet", "a.dropped.parquet", "a.", "a..", ".a", "a%2Edropped",
          "a%2edropped", "a%", "a%2F", "a-b", "a.warc", "a.dropped.warc", "a.ids.npy", "ñ a", "a.DROPPED"]  # fmt: skip


def test_no_two_warc_files_share_a_file_whatever_their_names(tmp_path):
    folders = ["0001/", "0001-a/", "ajenos/", "a-b/", ""]
    names = [f"{folder}{name}{end}" for folder, name, end in itertools.product(folders, TRICKY, (".warc.gz", ".warc"))]
    stems = [Pending(tmp_path, name).stem for name in names]
    assert len(set(stems)) == len(stems)
    files = [path for stem in stems for path in pair_in(tmp_path, stem)]
    assert len(set(files)) == len(files)
    for path in files:
        path.touch()
    assert sorted(judged_stems(tmp_path)) == sorted(stems)
    assert sorted(pairs(tmp_path)) == sorted(pair_in(tmp_path, stem) for stem in stems)
    texts = tmp_path / "texts"
    texts.mkdir()
    for stem in stems:
        texts_in(texts, stem).touch()
    assert extracted_stems(texts) == sorted(stems)


def test_only_a_name_that_ends_in_dropped_has_another_stem(tmp_path):
    assert Pending(tmp_path, "0001/a.dropped.warc.gz").stem == "0001-a%2Edropped"
    assert Pending(tmp_path, "0001/a.dropped.x.warc.gz").stem == "0001-a.dropped.x"
    assert Pending(tmp_path, "a.dropped.warc.gz").stem == "a%2Edropped"


@pytest.mark.slow
def test_a_file_called_dropped_beside_its_namesake_keeps_its_documents(store):
    write_warc(store.warc / "0001" / "a.warc.gz", pages("uno.es"))
    write_warc(store.warc / "0001" / "a.dropped.warc.gz", pages("dos.es"))
    clean(store, SETTINGS, engine=ONE)
    assert publish(store, SETTINGS, PUBLISHING, engine=ONE).documents == 6
    assert gone_warcs(store) == []
