"""How pages come in is a parameter of the chain: the crawl, months of Common Crawl, or both in one store."""

import doctest
import inspect
from collections import Counter

import pyarrow.parquet as pq
import pytest
from common_crawl import Archive, Capture, month
from common_crawl import serving as serving_archive
from corpus_rounds import prose, slightly_changed
from crawler_web import Web, serving
from fastwarc.warc import ArchiveIterator, WarcRecordType
from pydantic import TypeAdapter, ValidationError
from warc_files import html

import flows.sources
from data.errors import InputError
from flows.chain import build_corpus
from flows.settings import load_settings
from flows.sources import check_sources

CRAWL = "CC-MAIN-2026-05"
PLACE = {"warc_file", "warc_offset", "source"}
"""Columns that say where a record lies."""


def test_examples():
    assert doctest.testmod(flows.sources).failed == 0


def test_what_is_no_source():
    check_sources(["crawl", f"common-crawl:{CRAWL}"])
    for wrong in ("common-crawl", "common-crawl:", "wayback machine", ""):
        with pytest.raises(InputError, match="not known"):
            check_sources(["crawl", wrong])
    with pytest.raises(InputError, match="Name at least one"):
        check_sources([])


def test_the_deployment_s_form_knows_sources():
    pytest.importorskip("prefect")
    from flows.deployments import build_cowese

    given = inspect.signature(build_cowese.fn).parameters["sources"]
    assert given.default == ("crawl",)
    known = TypeAdapter(given.annotation)
    assert known.validate_python(["crawl", f"common-crawl:{CRAWL}"]) == ("crawl", f"common-crawl:{CRAWL}")
    with pytest.raises(ValidationError):
        known.validate_python(["common-crawl:latest"])
    schema = build_cowese.parameters.properties["sources"]
    assert schema["type"] == "array"
    assert "common-crawl:CC-MAIN-2026-30" in schema["description"]


@pytest.mark.slow
def test_an_archive_and_a_crawl_in_one_store(tmp_path):
    """The archive has an old state of a page and one that the web has no more; the crawl brings the newer."""
    site = "http://www.salud.example"
    old, new, only = prose("viejo"), prose("nuevo"), prose("sólo en el archivo")
    pages = {f"{site}/": (200, {"Content-Type": "text/html"}, html(new)), f"{site}/robots.txt": (200, {}, b"")}
    with serving(Web(pages=pages)) as web, serving_archive(Archive()) as archive:
        captures = [Capture(f"{site}/", html(old), month(1)), Capture(f"{site}/otra", html(only), month(1))]
        archive.add(CRAWL, captures)
        flags = {
            "store": tmp_path / "store",
            "crawl": web.settings(web.seeds(tmp_path / "seeds.tsv", f"{site}/")).model_dump(),
            "archive": {"common_crawl": archive.settings().model_dump()},
            "engine": {"workers": 1},
        }
        built = build_corpus(load_settings(flags=flags), sources=["crawl", f"common-crawl:{CRAWL}"])
    assert built.archive is not None
    assert built.archive.fetched == 2
    assert built.crawl is not None
    assert list(built.seconds) == ["archive", "crawl", "clean", "publish"]
    data = built.publish.path / "data"
    rows = {row["url"]: row for path in sorted(data.glob("*/*.parquet")) for row in pq.read_table(path).to_pylist()}
    assert {url: (row["text"], row["source"]) for url, row in rows.items()} == {
        f"{site}/": (new, "crawl"),
        f"{site}/otra": (only, "common-crawl"),
    }
    assert rows[f"{site}/"]["first_seen_at"].month == 1


def answers(store):
    """The answers that a crawl kept, as Common Crawl would have them: bodies unpacked."""
    for path in sorted(store.glob("warc/0001/*.warc.gz")):
        with path.open("rb") as file:
            for one in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True, auto_decode="all"):
                kind = one.http_headers.get("Content-Type", "")
                yield Capture(
                    url=one.headers["WARC-Target-URI"],
                    body=one.reader.read(),
                    when=one.record_date,
                    status=one.http_headers.status_code,
                    mime=kind.partition(";")[0],
                    languages=None,
                    headers=(("ETag", one.http_headers.get("ETag", "")),),
                    content_type=kind,
                )


def rows_of(version):
    """Documents and dropped pages by id, without where they lie."""
    paths = sorted(version.rglob("*.parquet"))
    found = {row["id"]: row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()}
    return {key: {name: value for name, value in row.items() if name not in PLACE} for key, row in found.items()}


@pytest.mark.slow
def test_the_same_pages_from_an_archive_give_the_same_corpus(tmp_path):
    """Every column of every document and dropped page is alike, but for those that say where a record lies."""
    site, kind = "http://www.salud.example", {"Content-Type": "text/html; charset=utf-8"}
    texts = {f"/p{number}": prose(number) for number in range(12)}
    texts |= {"/copia": texts["/p1"], "/casi": slightly_changed(texts["/p2"], 1), "/breve": "Una nota."}
    texts |= {"/otra": "The patient was seen by the doctor and the treatment was well tolerated. " * 20}
    pages = {f"{site}{path}": (200, kind, html(text)) for path, text in texts.items()}
    links = "".join(f'<a href="{path}">enlace</a>' for path in [*texts, "/nada"])
    pages[f"{site}/"] = (200, kind, html(prose("inicio")).replace(b"</article>", f"</article>{links}".encode()))
    pages[f"{site}/robots.txt"] = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /p3\n")
    flags = {"engine": {"workers": 1}}
    with serving(Web(pages=pages)) as web:
        flags["crawl"] = web.settings(web.seeds(tmp_path / "seeds.tsv", f"{site}/")).model_dump()
        crawled = build_corpus(load_settings(flags=flags | {"store": tmp_path / "crawled"}))
    with serving_archive(Archive()) as archive:
        archive.add(CRAWL, list(answers(tmp_path / "crawled")))
        flags["archive"] = {"common_crawl": archive.settings().model_dump()}
        settings = load_settings(flags=flags | {"store": tmp_path / "archived"})
        archived = build_corpus(settings, sources=[f"common-crawl:{CRAWL}"])
    ours, theirs = rows_of(crawled.publish.path), rows_of(archived.publish.path)
    reasons = Counter(row.get("reason") for row in ours.values())
    assert reasons[None] == 12
    assert {"duplicate/exact", "duplicate/near", "quality/too_short"} <= reasons.keys()
    assert theirs == ours
