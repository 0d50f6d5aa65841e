"""Pages that would stop the stage: too large, too slow, too hungry, or the end of the process that reads them."""

import gzip
import math
import os
import signal
from collections import Counter
from datetime import date

import pytest
from bare_pages import PROSE, html, write_warc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleaning.clean import clean
from cleaning.extract_segment import extract_segment
from cleaning.judge_segment import judge_segment
from cleaning.pages import judge_page as judge_page_module
from cleaning.pages import measuring
from cleaning.pages.declared_dates import published
from cleaning.pages.extraction import extract_html
from cleaning.pages.judge_page import judge_page, measured
from cleaning.pages.measures import LanguageVerdict, Measures
from cleaning.pages.normal_text import normal_text
from cleaning.pages.page import Drop, Page, Raw
from cleaning.pages.page_process import PageProcess, PageProcesses
from cleaning.pages.page_work import Step, Unmeasured, prepare, reader_of
from cleaning.pages.page_worker import result_of
from cleaning.pages.privacy import masked
from cleaning.pages.quality import judge, rules_of
from cleaning.pages.text import Text
from cleaning.pending import Pending
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from cleaning.tally import Tally
from data.engines.engine import EngineSettings
from data.parquet import read_parquet

SETTINGS = CleaningSettings()
ONE = EngineSettings(workers=1)
URL = "https://a.example/x"


def raw(body):
    return Raw(URL, "text/html; charset=utf-8", body)


@pytest.fixture
def worker():
    """A page process of the given settings, ended after the test."""
    started = []

    def start(limits=SETTINGS, kind=PageProcess):
        started.append(kind(limits))
        return started[-1]

    yield start
    for process in started:
        process.close()


def asked(process, page):
    process.give(page)
    return process.take()


def test_too_many_elements():
    assert extract_html(raw(b"<p>x</p>" * 60_000), SETTINGS) == Drop("extraction/too_many_elements", 60_000)


@pytest.mark.slow
def test_a_page_that_takes_too_long_is_dropped_and_the_next_is_read(worker):
    process = worker(CleaningSettings(max_seconds=0.5, max_bytes=1 << 30, max_elements=10**9))
    assert asked(process, raw(html(f"{PROSE}</p><p>" * 60_000))) == Drop("extraction/too_slow", 0.5)
    assert asked(process, raw(b"<p>")) == Drop("extraction/no_text")


@pytest.mark.slow
def test_a_page_that_needs_too_much_memory(worker):
    limit = 256 << 20
    process = worker(CleaningSettings(max_memory=limit, max_bytes=1 << 30, max_elements=10**9, max_seconds=60))
    hungry = asked(process, raw(b"<p>x</p>" * 500_000 + html()))
    assert hungry.reason in ("extraction/too_much_memory", "extraction/crashed", "extraction/failed")
    assert asked(process, raw(html())).text == PROSE


@pytest.mark.slow
def test_a_process_that_somebody_ends_costs_no_page(worker):
    process = worker()
    process.give(raw(html()))
    os.kill(process._process.pid, signal.SIGKILL)
    assert process.take().text == PROSE


class EndedByThePage(PageProcess):
    """What a page does that makes a parser crash: it is stopped meanwhile, so that it cannot be done before."""

    def give(self, page):
        if b"crash" not in page.body:
            super().give(page)
            return
        self._await_ready()
        os.kill(self._process.pid, signal.SIGSTOP)
        super().give(page)
        for blow in (signal.SIGSEGV, signal.SIGCONT):
            os.kill(self._process.pid, blow)


@pytest.mark.slow
def test_a_page_that_ends_its_process_takes_only_itself_with_it(worker):
    process = worker(kind=EndedByThePage)
    drop = asked(process, raw(b"crash"))
    assert drop.reason == "extraction/crashed"
    assert "SIGSEGV" in drop.detail
    assert asked(process, raw(html())).text == PROSE


@pytest.mark.slow
def test_rows_stand_in_the_order_of_the_records_whoever_was_first(store, tmp_path):
    long = html("</p><p>".join(f"{PROSE} Visita número {n}." for n in range(300)))
    bodies = [long, *(html(f"{PROSE} Consulta {n}.") for n in range(9)), b"", html("Breve.")]
    path = write_warc(tmp_path / "a.warc.gz", bodies)
    written = []
    for workers in (1, 3):
        folder = tmp_path / f"by{workers}"
        texts = folder / "texts" / "a.parquet"
        with PageProcesses(SETTINGS, workers) as processes:
            extract_segment(Pending(path, "a.warc.gz"), texts, folder / "rights.parquet", SETTINGS, "e", processes)
        with PageProcesses(SETTINGS, workers, Step.JUDGING) as processes:
            judged = judge_segment(
                texts, folder / "rights.parquet", folder / "m.parquet", folder, SETTINGS, "r", processes
            )
        assert judged.kept + sum(judged.dropped.values()) == len(bodies)
        made = (texts, folder / "m.parquet", *Pending(path, "a.warc.gz").pair(folder))
        written.append([one.read_bytes() for one in made])
    assert written[0] == written[1]
    offsets = read_parquet(Pending(path, "a.warc.gz").pair(folder)[0], ["warc_offset"])["warc_offset"].to_pylist()
    assert offsets == sorted(offsets)


@pytest.mark.slow
def test_a_record_larger_than_any_page_is_dropped_without_being_read_whole(store, tmp_path):
    limits = CleaningSettings(max_bytes=1000)
    path = write_warc(tmp_path / "a.warc.gz", [bytes(30 << 20), html()])
    summary = clean(store, limits, warcs=[path], engine=ONE)
    assert summary.dropped == {"extraction/too_large": 1}
    assert summary.kept == 1
    folder = store.documents / recipe_digest(limits)
    (dropped,) = folder.glob("*.dropped.parquet")
    assert read_parquet(dropped)["figure"].to_pylist() == [1001.0]


@pytest.mark.slow
def test_progress_tells_how_far_it_is_and_why_pages_go(store, tmp_path):
    told = []
    path = write_warc(tmp_path / "a.warc.gz", [html(f"{PROSE} Nota {n}.") for n in range(5)] + [html("Breve.")])
    clean(store, SETTINGS, warcs=[path], engine=ONE, progress=lambda *values: told.append(values))
    stage, done, total, counts = told[-1]
    assert (stage, done, counts) == ("clean", 6, {"kept": 5, "quality": 1})
    assert total >= done


def test_a_tally_adds_up_over_files():
    tally = Tally([100, 300])
    first = Tally.row(100, Counter({"kept": 3, "quality/too_short": 1}))
    second = Tally.row(100, Counter({"language/ca": 2, "language/gl": 2}))
    told = []
    tally.show([first, second], lambda *values: told.append(values))
    assert told == [("clean", 8, 16, {"kept": 3, "quality": 1, "language": 4})]


RULES = rules_of(SETTINGS)
EXTRACT = reader_of(Step.EXTRACTION, SETTINGS)
PIECES = st.sampled_from(
    [
        PROSE,
        "<p>",
        "</p>",
        "<table><tr><td>",
        "<![CDATA[",
        "<!--",
        "<meta charset=utf-16>",
        "&#xD800;",
        "\x00",
        "é" * 40,
    ]
)
PAGES = st.one_of(
    st.binary(max_size=3000),
    st.text(max_size=2000).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(st.one_of(PIECES, st.text(max_size=200)), max_size=40).map(
        lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
    ),
    st.lists(PIECES, max_size=40).map(lambda parts: "".join(parts).encode("utf-16", "surrogatepass")),
)
TYPES = st.sampled_from(["", "text/html", "text/html; charset=utf-7", "text/html; charset=latin-1", "x; charset=\x00"])


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(body=PAGES, content_type=TYPES, is_pdf=st.booleans())
def test_any_bytes_end_in_a_page_or_a_reason(body, content_type, is_pdf):
    page = Raw(URL, content_type, b"%PDF-1.7" + body if is_pdf else body, is_pdf)
    outcome = result_of(page, EXTRACT, Step.EXTRACTION, SETTINGS)
    assert isinstance(outcome, Drop | Page)
    if isinstance(outcome, Page):
        outcome.text.encode()
    else:
        assert "/" in outcome.reason
        assert outcome.reason != "extraction/failed" or "Error" in (outcome.detail or "")


LETTERS = st.text(st.characters(codec=None), max_size=400)
LINES = st.lists(
    st.one_of(LETTERS, st.sampled_from([PROSE, "12345678Z", "a@b.es", "Nombre:", "12 €", "\x85", "\u2028"])),
    max_size=30,
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(lines=LINES, language=st.sampled_from(["es", "ca", "xx"]))
def test_any_text_is_judged_and_masked(lines, language):
    text = normal_text("\n".join(lines))
    outcome = judge_page(Page(text), CleaningSettings(min_chars=0, languages=("es", "ca")), RULES)
    assert isinstance(outcome, Drop | Page)
    figures, _ = judge(Text(text, language), RULES)
    assert all(math.isfinite(figure) for figure in figures.values())
    masked_text, counts = masked(text)
    assert (masked_text == text) == (not counts)
    masked_text.encode()


@settings(deadline=None, max_examples=100)
@given(body=PAGES)
def test_days_of_any_bytes(body):
    assert isinstance(published(body, body.lower()), date | None)


@pytest.mark.slow
def test_twenty_megabytes_of_anything(store, tmp_path):
    bodies = [bytes(20 << 20), b"a" * (20 << 20), b"\xff\xfe" * (4 << 20), gzip.compress(os.urandom(1 << 20))]
    summary = clean(store, SETTINGS, warcs=[write_warc(tmp_path / "a.warc.gz", bodies)], engine=ONE)
    assert summary.kept == 0
    assert summary.records == len(bodies)


@pytest.mark.parametrize("language", [None, LanguageVerdict("es", 1.0, {}, "")])
def test_language_models_are_loaded_for_texts_whose_language_is_unknown(monkeypatch, language):
    loaded = []
    monkeypatch.setattr(judge_page_module, "load_language_models", lambda: loaded.append(True))
    prepare(Unmeasured(PROSE, {}, Measures(language=language)))
    prepare(Raw("https://a.es/", "text/html", b"<p>x</p>"))
    assert bool(loaded) == (language is None)


def test_a_text_that_is_known_to_have_no_foreign_paragraph_is_not_asked_again(monkeypatch):
    monkeypatch.setattr(measuring, "without_foreign_paragraphs", lambda _: pytest.fail("asked"))
    known = Measures(characters=len(PROSE), language=LanguageVerdict("es", 1.0, {}, ""), foreign=0)
    assert measured(PROSE, {}, known, SETTINGS, RULES).figures
