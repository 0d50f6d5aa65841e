"""What comes with a version: columns described, Croissant, rights, the words that each step left out."""

import json

import pyarrow.parquet as pq
import pytest
import yaml
from corpus_rounds import Round, prose, slightly_changed, urls

from cleaning.corpus.publish import publish
from cleaning.corpus.report import words_left_out
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.columns import DESCRIPTIONS, PUBLISHED_SCHEMA
from data.documents import DOCUMENT_SCHEMA
from data.store import Store

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    store = Store.open(tmp_path_factory.mktemp("sheet") / "store")
    pages = Round(1)
    for url in urls(each=10):
        pages.page(url, prose(url))
    pages.page("https://copia.es/a", slightly_changed(prose(urls()[0]), 1), category="other")
    pages.page("https://gal.es/a", prose("gal"), language="gl")
    pages.drop("https://corta.es/a", "quality/too_short")
    pages.dropped[-1]["n_words"] = 17
    pages.drop("https://corta.es/b", "http/404")
    pages.write(store)
    return publish(store, CleaningSettings(), PublishSettings()).path


def test_every_column_is_described_in_the_files_and_in_the_card(version):
    assert list(DESCRIPTIONS) == DOCUMENT_SCHEMA.names
    assert PUBLISHED_SCHEMA.equals(DOCUMENT_SCHEMA, check_metadata=False)
    card = (version / "README.md").read_text(encoding="utf-8")
    for path in (version / "data").rglob("*.parquet"):
        schema = pq.read_schema(path)
        assert {field.name: field.metadata[b"description"].decode() for field in schema} == DESCRIPTIONS
    for name, description in DESCRIPTIONS.items():
        assert f"| `{name}` | " in card
        assert f" | {description} |" in card


def test_the_card_says_where_the_rights_stand(version):
    card = (version / "README.md").read_text(encoding="utf-8")
    head = yaml.safe_load(card.split("---")[1])
    assert (head["license"], head["license_name"], head["license_link"]) == ("other", "per-page", "LICENSE.md")
    assert "owner" in (version / "LICENSE.md").read_text(encoding="utf-8")


def test_croissant_names_every_column_of_every_split(version):
    found = json.loads((version / "croissant.json").read_text(encoding="utf-8"))
    sets = {one["@id"]: one for one in found["recordSet"]}
    assert set(sets) == {"train", "validation", "test", "side_gl"}
    for name, records in sets.items():
        assert [field["name"] for field in records["field"]] == DOCUMENT_SCHEMA.names
        (files,) = (one for one in found["distribution"] if one["@id"] == f"{name}-files")
        assert list(version.glob(files["includes"]))
    ids = [field["@id"] for records in sets.values() for field in records["field"]]
    assert len(ids) == len(set(ids))
    mlcroissant = pytest.importorskip("mlcroissant")
    assert not mlcroissant.Dataset(jsonld=version / "croissant.json").metadata.ctx.issues.errors


def test_words_that_each_step_left_out(version):
    figures = json.loads((version / "manifest.json").read_text(encoding="utf-8"))["figures"]
    copy = len(prose(urls()[0]).split())
    assert figures["dropped_words"] == {"duplicate/near": copy, "quality/too_short": 17}
    assert words_left_out(figures) == {"of enough quality": 17, "documents: no duplicates": copy}
    card = (version / "README.md").read_text(encoding="utf-8")
    assert "| dropped: `quality/too_short` | 1 | 17 |" in card
    assert "| dropped: `http/404` | 1 |  |" in card
    assert f"documents: no duplicates {copy}" in (version / "report.html").read_text(encoding="utf-8")
    assert words_left_out({"site_lines": {"words": 3}}) == {}


def test_the_public_summary_follows_from_the_version(store):
    """Sections of the template, the largest domains, what is left out by carrier, what is not known."""
    one = Round(0)
    for number in range(30):
        for page in range(1 + (number == 7) * 3):
            one.page(f"https://www.s{number}.es/{page}", prose(f"{number} {page}"))
    one.drop("https://s0.es/no", "policy/opted_out").drop("https://s1.es/b", "quality/filler")
    one.write(store)
    folder = publish(store, CleaningSettings(), PublishSettings(test_share=0.01)).path
    text = (folder / "public_summary.md").read_text("utf-8")
    for number in ("1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "3.1", "3.2", "3.3"):
        assert text.count(f"\n### {number} ") == 1
    assert "| 1 | s7.es | 4 | 480 | yes |" in text
    assert "The largest tenth of 30 domain names, by words" in text
    assert text.count("| yes |") == 2
    assert "Pages left out for a reservation: 1" in text
    assert "less than 1 billion tokens: estimated from 3,960 words" in text
    assert "Of 0 the WARC files hold what their robots.txt said; of 30 it is not known." in text
    assert "Not stated in the WARC files." in text
    assert "2026-01-01 to 2026-01-01" in text
    page = (folder / "public_summary.html").read_text("utf-8")
    assert "<td>s7.es</td>" in page
    assert page.count("<section ") == 12
