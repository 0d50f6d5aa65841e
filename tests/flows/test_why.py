"""`cowese why`: the story of every kind of page of the demo web, after two rounds and a takedown."""

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from demo_web.server import DemoWeb
from demo_web.site import ASOCIACION, HOSPITAL, REVISTA, SOCIEDAD
from typer.testing import CliRunner

from crawler.views.state_rows import rows_of
from data.store import Store
from flows.cli import app

pytestmark = pytest.mark.slow

TAKEN = f"http://{REVISTA}/originales/calidad-vida-psoriasis"
COPY = f"http://{ASOCIACION}/noticias/comunicado-dia-diabetes"
COMMAND = [f"{sys.prefix}/bin/cowese", "build", "--no-train", "--revisit", "all"]
COMMAND += ["--set", "crawl.delay_min=0", "--set", "crawl.delay_factor=0"]
RUNNER = CliRunner()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two rounds, two versions; then one page is taken down and a third version cut."""
    folder = tmp_path_factory.mktemp("why")
    store = folder / "store"
    for number in (1, 2):
        with DemoWeb(round=number) as web:
            seeds = web.write_seeds(folder / "seeds.tsv")
            command = [*COMMAND, "--seeds", seeds, "--proxy", web.proxy, "--store", store]
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
    for command in (["takedown", TAKEN], ["publish"]):
        assert RUNNER.invoke(app, [*command, "--store", str(store)]).exit_code == 0
    return store


def why(store, url):
    """The story for a script and for a person."""
    told = RUNNER.invoke(app, ["why", url, "--store", str(store), "--json"])
    text = RUNNER.invoke(app, ["why", url, "--store", str(store)])
    assert told.exit_code == text.exit_code
    return json.loads(told.stdout), text.stdout, told.exit_code


def fates(told):
    """For each visit kept, or the reason why not; for each version its split, or the reason why not."""
    verdicts = [visit["verdict"] for visit in told["visits"]]
    places = told["versions"]
    return (
        ["kept" if one["kept"] else one["reason"] for one in verdicts],
        [one["split"] or one["reason"] or one["state"] for one in places],
    )


def test_a_kept_page_from_its_fetch_to_its_part_file(store):
    url = f"{HOSPITAL}/cardiologia/hipertension"  # changed in round 2; any spelling is the same page
    told, text, code = why(store, f"https://{url}#abajo")
    assert code == 0
    visits, places = fates(told)
    assert visits == ["kept", "kept"]
    assert len(set(places)) == 1
    assert places[0] in ("train", "validation", "test")
    [crawled] = told["crawl"]
    assert (crawled["url"], crawled["state"], crawled["status"], crawled["round"]) == (f"http://{url}", "done", 200, 2)
    assert crawled["due_at"] > crawled["fetched_at"]
    answer, verdict = told["visits"][1]["answer"], told["visits"][1]["verdict"]
    assert answer["warc_file"].startswith("0002/")
    assert answer["digest"] == crawled["warc_digest"]
    assert answer["warc_offset"] == verdict["warc_offset"] == told["versions"][1]["warc_offset"]
    assert verdict["verdicts"]["py3langid"] == "es"
    assert verdict["quality"]["stop_words"] >= 2
    assert (store / "corpus" / "v0002" / told["versions"][1]["part"]).is_file()
    assert f"In the corpus: v0003, split {places[-1]}." in text
    assert "Hipertensión arterial" in text


def test_a_page_that_did_not_change(store):
    before = sorted(store.rglob("*"))
    told, text, _ = why(store, f"http://{HOSPITAL}/neurologia/ictus")
    assert sorted(store.rglob("*")) == before
    visits, _ = fates(told)
    assert visits == ["kept", "revisit/not_modified"]
    assert told["crawl"][0]["unchanged"] == 1
    assert "nothing new: the server answered that nothing has changed" in text


def test_a_galician_page(store):
    told, text, code = why(store, f"http://{HOSPITAL}/gl/hipertension")
    visits, places = fates(told)
    assert (code, visits[0], places) == (0, "language/gl", ["language/gl"] * 3)
    verdict = told["visits"][0]["verdict"]
    assert verdict["figure"] > 0.9
    assert verdict["detail"]
    assert "Not in the corpus: written in Galician, not in Spanish" in text


def test_a_near_duplicate_names_the_page_that_it_lost_to(store):
    told, text, _ = why(store, COPY)
    visits, places = fates(told)
    assert (visits[0], places) == ("kept", ["duplicate/near"] * 3)
    assert told["versions"][2]["lost_to"] == f"http://{SOCIEDAD}/comunicados/comunicado-dia-diabetes"
    assert 0.8 <= told["versions"][2]["figure"] < 1
    assert told["versions"][2]["lost_to"] in text
    keeper, text, _ = why(store, told["versions"][2]["lost_to"])
    assert keeper["versions"][2]["cluster_size"] == 2
    assert "kept before 1 other with its text" in text


def test_a_page_that_robots_txt_forbids(store):
    told, text, code = why(store, f"http://{HOSPITAL}/privado/historias")
    assert code == 0
    assert [(one["state"], one["reason"], one["fetched_at"]) for one in told["crawl"]] == [
        ("refused", "robots/disallowed", None)
    ]
    assert fates(told) == ([], ["absent"] * 3)
    assert "Never fetched: its host's robots.txt forbids it" in text


def test_a_page_that_is_gone(store):
    told, text, _ = why(store, f"http://{ASOCIACION}/actividades/taller-cocina")
    visits, places = fates(told)
    assert visits == ["kept", "http/410"]
    assert places[0] in ("train", "validation", "test")
    assert places[1:] == ["http/410"] * 2
    assert told["crawl"][0]["status"] == 410
    assert "Not in the corpus: gone [http/410]" in text


def test_a_page_that_moved_names_its_new_address(store):
    told, text, _ = why(store, f"http://{SOCIEDAD}/noticias/beca-investigacion")
    visits, places = fates(told)
    assert (visits, places[1:]) == (["kept", "http/moved"], ["http/moved"] * 2)
    target = f"http://{SOCIEDAD}/archivo/beca-investigacion"
    assert told["visits"][1]["verdict"]["lost_to"] == told["versions"][1]["lost_to"] == target
    assert f"to {target}" in text
    assert fates(why(store, target)[0])[1][-1] in ("train", "validation", "test")


def test_a_page_that_was_taken_down(store):
    told, text, _ = why(store, TAKEN)
    visits, places = fates(told)
    assert visits == ["kept"]
    assert places[0] == "absent"
    assert places[1] in ("train", "validation", "test")
    assert places[2] == "takedown"
    assert told["takedown"]["target"] == TAKEN
    assert "Not in the corpus: taken down on request" in text


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        (f"http://{HOSPITAL}/no/hay/nada", "unlinked"),
        ("https://otro.example/", "out_of_scope"),
        (f"http://{HOSPITAL}/a/a/a/a/a/a/a", "trap/repeated_path"),
    ],
)
def test_a_url_never_heard_of(store, url, rule):
    told, text, code = why(store, url)
    assert code == 1
    assert (told["known"], told["never_queued"], told["visits"]) == (False, rule, [])
    assert "Never heard of" in text


def test_without_the_lists_of_ids_and_with_unsorted_indexes_the_story_is_the_same(store):
    before, _, _ = why(store, COPY)
    lists = sorted(store.glob("documents/*/*.ids.npy"))
    assert lists
    for path in lists:
        path.rename(path.with_suffix(".aside"))
    try:
        assert why(store, COPY)[0] == before
    finally:
        for path in lists:
            path.with_suffix(".aside").rename(path)


def test_a_crawl_state_of_an_older_version_is_read(store, tmp_path):
    state = tmp_path / "state.sqlite"
    with closing(sqlite3.connect(Store.named(store).crawl_state)) as newest, closing(sqlite3.connect(state)) as older:
        newest.backup(older)
        urls = [url for (url,) in older.execute("SELECT url FROM urls ORDER BY id LIMIT 3")]
        older.execute("ALTER TABLE urls DROP COLUMN text_digest")
    rows, met = rows_of(state, urls, [])  # by SQLAlchemy, which adds the column
    assert ([row["url"] for row in rows], met) == (urls, True)
    assert rows_of(state, urls, []) == (rows, met)  # by SQLite's own module
    assert rows_of(f"sqlite:///{state}", urls, []) == (rows, met)
    for where in (state, f"sqlite:///{state}"):
        assert rows_of(where, ["http://nobody.example/"], ["nobody.example"]) == ([], False)


AS_NOBODY = """
import os
import encodings.utf_8_sig, sqlite3, sqlalchemy.dialects.sqlite
import cleaning.corpus.diff, crawler.views.preview, training.results.report
import flows.cli, flows.status, flows.why, flows.why_text
import rich.console, rich.live, rich.progress, rich.table, rich.text  # loaded when they are needed, which is too late
if os.geteuid() == 0:
    os.setuid(65534)  # after the imports: what is installed may lie where only root may read
flows.cli.main()
"""


@pytest.fixture
def borrowed(store):
    """The store as somebody sees it who may not write it: nobody where the tests run as root."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        copy = Path(shutil.copytree(store, Path(folder) / "store", symlinks=True))
        entries = [copy, *copy.rglob("*")]
        for entry in entries:
            if not entry.is_symlink():
                entry.chmod(0o555 if entry.is_dir() else 0o444)
        yield copy
        for entry in entries:
            if entry.is_dir() and not entry.is_symlink():
                entry.chmod(0o755)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["status"], "v0003"),
        (["why", TAKEN], "last fetched"),
        (["diff", "v0001", "v0002"], "documents before"),
        (["report", "--version", "v0002"], "v0002/report.html"),
        (["crawl", "--dry-run", "--seeds", "SEEDS", "--revisit", "all"], "only if changed"),
    ],
)
def test_reading_takes_no_permission_to_write(store, borrowed, arguments, words):
    named = [str(store.parent / "seeds.tsv") if word == "SEEDS" else word for word in arguments]
    if "--seeds" in named:
        copied = shutil.copy(named[named.index("--seeds") + 1], borrowed.parent)
        named[named.index("--seeds") + 1] = copied
    before = sorted(borrowed.rglob("*"))
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, *named, "--store", borrowed],
        cwd=borrowed.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert words in done.stdout
    assert sorted(borrowed.rglob("*")) == before
