"""The ledger: what hosts say in any WARC file is kept as evidence, and pages are judged by it."""

import io
import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from corpus_rounds import START, Round, prose
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pdf_writer import Drawn, pdf_of, wrapped
from typer.testing import CliRunner
from warc_files import html
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cleaning.clean import clean
from cleaning.corpus.live_pages import live_documents
from cleaning.corpus.publish import publish
from cleaning.corpus.reservations import drop_reserved, ledger_of
from cleaning.pages.warc import Segment
from cleaning.pending import pairs
from cleaning.publish_settings import PublishSettings
from cleaning.recipe import extraction_digest, recipe_digest
from cleaning.settings import CleaningSettings
from data.parquet import read_parquet, write_parquet
from data.rights.files import READERS
from data.rights.ledger import RIGHTS_SCHEMA, Ledger, host_key
from data.rights.settings import RIGHTS, RightsSettings
from data.store import Store
from data.takedowns import Takedowns
from flows.cli import app
from flows.settings import Settings
from flows.why import why
from flows.why_text import story_lines

pytestmark = pytest.mark.slow

CLEANING = CleaningSettings(min_chars=100)
PUBLISHING = PublishSettings(test_share=0.001)
NO_TRAINING = "User-agent: *\nContent-Signal: search=yes,ai-train=no\nAllow: /\n"
PLAIN, RSL = "text/plain", "application/rsl+xml"


@pytest.fixture
def store(tmp_path):
    return Store.open(tmp_path / "store")


def licence(word, more=""):
    return (
        f'<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license><{word} type="usage">ai-train</{word}>'
        f"{more}</license></content></rsl>"
    )


def article(seed):
    return html("\n".join(prose(f"{seed}{n}") for n in range(3))).decode()


def write(path, records):
    """A WARC file; records are (URL, body, and status, type, more header fields and minutes where they matter)."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        info = {"software": "otro/1.0", "http-header-user-agent": "otro/1.0 (+https://otro.es)"}
        writer.write_record(writer.create_warcinfo_record(path.name, info))
        for url, body, *more in records:
            status, kind, fields, minutes = (*more, *(200, "text/html", [], 0)[len(more) :])
            head = StatusAndHeaders(str(status), [("Content-Type", kind), *fields], protocol="HTTP/1.1")
            date = (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
            writer.write_record(
                writer.create_warc_record(
                    url,
                    "response",
                    payload=io.BytesIO(body.encode() if isinstance(body, str) else body),
                    http_headers=head,
                    warc_headers_dict={"WARC-Date": date},
                )
            )
    return path


def outcomes(store):
    """By URL the detail of a page that is reserved, None where it is kept."""
    found = {}
    for documents, dropped in pairs(store.documents / recipe_digest(CLEANING)):
        found |= dict.fromkeys(read_parquet(documents, ["url"])["url"].to_pylist())
        rows = read_parquet(dropped, ["url", "reason", "detail"]).to_pylist()
        found |= {row["url"]: row["detail"] for row in rows if row["reason"] == "policy/opted_out"}
    return found


def published(store, rights=RIGHTS, **chosen):
    """The same of the newest version."""
    folder = publish(store, CLEANING, PUBLISHING.model_copy(update=chosen), rights=rights).path
    return outcomes_of(folder)


def outcomes_of(folder):
    """The same of a version."""
    found = {}
    for path in sorted((folder / "data").rglob("*.parquet")):
        found |= dict.fromkeys(read_parquet(path, ["url"])["url"].to_pylist())
    for path in sorted((folder / "dropped").rglob("*.parquet")):
        rows = read_parquet(path, ["url", "reason", "detail"]).to_pylist()
        found |= {row["url"]: row["detail"] for row in rows if row["reason"] == "policy/opted_out"}
    return found


def test_a_file_of_another_crawler_is_judged_by_what_it_holds(store, tmp_path):
    records = [
        ("https://libre.es/robots.txt", "User-agent: *\nAllow: /\n", 200, PLAIN),
        ("https://libre.es/a", article(1)),
        ("https://senal.es/robots.txt", NO_TRAINING, 200, PLAIN),
        ("https://www.senal.es/a", article(2)),
        ("https://tdm.es/a", article(3)),
        ("https://tdm.es/.well-known/tdmrep.json", '[{"location":"/","tdm-reservation":1}]', 200, "application/json"),
        ("https://ai.es/ai.txt", "", 301, PLAIN, [("Location", "/textos/ai.txt")]),
        ("https://ai.es/textos/ai.txt", "User-Agent: *\nDisallow: /\n", 200, PLAIN),
        ("https://ai.es/a", article(4)),
        ("https://movido.es/robots.txt", "", 301, PLAIN, [("Location", "https://senal.es/robots.txt")]),
        ("https://senal.es/robots.txt", NO_TRAINING, 200, PLAIN),
        ("https://movido.es/a", article(8)),
        ("https://nada.es/ai.txt", html("User-Agent: *\nDisallow: /").decode()),
        ("https://nada.es/a", article(5)),
        ("https://rsl.es/robots.txt", "License: /l.xml\nUser-agent: *\nAllow: /\n", 200, PLAIN),
        ("https://rsl.es/a", article(6)),
        ("https://rsl.es/l.xml", licence("prohibits"), 200, RSL),
        ("https://lic.es/a", article(7), 200, "text/html", [("Link", f'</l.xml>; rel="license"; type="{RSL}"')]),
        ("https://lic.es/l.xml", licence("permits"), 200, RSL),
    ]
    clean(store, CLEANING, warcs=[write(tmp_path / "ajeno.warc.gz", records)])
    assert outcomes(store) == {
        "https://libre.es/a": None,
        "https://www.senal.es/a": "robots.txt/content-signal: Content-Signal: search=yes,ai-train=no",
        "https://tdm.es/a": 'tdmrep.json: {"location":"/","tdm-reservation":1}',
        "https://ai.es/a": "ai.txt: Disallow: /",
        "https://movido.es/a": "robots.txt/content-signal: Content-Signal: search=yes,ai-train=no",
        "https://nada.es/a": None,
        "https://rsl.es/a": "rsl: / prohibits ai-train",
        "https://lic.es/a": None,
    }
    (path,) = (store.rights / extraction_digest(CLEANING)).iterdir()
    rows = read_parquet(path).to_pylist()
    signal = next(row for row in rows if row["carrier"] == "robots.txt/content-signal")
    assert (signal["host"], signal["file"], signal["line"], signal["verdict"]) == (
        "senal.es",
        "/robots.txt",
        "Content-Signal: search=yes,ai-train=no",
        "reserved",
    )
    assert signal["seen_at"] == START
    assert signal["warc_file"].startswith("ajeno")
    assert signal["warc_offset"] > 0
    manifest = json.loads((publish(store, CLEANING, PUBLISHING).path / "manifest.json").read_text("utf-8"))
    assert manifest["figures"]["opted_out"] == {
        "ai.txt": 1, "robots.txt/content-signal": 2, "rsl": 1, "tdmrep.json": 1,
    }  # fmt: skip
    card = (store.latest_corpus / "README.md").read_text("utf-8")
    assert "robots.txt/content-signal 2, ai.txt 1, rsl 1, tdmrep.json 1." in card
    assert "the words that held when a page was fetched" in card


def test_the_word_that_held_when_a_page_was_fetched_decides(store, tmp_path):
    robots = "https://h.es/robots.txt"
    records = [
        (robots, "User-agent: *\nDisallow: /a1\n", 200, PLAIN, [], 0),
        ("https://h.es/a1", article(1), 200, "text/html", [], 1),
        (robots, "", 404, PLAIN, [], 10),
        ("https://h.es/a2", article(2), 200, "text/html", [], 11),
        (robots, NO_TRAINING, 200, PLAIN, [], 20),
        ("https://h.es/a3", article(3), 200, "text/html", [], 21),
        (robots, "busy", 503, PLAIN, [], 30),
        ("https://h.es/a4", article(4), 200, "text/html", [], 31),
    ]
    clean(store, CLEANING, warcs=[write(tmp_path / "a.warc.gz", records)])
    assert {url[-2:] for url, detail in outcomes(store).items() if detail is None} == {"a2"}
    assert published(store)["https://h.es/a2"] is None


def test_words_of_other_files_are_heard_when_a_version_is_cut(store, tmp_path):
    """As Common Crawl has it: robots.txt lies in a file of its own, and a licence in a third."""
    link = [("Link", f'</l.xml>; rel="license"; type="{RSL}"')]
    pages = [
        ("https://uno.es/a", article(1), 200, "text/html", [], 5),
        ("https://dos.es/a", article(2), 200, "text/html", [], 5),
        ("https://tres.es/a", article(3), 200, "text/html", link, 5),
        ("https://cuatro.es/a", article(4), 200, "text/html", link, 5),
        ("https://gpt.es/a", article(5), 200, "text/html", [], 5),
    ]
    words = [
        ("https://uno.es/robots.txt", NO_TRAINING, 200, PLAIN),
        ("https://dos.es/robots.txt", NO_TRAINING, 200, PLAIN, [], 9_000),
        ("https://dos.es/robots.txt", "User-agent: *\nAllow: /", 200, PLAIN, [], 1),
        ("https://cuatro.es/l.xml", licence("permits"), 200, RSL),
        ("https://gpt.es/robots.txt", "User-agent: GPTBot\nDisallow: /\n", 200, PLAIN),
    ]
    clean(store, CLEANING, warcs=[write(tmp_path / "paginas.warc.gz", pages)])
    clean(store, CLEANING, warcs=[write(tmp_path / "robots.warc.gz", words)])
    assert set(outcomes(store).values()) == {None}
    told = published(store)
    assert {url.split("/")[2]: detail.partition(":")[0] for url, detail in told.items() if detail} == {
        "uno.es": "robots.txt/content-signal",
        "tres.es": "header/link",
        "gpt.es": "robots.txt/agent/gptbot",
    }
    assert told["https://gpt.es/a"] == "robots.txt/agent/gptbot: User-agent: gptbot / Disallow: /"
    lenient = RightsSettings(named_agents="ignore", missing_licence="ignore")
    publishing = PUBLISHING.model_copy(update={"rights": "as_of_today"})
    publish(store, CLEANING, publishing, rights=lenient)
    told = outcomes_of(store.latest_corpus)
    assert {url.split("/")[2] for url, detail in told.items() if detail} == {"uno.es", "dos.es"}


HOSTS = ("a.es", "b.es")
SAID = ("User-agent: *\nAllow: /", NO_TRAINING, "User-agent: *\nDisallow: /x", "User-agent: CCBot\nDisallow: /y")
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(HOSTS),
        st.one_of(st.sampled_from(SAID), st.tuples(st.sampled_from("xyz"), st.integers(0, 3))),
        st.integers(0, 6),
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS, min_size=1, max_size=2), st.sampled_from(["as_fetched", "as_of_today"]), st.randoms())
def test_any_history_gives_the_same_whatever_the_order_and_never_contradicts_the_ledger(
    tmp_path_factory, history, mode, chance
):
    """Files of pages and words: version by version equals all at once, and no living page is reserved."""
    chosen = PUBLISHING.model_copy(update={"rights": mode})
    step, whole = (Store.open(tmp_path_factory.mktemp("s") / "store") for _ in range(2))
    last = None
    for number, events in enumerate(history):
        _segment(step, number, events)
        last = _cut(step, chosen)
    for number, events in chance.sample(list(enumerate(history)), len(history)):
        _segment(whole, number, events)
    once = _cut(whole, chosen)
    assert (last is None) is (once is None)
    if once is None or last is None:
        return
    assert _bytes(last) == _bytes(once)
    ledger = ledger_of(step.rights / extraction_digest(CLEANING), pairs(step.documents / recipe_digest(CLEANING)))
    for path in (once / "data").rglob("*.parquet"):
        for row in read_parquet(path, ["url", "fetched_at", "warc_file", "warc_offset"]).to_pylist():
            at = row["fetched_at"] if mode == "as_fetched" else None
            assert ledger.refusal(row["url"], at, (row["warc_file"], row["warc_offset"]), RIGHTS) is None


def _segment(store, number, events):
    one = Round(number, settings=CLEANING)
    rows = []
    for host, said, day in events:
        one.at = START + timedelta(days=day)
        if isinstance(said, tuple):
            one.page(f"https://{host}/{said[0]}", prose(f"{host}{said}"))
        else:
            url = f"https://{host}/robots.txt"
            one.drop(url, "kind/robots")
            place = {"warc_file": f"{number:04d}/segment.warc.gz", "warc_offset": one.dropped[-1]["warc_offset"]}
            rows += [
                {"host": host_key(url), "file": "/robots.txt", "carrier": word.carrier, "path": word.path}
                | {"line": word.line, "verdict": word.verdict, "seen_at": one.at, **place}
                for word in READERS["/robots.txt"](said.encode())
            ]
    documents, _ = one.write(store)
    batches = [pa.RecordBatch.from_pylist(rows, RIGHTS_SCHEMA)] if rows else []
    write_parquet(store.rights / extraction_digest(CLEANING) / documents.name, batches, RIGHTS_SCHEMA)


def _cut(store, chosen):
    """The folder of the version that is current, None where there is nothing to publish."""
    segments = pairs(store.documents / recipe_digest(CLEANING))
    ledger = ledger_of(store.rights / extraction_digest(CLEANING), segments)
    left = drop_reserved(live_documents(segments, Takedowns.load(store)), ledger, chosen)
    return publish(store, CLEANING, chosen).path if left.documents.num_rows else None


def _bytes(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def test_an_empty_ledger_refuses_nothing():
    assert Ledger([]).refusal("https://h.es/a", datetime(2026, 1, 1, tzinfo=UTC), ("w", 0)) is None


def test_why_quotes_the_line_that_refuses(store, tmp_path):
    records = [
        ("https://h.es/robots.txt", "User-agent: *\nContent-Usage: /b train-ai=n\n", 200, PLAIN),
        ("https://h.es/a", article(1)),
        ("https://h.es/b", article(2)),
    ]
    clean(store, CLEANING, warcs=[write(tmp_path / "a.warc.gz", records)])
    chosen = Settings(clean=CLEANING, publish=PUBLISHING)
    line = "robots.txt/content-usage: Content-Usage: /b train-ai=n"
    assert line in "\n".join(story_lines(why(store, chosen, "https://h.es/b")))
    publish(store, CLEANING, PUBLISHING)
    told = why(store, chosen, "https://h.es/b")
    said = list(story_lines(told))
    robots = told.versions[0].said
    assert said[1] == (
        f"Not in the corpus: its owner reserves it from training [policy/opted_out]: {line}. /robots.txt says so: "
        f"{robots.warc_file} at {robots.warc_offset:,}, fetched 2026-01-01 00:00:00."
    )
    assert told.visits[0].verdict.said == robots
    record = next(one for one in Segment(tmp_path / "a.warc.gz").records(1000) if one.offset == robots.warc_offset)
    assert b"Content-Usage: /b train-ai=n" in record.answer.body
    assert said[1] not in list(story_lines(why(store, chosen, "https://h.es/a")))


def test_a_file_whose_pages_are_all_reserved_gives_no_document_and_quotes_three_lines(store, tmp_path):
    """As a user would: `clean FILE`, `publish`, `why URL`."""
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:tdm="http://www.w3.org/ns/tdmrep/"><tdm:reservation>1</tdm:reservation>'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    leaflet = pdf_of([Drawn().lines(50, 780, wrapped(" ".join(prose(n) for n in range(3))))], xmp=packet)
    records = [
        ("https://senal.es/robots.txt", NO_TRAINING, 200, PLAIN),
        ("https://senal.es/a", article(1)),
        ("https://tdm.es/.well-known/tdmrep.json", '[{"location":"/","tdm-reservation":1}]', 200, "application/json"),
        ("https://tdm.es/a", article(2)),
        ("https://pdf.es/guia.pdf", leaflet, 200, "application/pdf"),
    ]
    path = write(tmp_path / "ajeno.warc.gz", records)
    run = CliRunner()
    given = ["--store", str(store.root)]
    cleaned = json.loads(run.invoke(app, ["clean", str(path), "--workers", "1", "--json", *given]).stdout)
    assert (cleaned["kept"], cleaned["dropped"]["policy/opted_out"]) == (0, 3)
    refused = run.invoke(app, ["publish", "--json", *given])
    assert "not one of 5 URLs is left to publish (policy/opted_out 3, " in str(refused.exception)
    quoted = {
        "https://senal.es/a": ("Content-Signal: search=yes,ai-train=no", "/robots.txt says so: ajeno"),
        "https://tdm.es/a": ('{"location":"/","tdm-reservation":1}', "/.well-known/tdmrep.json says so: ajeno"),
        "https://pdf.es/guia.pdf": ("<tdm:reservation>1</tdm:reservation>", "The page itself says so: ajeno"),
    }
    for url, (line, place) in quoted.items():
        told = run.invoke(app, ["why", url, *given]).stdout
        assert told.splitlines()[1].startswith(
            "Not published yet: its owner reserves it from training [policy/opted_out]"
        )
        assert told.splitlines()[1].endswith(f": {line}.")
        assert place in told


def test_why_names_the_record_of_a_licence_and_the_latest_word(store, tmp_path):
    robots = "https://h.es/robots.txt"
    pages = [
        (robots, NO_TRAINING, 200, PLAIN, [], 9),
        (robots, NO_TRAINING, 200, PLAIN, [], 90),
        ("https://h.es/a", article(1), 200, "text/html", [], 5),
        ("https://l.es/a", article(2), 200, "text/html", [("Link", f'</l.xml>; rel="license"; type="{RSL}"')]),
        ("https://m.es/a", article(3), 200, "text/html", [("Link", f'</l.xml>; rel="license"; type="{RSL}"')]),
        ("https://k.es/a", article(4)),
    ]
    clean(store, CLEANING, warcs=[write(tmp_path / "paginas.warc.gz", pages)])
    clean(
        store, CLEANING, warcs=[write(tmp_path / "l.warc.gz", [("https://l.es/l.xml", licence("prohibits"), 200, RSL)])]
    )
    for mode, minutes in (("as_fetched", 9), ("as_of_today", 90)):
        chosen = PUBLISHING.model_copy(update={"rights": mode})
        publish(store, CLEANING, chosen)
        said = why(store, Settings(clean=CLEANING, publish=chosen), "https://h.es/a").versions[-1].said
        assert (said.file, said.seen_at) == ("/robots.txt", START + timedelta(minutes=minutes))
    told = {host: why(store, Settings(clean=CLEANING), f"https://{host}.es/a").versions[-1].said for host in "lm"}
    assert (told["l"].file, told["l"].warc_file[:2]) == ("licence", "l-")
    assert (told["m"].file, told["m"].warc_file[:2]) == ("page", "pa")


def test_a_document_has_the_licence_that_its_page_or_its_host_states(store, tmp_path):
    by = "https://creativecommons.org/licenses/by/4.0/"
    free = f'<payment type="attribution"><standard>{by}</standard></payment>'
    pages = [
        ("https://a.es/a", article(1).replace("<title>", f'<link rel="license" href="{by}"><title>')),
        ("https://b.es/robots.txt", "License: /l.xml\nUser-agent: *\nAllow: /\n", 200, PLAIN),
        ("https://b.es/l.xml", licence("permits", free), 200, RSL),
        ("https://b.es/a", article(2)),
        ("https://b.es/own", article(3), 200, "text/html", [("Link", '</uso>; rel="license"')]),
        ("https://c.es/l.xml", licence("permits"), 200, RSL),
        ("https://c.es/a", article(4), 200, "text/html", [("Link", f'</l.xml>; rel="license"; type="{RSL}"')]),
        ("https://d.es/a", article(5)),
    ]
    clean(store, CLEANING, warcs=[write(tmp_path / "a.warc.gz", pages)])
    version = publish(store, CLEANING, PUBLISHING).path
    rows = [row for path in (version / "data").rglob("*.parquet") for row in read_parquet(path).to_pylist()]
    assert {row["url"][8:]: (row["license"], row["license_url"]) for row in rows} == {
        "a.es/a": ("CC-BY-4.0", by),
        "b.es/a": ("CC-BY-4.0", by),
        "b.es/own": (None, "https://b.es/uso"),
        "c.es/a": ("RSL 1.0: / permits ai-train", "https://c.es/l.xml"),
        "d.es/a": (None, None),
    }
    assert not any(row["text_given"] for row in rows)
    figures = json.loads((version / "manifest.json").read_text("utf-8"))["figures"]
    assert figures["licences"] == {"CC-BY-4.0": 2, "RSL 1.0: / permits ai-train": 1, "another, at an address": 1}
    assert figures["crawlers"] == {"files": {"otro/1.0 (+https://otro.es)": 1}}
    assert figures["ledger"] == {"hosts": 4, "with_robots": 1}
    summary = (version / "public_summary.md").read_text("utf-8")
    assert "- **Writers of WARC files, files:** otro/1.0 (+https://otro.es) (1 files)." in summary
    assert (
        "This corpus has 4 hosts. Of 1 the WARC files hold what their robots.txt said; of 3 it is not known." in summary
    )
    assert "| CC-BY-4.0 | 2 |" in (version / "README.md").read_text("utf-8")
