"""A source's records come into the store byte for byte, with their origin, and none is brought twice."""

import doctest
import gzip
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
from corpus_rounds import prose
from warc_files import html, write_warc

import crawler.sources.writer
import data.sources
from cleaning.clean import clean
from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from crawler.sources.member import Member, NotARecordError
from crawler.sources.writer import ORIGINS, Origin, SourceWriter, places_of
from crawler.warc.blank import blank, blanks_of
from data.engines.engine import EngineSettings
from data.seeds import Seed

SEED = Seed("https://www.salud.example/", "Salud", "ES", "ministry", "host")
WHEN = datetime(2026, 3, 1, 10, tzinfo=UTC)
INFO = {"source": "a test"}


@pytest.mark.parametrize("module", [crawler.sources.writer, data.sources])
def test_examples(module):
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)


def members(path):
    """The gzip members of a WARC file of another's making."""
    content, found = path.read_bytes(), []
    starts = [at for at in range(len(content)) if content[at : at + 4] == b"\x1f\x8b\x08\x00"]
    for begin, end in zip(starts, [*starts[1:], len(content)], strict=True):
        found.append(content[begin:end])
    return found


@pytest.fixture
def given(tmp_path):
    pages = [(f"https://www.salud.example/p{n}", "200 OK", html(prose(n))) for n in range(3)]
    return members(write_warc(tmp_path / "theirs.warc.gz", pages))


def bring(store, given, *, seed=SEED, most=1 << 30):
    with SourceWriter(store, "archive", "2026-05", most, INFO) as writer:
        before = set(writer.places)
        for number, one in enumerate(given):
            if f"theirs {number}" not in before:
                writer.copy(Member.read(one), Origin(f"theirs {number}", seed))
    return before


def test_members_are_copied_as_they_are_and_known_by_their_origin(store, given):
    bring(store, given)
    (file,) = (store.warc / "archive").glob("*.warc.gz")
    for one in given:
        assert one in file.read_bytes()
    assert bring(store, given) == {"theirs 0", "theirs 1", "theirs 2"}
    file.with_name(file.name + ORIGINS).unlink()
    assert places_of(store.warc / "archive", "2026-05") == {"theirs 0", "theirs 1", "theirs 2"}


def test_a_record_and_what_is_said_of_it_stay_in_one_file(store, given):
    bring(store, given, most=1)
    files = sorted((store.warc / "archive").glob("*.warc.gz"))
    assert len(files) == 3
    assert all(place in places_of(store.warc / "archive", "2026-05") for place in ("theirs 0", "theirs 2"))


@pytest.mark.slow
def test_the_corpus_says_where_a_page_came_from_and_which_site_it_is_of(store, given):
    write_warc(store.warc / "0001" / "a.warc.gz", [("https://propio.es/p", "200 OK", html(prose("propio")))])
    bring(store, given)
    one = EngineSettings(workers=1)
    clean(store, CleaningSettings(), engine=one)
    version = publish(store, CleaningSettings(), PublishSettings(), engine=one)
    rows = [row for path in sorted(version.path.glob("data/*/*.parquet")) for row in pq.read_table(path).to_pylist()]
    told = {(row["source"], row["site"], row["country"], row["category"]) for row in rows}
    assert told == {("crawl", None, None, None), ("archive", SEED.url, "ES", "ministry")}
    assert publish(store, CleaningSettings(), PublishSettings(), cold=True, engine=one).differences == []


def test_what_is_said_of_a_record_is_blanked_with_it(store, given):
    bring(store, given)
    (file,) = (store.warc / "archive").glob("*.warc.gz")
    wanted = {"https://www.salud.example/p1": "cowese://forgotten/1"}
    blanks = list(blanks_of(file, lambda url, _at: wanted.get(url), "receipt 1"))
    assert [one.kind for one in blanks] == ["metadata", "response"]
    blank(file, blanks)
    assert b"theirs 1" not in gzip.decompress(file.read_bytes())
    assert b"theirs 2" in gzip.decompress(file.read_bytes())


def test_what_is_no_record_says_what_it_is(given):
    with pytest.raises(NotARecordError, match="cut short"):
        Member.read(given[0][:-9])
    with pytest.raises(NotARecordError, match="bytes more"):
        Member.read(given[0] + given[1])
    with pytest.raises(NotARecordError, match="no gzip member"):
        Member.read(b"<?xml version='1.0'?><Error>SlowDown</Error>")
    with pytest.raises(NotARecordError, match="no WARC record"):
        Member.read(gzip.compress(b"hello"))
