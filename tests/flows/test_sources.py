"""How pages come in is a parameter of the chain: the crawl, months of Common Crawl, or both in one store."""

import doctest
import inspect

import pyarrow.parquet as pq
import pytest
from common_crawl import Archive, Capture, month
from common_crawl import serving as serving_archive
from corpus_rounds import prose
from crawler_web import Web, serving
from pydantic import TypeAdapter, ValidationError
from warc_files import html

import flows.sources
from data.errors import InputError
from flows.chain import build_corpus
from flows.settings import load_settings
from flows.sources import check_sources

CRAWL = "CC-MAIN-2026-05"


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
