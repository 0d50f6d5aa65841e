"""Pages are extracted once and judged often: the same bytes as cleaning from nothing, and no WARC file is opened."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from demo_web.site import pdf
from warc_files import html, write_warc

from cleaning import recipe
from cleaning.clean import clean
from cleaning.corpus.page_history import page_history
from cleaning.corpus.publish import publish
from cleaning.corpus.status import corpus_status
from cleaning.extracted_rows import outcomes_of_rows
from cleaning.pages import page_process
from cleaning.pages.extract_page import extract_page
from cleaning.pages.judge_page import judge_page
from cleaning.pages.page import Page, Raw
from cleaning.pages.quality import rules_of
from cleaning.pending import Pending
from cleaning.publish_settings import PublishSettings
from cleaning.recipe import EXTRACTION_CODE, JUDGING_CODE, NEITHER, extraction_digest, recipe_digest
from cleaning.settings import CleaningSettings, ExtractionSettings, JudgingSettings
from cleaning.source_closure import source_closure
from data.documents import EXTRACTED_SCHEMA
from data.engines.engine import EngineSettings
from data.errors import InputError, StageError
from data.parquet import read_batches, read_parquet
from data.store import Store

SETTINGS = CleaningSettings()
STRICT = CleaningSettings(min_chars=700)
ONE = EngineSettings(workers=1)
PUBLISHING = PublishSettings(containment=None)  # the texts stand in one another
PROSE = (
    "El asma es una enfermedad de los bronquios que se inflaman y se estrechan cuando algo los irrita. "
    "El tratamiento de cada día se inhala, y conviene enjuagarse la boca después de cada toma. "
    "Quien nota que silba el pecho por la noche debe decírselo a su médico en la próxima consulta. "
    "También ayuda anotar qué lo provoca: el polvo, el polen, el frío, el humo o el ejercicio."
)
MORE = (
    "La insulina se guarda en la nevera hasta que se abre, y después un mes a menos de treinta grados. "
    "Antes de pincharse hay que lavarse las manos y cambiar de zona, porque la piel se endurece con los años. "
    "Si aparecen sudor frío, temblor o hambre de repente, se toma zumo y se mide el azúcar otra vez en un cuarto de "
    "hora. Los pies se revisan cada noche, también entre los dedos, y cualquier herida se enseña en la consulta."
)
THIRD = (
    "Una fiebre de más de tres días, o que vuelve cuando ya había bajado, es motivo para pedir cita. El paracetamol "
    "se toma según el peso y nunca más de cuatro veces al día; los niños pequeños necesitan beber a menudo. "
    "Hay que ir a urgencias si falta el aire, si la piel se pone morada o si cuesta despertar al enfermo."
)
CATALAN = (
    "L'asma és una malaltia dels bronquis, que s'inflamen i s'estrenyen quan alguna cosa els irrita. El tractament de "
    "cada dia s'inhala, i convé esbandir-se la boca després de cada presa. Qui nota que li xiula el pit a la nit ho ha "
    "de dir al metge a la propera visita. També ajuda apuntar què ho provoca: la pols, el pol·len, el fred o el fum."
)


def records():
    """Kept, dropped by each family, masked, cut, dated, a PDF."""
    dated = '<title>Con fecha</title><meta property="article:published_time" content="2024-05-06T10:00:00Z">'
    canonical = f'{dated}<link rel="canonical" href="https://a.example/otra">'
    return [
        ("https://a.example/corta", "200 OK", html(PROSE, canonical)),
        ("https://a.example/larga", "200 OK", html(f"{PROSE}\n{MORE} Escriba a ana@correo.es.", dated)),
        ("https://a.example/breve", "200 OK", html(MORE.partition(". ")[0] + ".", dated)),
        ("https://a.example/ca", "200 OK", html(CATALAN, lang="ca")),
        ("https://a.example/mixta", "200 OK", html(f"{MORE}\n{THIRD}\n{CATALAN}\nCookies: aceptar")),
        ("https://a.example/nada", "404 Not Found", b"<html></html>"),
        ("https://a.example/vacia", "200 OK", b""),
        ("https://a.example/oculta", "200 OK", html(PROSE, '<meta name="robots" content="noai">')),
        ("https://a.example/guia.pdf", "200 OK", pdf([THIRD, "Guía para pacientes."])),
    ]


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory):
    """A store that was cleaned under SETTINGS; tests work on copies."""
    made = Store.open(tmp_path_factory.mktemp("cleaned") / "store")
    write_warc(made.warc / "0001" / "a.warc.gz", records())
    clean(made, SETTINGS, engine=ONE)
    return made


@pytest.fixture
def judged(cleaned, tmp_path):
    shutil.copytree(cleaned.root, tmp_path / "copy")
    return Store.open(tmp_path / "copy")


def pair_bytes(store, settings):
    folder = store.documents / recipe_digest(settings)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name[0] != "."}


def verdicts(store, settings):
    folder = store.documents / recipe_digest(settings)
    rows = [row for path in sorted(folder.glob("*.parquet")) for row in read_parquet(path).to_pylist()]
    return {row["url"].rpartition("/")[2]: row.get("reason") for row in rows}


OTHERS = {
    "min_chars": STRICT,
    "no min_chars": CleaningSettings(min_chars=0),
    "languages": CleaningSettings(languages=("es", "ca")),
    "mask": CleaningSettings(mask_personal_data=False),
    "health": CleaningSettings(min_health=0.999),
    "lines": CleaningSettings(max_newline_ratio=0.0001, min_line_punctuation=0.9),
    "stop words": CleaningSettings(min_stop_words=16, max_top_ngrams=(0.001, 0.001, 0.001)),
}


@pytest.mark.slow
@pytest.mark.parametrize("settings", OTHERS.values(), ids=OTHERS)
def test_texts_that_were_stored_are_judged_as_those_that_come_from_the_page(cleaned, settings):
    assert extraction_digest(settings) == extraction_digest(SETTINGS)
    rules, changed = rules_of(settings), 0
    texts = cleaned.texts / extraction_digest(settings) / "0001-a.parquet"
    (batch,) = read_batches(texts, 100)
    for stored, (url, _, body) in zip(outcomes_of_rows(batch), records(), strict=True):
        if isinstance(stored, Page):
            raw = Raw(url, "text/html; charset=utf-8", body, is_pdf=url.endswith(".pdf"))
            direct = judge_page(extract_page(raw, settings), settings, rules)
            assert judge_page(stored, settings, rules) == direct
            changed += judge_page(stored, SETTINGS, rules_of(SETTINGS)) != direct
    assert changed, "the settings decide something here"


@pytest.mark.slow
def test_a_changed_bound_judges_again_without_the_warc_file_and_gives_the_same_bytes(judged, tmp_path):
    settings = CleaningSettings(min_chars=0, languages=("es", "ca"))
    fresh = Store.open(tmp_path / "fresh")
    judged.warc.rename(fresh.warc)
    summary = clean(judged, settings, engine=ONE)
    assert (summary.segments, summary.extracted, summary.records) == (1, 0, len(records()))
    cold = clean(fresh, settings, engine=ONE)
    assert (cold.segments, cold.extracted) == (1, 1)
    assert (summary.kept, summary.dropped) == (cold.kept, cold.dropped)
    assert pair_bytes(judged, settings) == pair_bytes(fresh, settings)


@pytest.mark.slow
def test_a_rule_that_lets_a_text_pass_needs_the_text_no_more(cleaned, tmp_path, monkeypatch):
    shutil.copytree(cleaned.warc, tmp_path / "strict" / "warc")
    store = Store.open(tmp_path / "strict")
    strict = OTHERS["lines"]
    clean(store, strict, engine=ONE)
    refused = [url for url, reason in verdicts(store, strict).items() if (reason or "").startswith("quality/l")]
    monkeypatch.setattr(page_process.PageProcess, "__init__", lambda *_: pytest.fail("a text is looked at again"))
    clean(store, SETTINGS, engine=ONE)
    assert [url for url in refused if verdicts(store, SETTINGS)[url] is None]
    assert pair_bytes(store, SETTINGS) == pair_bytes(cleaned, SETTINGS)


@pytest.mark.slow
def test_a_page_that_is_newly_kept_has_all_that_it_says_of_itself(judged):
    assert verdicts(judged, SETTINGS)["breve"] == "quality/too_short"
    shutil.rmtree(judged.warc)
    loose = CleaningSettings(min_chars=0)
    clean(judged, loose, engine=ONE)
    folder = judged.documents / recipe_digest(loose)
    rows = {row["url"]: row for row in read_parquet(folder / "0001-a.parquet").to_pylist()}
    breve, corta = rows["https://a.example/breve"], rows["https://a.example/corta"]
    assert (breve["title"], breve["published"].isoformat()) == ("Con fecha", "2024-05-06")
    assert corta["canonical"] == "https://a.example/otra"


@pytest.mark.slow
def test_what_was_extracted_is_kept_whole_whether_the_page_is_or_not(cleaned):
    table = read_parquet(cleaned.texts / extraction_digest(SETTINGS) / "0001-a.parquet")
    assert table.schema.names == EXTRACTED_SCHEMA.names
    rows = {row["url"].rpartition("/")[2]: row for row in table.to_pylist()}
    assert list(rows) == [url.rpartition("/")[2] for url, _, _ in records()]
    assert rows["ca"]["text"] == CATALAN
    assert rows["ca"]["declared_language"] == "ca"
    assert "ana@correo.es" in rows["larga"]["text"], "nothing is masked before it is judged"
    assert CATALAN in rows["mixta"]["text"], "and nothing cut"
    assert (rows["nada"]["reason"], rows["nada"]["status"], rows["nada"]["text"]) == ("http/404", 404, None)
    assert rows["vacia"]["reason"] == "extraction/empty"
    assert rows["oculta"]["text"] is None, "who reserves a page has no text of it kept either"
    assert rows["guia.pdf"]["text"].startswith("Una fiebre")
    assert len({row["recipe"] for row in rows.values()}) == 1


@pytest.mark.slow
def test_the_same_settings_do_nothing_twice(judged):
    before = pair_bytes(judged, SETTINGS)
    summary = clean(judged, SETTINGS, engine=ONE)
    assert (summary.segments, summary.already, summary.records) == (0, 1, 0)
    assert pair_bytes(judged, SETTINGS) == before


@pytest.mark.slow
def test_an_extraction_setting_reads_the_warc_file_again(judged):
    smaller = CleaningSettings(max_elements=1)
    assert extraction_digest(smaller) != extraction_digest(SETTINGS)
    summary = clean(judged, smaller, engine=ONE)
    assert summary.extracted == 1
    assert summary.dropped["extraction/too_many_elements"] >= 5
    assert len(list(judged.texts.iterdir())) == 2


@pytest.mark.parametrize("library", recipe.EXTRACTION_LIBRARIES)
def test_another_version_of_a_parser_is_another_extraction(monkeypatch, library):
    texts, documents = extraction_digest(SETTINGS), recipe_digest(SETTINGS)
    installed = recipe._version
    monkeypatch.setattr(recipe, "_version", lambda name: "99" if name == library else installed(name))
    assert installed(library), f"{library} is installed under another name"
    assert extraction_digest(SETTINGS) != texts
    assert recipe_digest(SETTINGS) != documents


@pytest.mark.slow
@pytest.mark.parametrize("library", recipe.JUDGING_LIBRARIES)
def test_another_version_of_an_identifier_only_judges_again(monkeypatch, judged, library):
    texts, documents = extraction_digest(SETTINGS), recipe_digest(SETTINGS)
    installed = recipe._version
    monkeypatch.setattr(recipe, "_version", lambda name: "99" if name == library else installed(name))
    assert installed(library)
    assert extraction_digest(SETTINGS) == texts
    assert recipe_digest(SETTINGS) != documents
    status = corpus_status(judged, SETTINGS, PUBLISHING)
    assert status.stale[0].what == "the extracted texts of 1 of 1 WARC files are to be judged"


def test_each_setting_belongs_to_a_step():
    for name in CleaningSettings.model_fields:
        assert (name in ExtractionSettings.model_fields) or (name in JudgingSettings.model_fields)
    both = set(ExtractionSettings.model_fields) & set(JudgingSettings.model_fields)
    assert both == {"max_seconds", "max_memory"}


def code(modules):
    return {path.relative_to(Path(recipe.__file__).parents[1]).as_posix() for path in source_closure(modules, NEITHER)}


def test_a_recipe_knows_the_code_that_it_depends_on_and_no_other():
    extraction, judging = code(EXTRACTION_CODE), code(JUDGING_CODE)
    pages = "cleaning/pages"
    assert {f"{pages}/main_text.py", f"{pages}/metadata.py", f"{pages}/pdf.py", f"{pages}/http.py"} <= extraction
    assert {"data/charset.py", "data/markup.py", "data/rights/page.py", "data/urls.py"} <= extraction
    assert {f"{pages}/privacy.py", f"{pages}/language.py", f"{pages}/quality.py", "data/health_words.tsv"} <= judging
    assert f"{pages}/judge_page.py" not in extraction
    assert f"{pages}/extraction.py" not in judging
    assert not {"cleaning/settings.py", "cleaning/clean.py", "data/store.py"} & (extraction | judging)


def test_every_module_that_reads_a_page_is_in_a_recipe():
    known = code((*EXTRACTION_CODE, *JUDGING_CODE))
    machinery = {"__init__.py", "page_process.py", "page_work.py", "page_worker.py"}
    folder = Path(recipe.__file__).parent / "pages"
    assert {path.name for path in folder.glob("*.py")} - machinery == {
        Path(path).name for path in known if path.startswith("cleaning/pages/")
    } - {"__init__.py"}


def test_every_library_that_such_code_imports_is_in_its_recipe():
    harmless = set(sys.stdlib_module_names) | {"cleaning", "data", "numpy", "pydantic", "pyarrow"}
    distributions = {"fastwarc": "FastWARC"}
    for modules, libraries in (
        (EXTRACTION_CODE, recipe.EXTRACTION_LIBRARIES),
        (JUDGING_CODE, recipe.JUDGING_LIBRARIES),
    ):
        for path in source_closure(modules, NEITHER):
            imported = set(re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
            if path.suffix == ".py":
                assert {distributions.get(name, name) for name in imported - harmless} <= set(libraries), path


def test_a_closure_follows_every_form_of_import(tmp_path, monkeypatch):
    from cleaning import source_closure as closure

    monkeypatch.setattr(closure, "_ROOT", tmp_path)
    files = {
        "cleaning/__init__.py": "",
        "cleaning/a.py": "from cleaning import b\nfrom cleaning.c import (\n    One,\n    two as deux,\n)\n",
        "cleaning/b.py": "def late():\n    import cleaning.d\n",
        "cleaning/c.py": 'TABLE = HERE / "words.tsv"\nGONE = "none.tsv"\n',
        "cleaning/d.py": "from data.e import E  # noqa\nimport re\n",
        "cleaning/other.py": "from cleaning.a import x\n",
        "data/__init__.py": "",
        "data/e.py": "from cleaning.a import back\n",
        "data/words.tsv": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = [path.relative_to(tmp_path).as_posix() for path in closure.source_closure(["cleaning.a"])]
    assert found == sorted(set(files) - {"cleaning/other.py", "data/__init__.py"})
    without = [path.name for path in closure.source_closure(["cleaning.a"], without=["cleaning.d"])]
    assert without == ["__init__.py", "a.py", "b.py", "c.py", "words.tsv"]


@pytest.mark.slow
def test_status_tells_to_extract_from_to_judge(judged):
    assert [one.what for one in corpus_status(judged, SETTINGS, PUBLISHING).stale] == ["there is no corpus version yet"]
    status = corpus_status(judged, STRICT, PUBLISHING)
    assert (status.segments, status.extracted, status.cleaned) == (1, 1, 0)
    assert status.stale[0].what == "the extracted texts of 1 of 1 WARC files are to be judged"
    write_warc(judged.warc / "0002" / "b.warc.gz", records()[:1])
    found = corpus_status(judged, STRICT, PUBLISHING)
    assert [one.what for one in found.stale] == [
        "1 of 2 WARC files are to be extracted and judged",
        "the extracted texts of 1 of 2 WARC files are to be judged",
        "there is no corpus version yet",
    ]
    assert {one.command for one in found.stale} == {"cowese clean", "cowese publish"}
    clean(judged, STRICT, engine=ONE)
    assert corpus_status(judged, STRICT, PUBLISHING).stale[0].what == "there is no corpus version yet"


@pytest.mark.slow
def test_why_and_publish_read_what_was_judged_again(judged):
    publish(judged, SETTINGS, PUBLISHING)
    shutil.rmtree(judged.warc)
    clean(judged, STRICT, engine=ONE)
    (short,) = page_history(judged, STRICT, "https://a.example/corta").verdicts
    assert (short.kept, short.reason, short.recipe) == (False, "quality/too_short", recipe_digest(STRICT))
    (kept,) = page_history(judged, SETTINGS, "https://a.example/corta").verdicts
    assert kept.kept
    second = publish(judged, STRICT, PUBLISHING)
    assert (second.version, second.changed) == ("v0002", True)
    assert second.documents < publish(judged, SETTINGS, PUBLISHING).documents


@pytest.mark.slow
def test_a_file_of_another_is_judged_again_without_being_named_again(store, tmp_path):
    foreign = write_warc(tmp_path / "crawl.warc.gz", records())
    clean(store, SETTINGS, warcs=[foreign], engine=ONE)
    foreign.unlink()
    summary = clean(store, STRICT, engine=ONE)
    assert (summary.segments, summary.extracted, summary.records) == (1, 0, len(records()))


@pytest.mark.slow
def test_a_store_from_before_there_were_texts(judged):
    shutil.rmtree(judged.texts)
    before = pair_bytes(judged, SETTINGS)
    assert clean(judged, SETTINGS, engine=ONE).already == 1
    assert publish(judged, SETTINGS, PUBLISHING).documents > 0
    assert not judged.texts.exists(), "documents that are there need no texts"
    summary = clean(judged, STRICT, engine=ONE)
    assert (summary.segments, summary.extracted) == (1, 1)
    assert pair_bytes(judged, SETTINGS) == before


def test_without_pages_or_texts_there_is_nothing_to_clean(store):
    with pytest.raises(StageError, match="no WARC file to clean"):
        clean(store, SETTINGS, engine=ONE)


@pytest.mark.slow
def test_a_damaged_file_of_texts_is_named(judged):
    texts = judged.texts / extraction_digest(SETTINGS) / "0001-a.parquet"
    texts.write_bytes(texts.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"texts/\w+/0001-a\.parquet: cannot be read as Parquet"):
        clean(judged, STRICT, engine=ONE)
    texts.unlink()
    assert clean(judged, STRICT, engine=ONE).extracted == 1


@pytest.mark.slow
def test_a_torn_file_is_told_of_under_every_recipe(store, tmp_path):
    path = write_warc(store.warc / "0001" / "a.warc.gz", records())
    path.write_bytes(path.read_bytes()[:-100])
    for settings in (SETTINGS, STRICT):
        with pytest.raises(StageError, match=r"0001/a\.warc\.gz: cut short or damaged at byte"):
            clean(store, settings, engine=ONE)
        assert clean(store, settings, engine=ONE).cut_short.keys() == {"0001-a"}


@pytest.mark.slow
def test_cold_takes_no_text_that_was_there(judged, tmp_path):
    folder = judged.texts / extraction_digest(SETTINGS)
    shutil.copy(judged.warc / "0001" / "a.warc.gz", tmp_path / "a.warc.gz")
    good = {path: path.read_bytes() for path in folder.rglob("*.parquet")}
    other = Store.open(tmp_path / "other")
    write_warc(other.warc / "0001" / "a.warc.gz", records()[:2])
    clean(other, SETTINGS, engine=ONE)
    shutil.copytree(other.texts, judged.texts, dirs_exist_ok=True)
    shutil.copytree(other.documents, judged.documents, dirs_exist_ok=True)
    assert publish(judged, SETTINGS, PUBLISHING, engine=ONE).documents == 2
    assert publish(judged, SETTINGS, PUBLISHING, cold=True, engine=ONE).documents > 2
    assert {path: path.read_bytes() for path in folder.rglob("*.parquet")} == good


def falsified(path, column, value):
    table = pq.read_table(path, partitioning=None)
    place = table.schema.get_field_index(column)
    wrong = pa.array([value] * table.num_rows, table.schema.field(place).type)
    pq.write_table(table.set_column(place, table.schema.field(place), wrong), path)


@pytest.mark.slow
@pytest.mark.parametrize(("column", "value"), [
    ("title", "TÍTULO VIEJO"), ("author", "Nadie"), ("country", "XX"), ("url", "https://otra.example/"),
    ("language_score", 0.5),
])  # fmt: skip
def test_cold_compares_every_column_and_names_what_differed(judged, column, value):
    for path in (judged.documents / recipe_digest(SETTINGS)).glob("*.parquet"):
        if not path.name.endswith(".dropped.parquet"):
            falsified(path, column, value)
    wrong = publish(judged, SETTINGS, PUBLISHING, engine=ONE)
    right = publish(judged, SETTINGS, PUBLISHING, cold=True, engine=ONE)
    assert (right.changed, right.version) == (True, "v0002")
    assert right.differences[0] == f"{column}: {wrong.documents} documents differ"
    assert f"{value!r} → " in right.differences[1]
    again = publish(judged, SETTINGS, PUBLISHING, cold=True, engine=ONE)
    assert (again.changed, again.differences) == (False, [])


@pytest.mark.slow
def test_cold_does_not_trust_the_files_of_a_version(judged):
    first = publish(judged, SETTINGS, PUBLISHING, engine=ONE)
    part = max((first.path / "data" / "train").glob("*.parquet"), key=lambda path: path.stat().st_size)
    falsified(part, "title", "TÍTULO VIEJO")
    right = publish(judged, SETTINGS, PUBLISHING, cold=True, engine=ONE)
    assert right.changed
    assert right.differences[0].startswith("data/train/")
    assert any("'TÍTULO VIEJO' → " in line for line in right.differences)
    assert "TÍTULO VIEJO" not in pq.read_table(right.path / "data" / "train", columns=["title"])["title"].to_pylist()


def test_what_is_made_of_two_files_never_has_one_name():
    names = ["0001/b.warc", "0001/b.warc.gz", "a/b-c.warc.gz", "a-b/c.warc.gz", "a/b/c.warc.gz", "a-b-c.warc.gz",
             "0001/a-b.warc.gz", "0001-a/b.warc.gz", "0001-a-b.warc.gz", "x/0001-a.warc.gz", "b.warc", "b.warc.gz",
             "a%2Fb.warc.gz", "a/b.warc.gz", "b%2Ewarc.warc.gz", "common-crawl/CC-MAIN-1.warc.gz"]  # fmt: skip
    stems = [Pending(Path(name), name).stem for name in names]
    assert len(set(stems)) == len(stems)
    assert not any("/" in stem for stem in stems)
    assert Pending(Path("x"), "0001/segment-00000.warc.gz").stem == "0001-segment-00000"  # as it always was


@pytest.mark.slow
def test_killed_between_the_two_steps_only_the_second_is_left(judged):
    shutil.rmtree(judged.documents)
    shutil.rmtree(judged.warc)
    summary = clean(judged, SETTINGS, engine=ONE)
    assert (summary.segments, summary.extracted, summary.records) == (1, 0, len(records()))


@pytest.mark.slow
def test_killed_anywhere_it_goes_on_and_gives_the_same_bytes(tmp_path):
    killed, whole = (Store.open(tmp_path / name) for name in ("killed", "whole"))
    for number in range(4):
        pages = [(f"{url}-{number}", status, body) for url, status, body in records()]
        write_warc(killed.warc / "0001" / f"{number}.warc.gz", pages)
    shutil.copytree(killed.warc, whole.warc)
    command = [Path(sys.executable).with_name("cowese"), "clean", "--store", killed.root]
    process = subprocess.Popen(
        command,
        start_new_session=True,
        env=os.environ | {"COWESE_ENGINE__WORKERS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 120
    texts = killed.texts / extraction_digest(SETTINGS)
    while not list(texts.glob("*.parquet")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    there = [path.name for path in texts.glob("*.parquet")]
    assert there
    summary = clean(killed, SETTINGS, engine=ONE)
    assert summary.extracted == 4 - len(there)
    clean(whole, SETTINGS, engine=ONE)
    assert pair_bytes(killed, SETTINGS) == pair_bytes(whole, SETTINGS)
    assert {path.name for path in texts.glob("*.parquet")} == {f"0001-{number}.parquet" for number in range(4)}
