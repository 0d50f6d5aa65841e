"""Open corpora: MedlinePlus, SciELO's JATS, texts with addresses; documents of them have licence and date."""

import gzip
import io
import json
import os
import zipfile
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from corpus_rounds import prose
from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.warcwriter import WARCWriter

from cleaning.clean import clean
from cleaning.corpus.publish import publish
from cleaning.pages.extract_page import extract_page
from cleaning.pages.triage import said_by, triage
from cleaning.pages.warc import Segment
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from crawler.permissions.scope import Scope
from crawler.sources.medlineplus import LICENCE, topics
from crawler.sources.open_corpora import CorpusRecord, Skipped, import_corpus
from crawler.sources.scielo import articles
from crawler.sources.texts import check_name, licence_named, texts
from data.engines.engine import EngineSettings
from data.errors import InputError
from data.parquet import read_parquet
from data.rights.licences import Licence
from data.seeds import Seed

CLEANING, ONE = CleaningSettings(min_chars=100), EngineSettings(workers=1)
BY = "https://creativecommons.org/licenses/by/4.0/"
DAY = datetime(2026, 6, 15, tzinfo=UTC)


def paragraphs(seed, count=4):
    return [prose((seed, number), 40) for number in range(count)]


def published(store):
    clean(store, CLEANING, engine=ONE)
    version = publish(store, CLEANING, PublishSettings(test_share=0.001), engine=ONE)
    assert publish(store, CLEANING, PublishSettings(test_share=0.001), cold=True, engine=ONE).differences == []
    return [row for path in (version.path / "data").rglob("*.parquet") for row in read_parquet(path).to_pylist()]


# --- MedlinePlus

TOPICS = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE health-topics SYSTEM "https://medlineplus.gov/xml/mplus_topics.dtd">
<health-topics total="3" date-generated="06/13/2026 02:30:34">
<health-topic title="Asma" url="https://medlineplus.gov/spanish/asthma.html" id="3065" language="Spanish"
 date-created="09/25/2002" meta-desc="x"><also-called>Asma bronquial</also-called>
<full-summary>{summary}</full-summary><group url="https://medlineplus.gov/spanish/lungs.html" id="9">Pulmones</group>
<mesh-heading><descriptor id="D001249">Asthma</descriptor></mesh-heading></health-topic>
<health-topic title="Asthma" url="https://medlineplus.gov/asthma.html" id="5" language="English">
<full-summary>&lt;p&gt;What is asthma?&lt;/p&gt;</full-summary></health-topic>
<health-topic title="Vacía" url="https://medlineplus.gov/spanish/vacia.html" id="77" language="Spanish"/>
</health-topics>
"""  # fmt: skip


def topics_file(folder, text=None):
    summary = "".join(f"&lt;p&gt;{one}&lt;/p&gt;" for one in paragraphs("asma"))
    path = folder / "mplus_topics_2026-06-13.xml"
    path.write_text(TOPICS.format(summary=text or f"&lt;h3&gt;¿Qué es el asma?&lt;/h3&gt;{summary}"), encoding="utf-8")
    return path


def test_a_spanish_topic_is_a_page_in_the_public_domain(tmp_path):
    found = list(topics(topics_file(tmp_path)))
    assert [one.reason for one in found if isinstance(one, Skipped)] == ["another_language", "no_summary"]
    (topic,) = [one for one in found if isinstance(one, CorpusRecord)]
    assert (topic.url, topic.licence) == ("https://medlineplus.gov/spanish/asthma.html", LICENCE)
    assert topic.when == datetime(2026, 6, 13, 2, 30, 34, tzinfo=UTC)
    assert "<h1>Asma</h1><h3>¿Qué es el asma?</h3><p>" in topic.body.decode()
    packed = tmp_path / "mplus_topics_compressed_2026-06-13.zip"
    with zipfile.ZipFile(packed, "w") as file:
        file.write(topics_file(tmp_path), "mplus_topics_2026-06-13.xml")
    assert list(topics(packed)) == found


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<health-topics", "damaged, or no XML"),
        ("<html><body/></html>", "no health topics in it"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><health-topics><health-topic language="Spanish" title="&b;', "damaged"),
    ],
)
def test_what_is_no_topics_file_is_named(tmp_path, content, words):
    path = tmp_path / "x.xml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        list(topics(path))
    with pytest.raises(InputError, match=r"falta\.xml: no such file"):
        list(topics(tmp_path / "falta.xml"))


# --- SciELO

ARTICLE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Publishing DTD v1.1 20151215//EN" "JATS.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML"
 xml:lang="{lang}" article-type="research-article"><front><article-meta>
<article-id pub-id-type="doi">10.1590/S0036-36342026000100001</article-id>
<title-group><article-title>Dieta y <italic>tensión</italic></article-title></title-group>
<pub-date date-type="pub" publication-format="electronic"><day>07</day><month>03</month><year>2026</year></pub-date>
<self-uri content-type="full_text_page" xlink:href="http://www.scielo.org.mx/scielo.php?script=sci_arttext&amp;pid=S1"/>
<permissions><license license-type="open-access" xlink:href="http://creativecommons.org/licenses/by/4.0/" xml:lang="es">
<license-p>Abierto</license-p></license></permissions>
<abstract><title>Resumen</title><p>{abstract}</p></abstract></article-meta></front>
<body><sec sec-type="intro"><title>Introducción</title>
<p>{first}<sup><xref ref-type="bibr" rid="B1">1</xref></sup></p>
<p>Una dosis de 10<sup>3</sup> UFC no pasó de 5&#160;mg/kg &lt; 2 h.</p>
<p>El valor <inline-formula><inline-graphic xlink:href="f1.png"/></inline-formula> no fue alto.</p>
<list list-type="bullet"><list-item><p>Caminar cada día</p></list-item></list>
<table-wrap id="t1"><label>Tabla 1</label><caption><title>Presión por grupo</title></caption><table><thead><tr>
<th>Grupo</th><th>mmHg</th></tr></thead><tbody><tr><td>A</td><td>120</td></tr></tbody></table><table-wrap-foot><fn><p>nota</p></fn>
</table-wrap-foot></table-wrap></sec><sec><title>Métodos</title>{rest}</sec></body>
<back><ack><p>Gracias</p></ack><ref-list><ref id="B1"><note>Autor. 2001.</note></ref></ref-list></back>
{sub}</article>
"""  # fmt: skip
TRANSLATED = """<sub-article article-type="translation" xml:lang="es">
<front-stub><title-group><article-title>En español</article-title></title-group></front-stub>
<body><sec><title>Introducción</title><p>Texto traducido.</p></sec></body></sub-article>"""


def article(lang="es", sub=""):
    first, *rest = paragraphs("dieta", 6)
    body = "".join(f"<p>{one}</p>" for one in rest)
    return ARTICLE.format(lang=lang, abstract=prose("resumen", 40), first=first, rest=body, sub=sub)


def test_an_article_becomes_a_page_with_licence_and_day(tmp_path):
    (tmp_path / "a.xml").write_text(article(), encoding="utf-8")
    (found,) = articles([tmp_path], DAY)
    assert found.url == "http://www.scielo.org.mx/scielo.php?script=sci_arttext&pid=S1"
    assert (found.licence, found.when) == (Licence("CC-BY-4.0", BY), DAY)
    page = found.body.decode()
    assert '<meta property="article:published_time" content="2026-03-07">' in page
    assert "<h1>Dieta y tensión</h1><h2>Resumen</h2>" in page
    assert '<sup><a href="#B1">1</a></sup>' in page
    assert "10<sup>3</sup> UFC no pasó de 5\xa0mg/kg &lt; 2 h." in page
    assert "no fue alto" not in page, "a paragraph whose formula is a picture is left out whole"
    assert "<p>Tabla 1 Presión por grupo</p><table><thead><tr><th>Grupo</th><th>mmHg</th></tr></thead>" in page
    assert all(word not in page for word in ("Gracias", "Autor. 2001", "nota"))


def test_of_an_article_in_another_language_its_spanish_translation(tmp_path):
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as file:
        file.writestr("en.xml", article("en", TRANSLATED))
        file.writestr("solo.xml", article("pt"))
        file.writestr("roto.xml", "<article")
        file.writestr("otro.xml", "<html/>")
    found = list(articles([tmp_path / "p.zip"], DAY))
    assert [one.reason for one in found if isinstance(one, Skipped)] == ["another_language", "damaged", "no_jats"]
    (page,) = [one for one in found if isinstance(one, CorpusRecord)]
    assert "<h1>En español</h1><h2>Introducción</h2><p>Texto traducido.</p>" in page.body.decode()


# --- texts

ROWS = [
    {"text": "\n".join(paragraphs("uno")), "id": "<urn:uuid:1>", "dump": "CC-MAIN-2024-10", "url": "https://s.example/uno",
     "date": "2024-02-21T10:00:00Z", "file_path": "s3://x", "language": "spa", "license": None},
    {"text": "\n".join(paragraphs("dos")), "url": "https://otro.example/dos", "date": "2024-02-22", "license": BY},
    {"text": "  ", "url": "https://otro.example/tres"},
    {"text": "Sin dirección.", "url": None},
]  # fmt: skip


def test_rows_of_parquet_and_of_jsonl_are_read_alike(tmp_path):
    (tmp_path / "a").mkdir()
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a" / "000.parquet", row_group_size=2)
    lines = "\n".join(map(json.dumps, ROWS)) + "\n{rota\n\n[1]\n"
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    for path, more in ((tmp_path / "a", []), (tmp_path / "b.jsonl.gz", ["damaged", "damaged"])):
        found = list(texts([path], DAY, Licence("ODC-By-1.0")))
        assert [one.reason for one in found if isinstance(one, Skipped)] == ["empty", "no_address", *more]
        one, two = (one for one in found if isinstance(one, CorpusRecord))
        assert (one.url, one.licence, one.when.date()) == (
            "https://s.example/uno",
            Licence("ODC-By-1.0"),
            date(2024, 2, 21),
        )
        assert two.licence == Licence("CC-BY-4.0", BY)
        assert one.body.decode() == ROWS[0]["text"]


def test_what_is_no_file_of_texts_is_named(tmp_path):
    pq.write_table(pa.table({"content": ["x"], "url": ["https://a.es/"]}), tmp_path / "x.parquet")
    (tmp_path / "y.parquet").write_bytes(b"PAR1 no")
    (tmp_path / "z.jsonl").write_text('{"texto": "x"}\n', encoding="utf-8")
    for name, words in (
        ("x.parquet", "no column text"),
        ("y.parquet", "damaged"),
        ("z.jsonl", "no column text and url"),
    ):
        with pytest.raises(InputError, match=words):
            list(texts([tmp_path / name]))
    with pytest.raises(InputError, match="no such file"):
        list(texts([tmp_path / "falta"]))
    for name in ("crawl", "Fine Web", "0001", "../x"):
        with pytest.raises(InputError, match="--name"):
            check_name(name)
    assert licence_named("https://opendatacommons.org/licenses/by/1-0/").name == "ODC-By-1.0"


# --- odd inputs, after reports on parsers of others


def test_named_entities_of_the_dtd_and_entities_of_the_document(tmp_path):
    """pubmed_parser and others: &nbsp; without the DTD; &own; that would be left out of a sentence."""
    text = article().replace("Caminar cada día", "Caminar cada d&iacute;a &ge; 30&nbsp;min &amp; m&aacute;s")
    own = "<!DOCTYPE article [<!ENTITY no 'no '>]>"
    text = own + text.partition('JATS.dtd">')[2].replace("Una dosis de", "&no;Una dosis de")
    (tmp_path / "a.xml").write_text(text, encoding="utf-8")
    (found,) = articles([tmp_path], DAY)
    page = found.body.decode()
    assert "<li><p>Caminar cada día ≥ 30\xa0min &amp; más</p></li>" in page
    assert "Una dosis de" not in page, "what an unresolved entity says is not known: its paragraph is left out whole"


def test_a_bomb_of_entities_costs_nothing(tmp_path):
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ja"}">' for n in range(12))
    (tmp_path / "a.xml").write_text(
        f"<!DOCTYPE article [{levels}]>" + article().partition('JATS.dtd">')[2], encoding="utf-8"
    )
    (found,) = articles([tmp_path], DAY)
    assert len(found.body) < 10_000


def test_summaries_as_elements_and_in_cdata(tmp_path):
    """The web service of MedlinePlus and copies of the file write them so."""
    path = topics_file(tmp_path, "<p>¿Qué es el <b>asma</b>?</p> Más.<![CDATA[<p>Fin & ya</p>]]>")
    (topic,) = [one for one in topics(path) if isinstance(one, CorpusRecord)]
    assert "</h1><p>¿Qué es el <b>asma</b>?</p> Más.&lt;p&gt;Fin &amp; ya&lt;/p&gt;</article>" in topic.body.decode()


def test_rows_with_marks_and_types_that_break_others(tmp_path):
    """A BOM, lone surrogates, dates as Arrow has them, views and dictionaries in place of strings."""
    (tmp_path / "x.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "Hola \\ud83d\\u0000 ya", "url": "https://a.es/"}\n')
    (found,) = texts([tmp_path / "x.jsonl"], DAY)
    assert found.body.startswith(b"Hola ?")
    table = pa.table(
        {
            "text": pa.array(["Uno", "Dos"]).dictionary_encode(),
            "url": pa.array(["https://a.es/1", "a.es/2"], pa.large_string()),
            "date": pa.array([date(2024, 2, 3), None], pa.date32()),
        }
    )
    pq.write_table(table, tmp_path / "y.parquet")
    one, two = texts([tmp_path / "y.parquet"], DAY)
    assert (one.when, two.when) == (datetime(2024, 2, 3, tzinfo=UTC), DAY)


def test_texts_of_wet_files_are_taken_and_other_conversions_are_passed_over(tmp_path):
    """Common Crawl's WET files; screenshots and texts of other crawlers have other types or no web address."""
    path = tmp_path / "CC-MAIN-2026-05.warc.wet.gz"
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for url, kind in (
            ("https://a.es/x", "text/plain"),
            ("urn:text:https://a.es/x", "text/plain"),
            ("https://a.es/foto", "image/png"),
        ):
            stream = io.BytesIO(b"La gripe es una enfermedad. ")
            made = writer.create_warc_record(url, "conversion", payload=stream, warc_content_type=kind)
            writer.write_record(made)
    (record,) = Segment(path).records(1_000)
    raw = triage(record, CLEANING, said_by(record))
    page = extract_page(raw, CLEANING)
    assert (raw.is_text, page.given, page.text) == (True, True, "La gripe es una enfermedad.")


# --- all of them in one corpus


def bring_all(store, tmp_path):
    seeds = Scope([Seed("https://s.example/", "S", "ES", "hospital", "host")])
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "000.parquet")
    (tmp_path / "a.xml").write_text(article(), encoding="utf-8")
    return (
        import_corpus(store, "fineweb-2", texts([tmp_path / "000.parquet"], DAY, Licence("ODC-By-1.0")), seeds),
        import_corpus(store, "medlineplus", topics(topics_file(tmp_path)), seeds),
        import_corpus(store, "scielo", articles([tmp_path / "a.xml"], DAY), seeds),
    )


@pytest.mark.slow
def test_they_are_documents_like_any_page(store, tmp_path):
    done = bring_all(store, tmp_path)
    assert [(one.taken, one.already) for one in done] == [(2, 0), (1, 0), (1, 0)]
    assert [(one.taken, one.already) for one in bring_all(store, tmp_path)] == [(0, 2), (0, 1), (0, 1)]
    rows = {row["url"].partition("://")[2]: row for row in published(store)}
    said = {url: (row["source"], row["text_given"], row["license"], row["mime"]) for url, row in rows.items()}
    assert said == {
        "s.example/uno": ("fineweb-2", True, "ODC-By-1.0", "text/plain"),
        "otro.example/dos": ("fineweb-2", True, "CC-BY-4.0", "text/plain"),
        "medlineplus.gov/spanish/asthma.html": ("medlineplus", False, "Public domain (United States)", "text/html"),
        "www.scielo.org.mx/scielo.php?script=sci_arttext&pid=S1": ("scielo", False, "CC-BY-4.0", "text/html"),
    }
    uno = rows["s.example/uno"]
    assert uno["text"] == ROWS[0]["text"]
    assert (uno["country"], uno["category"], uno["fetched_at"]) == (
        "ES",
        "hospital",
        datetime(2024, 2, 21, 10, tzinfo=UTC),
    )
    paper = rows["www.scielo.org.mx/scielo.php?script=sci_arttext&pid=S1"]
    assert (paper["title"], paper["published"]) == ("Dieta y tensión", date(2026, 3, 7))
    assert "Una dosis de 10³ UFC no pasó de 5 mg/kg < 2 h." in paper["text"]
    assert all(one in paper["text"] for one in paragraphs("dieta", 6)[1:])
    assert rows["medlineplus.gov/spanish/asthma.html"]["published"] == date(2002, 9, 25)


def test_only_what_lies_in_the_scope_of_start_urls(store, tmp_path):
    seeds = Scope([Seed("https://s.example/", "S", "ES", "hospital", "host")])
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "000.parquet")
    done = import_corpus(store, "fineweb-2", texts([tmp_path / "000.parquet"], DAY), seeds, only_seeds=True)
    assert (done.taken, done.left_out) == (1, {"out_of_scope": 1, "empty": 1, "no_address": 1})
    (path,) = (store.warc / "fineweb-2").glob("*.warc.gz")
    with path.open("rb") as file:
        (record,) = [one.headers for one in ArchiveIterator(file, record_types=WarcRecordType.conversion)]
    assert (record["WARC-Target-URI"], record["Content-Type"]) == ("https://s.example/uno", "text/plain; charset=utf-8")


def test_the_day_of_a_file_is_the_day_of_its_rows(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "Hola", "url": "https://a.es/"}\n', encoding="utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    (found,) = texts([path])
    assert found.when == datetime.fromtimestamp(1_700_000_000, UTC)
