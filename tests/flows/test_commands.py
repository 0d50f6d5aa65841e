"""The command's own face: every help has an example, README names only commands that exist, settings come back."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from corpus_rounds import Round, prose
from pydantic import BaseModel
from rich.console import Console
from typer.testing import CliRunner

from cleaning.corpus.diff import Change, Changes
from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.errors import InputError
from data.store import Store
from flows import console
from flows.cli import app
from flows.console import readable, show_summary
from flows.settings import Settings, load_settings


class Shown(BaseModel):
    """A summary of one nested figure."""

    added: Changes


RUNNER = CliRunner()
COMMANDS = sorted((command.name or command.callback.__name__).replace("_", "-") for command in app.registered_commands)
OF_GROUPS = sorted(
    f"{group.typer_instance.info.name} {command.name}"
    for group in app.registered_groups
    for command in group.typer_instance.registered_commands
)


def run(*arguments):
    result = RUNNER.invoke(app, list(map(str, arguments)))
    assert result.exception is None, result.exception
    return result.stdout


def refusal(*arguments):
    result = RUNNER.invoke(app, list(map(str, arguments)))
    assert isinstance(result.exception, InputError)
    return str(result.exception)


@pytest.mark.parametrize("command", [*COMMANDS, *OF_GROUPS])
def test_every_help_has_an_example_of_its_command(command):
    text = " ".join(run(*command.split(), "--help").split())
    assert "--store" in text or command == "seeds"
    assert f"Example: cowese {command}" in text or "Example: prefect deployment run" in text


@pytest.mark.parametrize(
    "page", ["README.md", *sorted(f"docs/{path.name}" for path in (Path(__file__).parents[2] / "docs").glob("*.md"))]
)
def test_documents_name_only_commands_that_exist(page):
    path = Path(__file__).parents[2] / page
    named = set(re.findall(r"(?:`|^\s*|/)cowese ([a-z][a-z-]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= {*COMMANDS, *(command.partition(" ")[0] for command in OF_GROUPS)}


def test_the_settings_printed_are_a_settings_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = run("settings", "--set", "crawl.delay_min=1.5", "--set", "crawl.contact=a@b.example")
    assert tomllib.loads(text)["crawl"]["delay_min"] == 1.5
    (tmp_path / "cowese.toml").write_text(text, encoding="utf-8")
    assert load_settings().crawl.contact == "a@b.example"
    assert load_settings().clean == Settings().clean


def test_seeds_are_listed_and_filtered():
    chosen = json.loads(run("seeds", "--country", "UY", "--category", "ministry", "--json"))
    assert chosen
    assert {(seed["country"], seed["category"]) for seed in chosen} == {("UY", "ministry")}


@pytest.mark.parametrize("command", app.registered_commands, ids=lambda command: command.callback.__name__)
def test_summaries_are_whole_on_80_columns(command):
    assert len(command.callback.__doc__.splitlines()[0]) <= 60


def test_a_takedown_of_a_page_that_is_not_there_says_so(tmp_path):
    store = Store.open(tmp_path / "store")
    said = run("takedown", "https://a.example/x", "b.example", "https://c.example", "--store", store.root)
    assert "taken down: https://a.example/x (not in the store so far; no later crawl or version will hold it)" in said
    assert "taken down: b.example\n" in said
    assert "its home page alone; the whole host: cowese takedown c.example" in said
    assert f"next: cowese publish --store {store.root}" in said


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [("# quien escribe\nb.example\n*.example\n", 3, "*.example"), ("b.example\nhttps://no es url/\n", 2, "no es url")],
    ids=["wildcard", "no url"],
)
def test_a_list_with_a_line_that_is_no_target_takes_nothing_down(tmp_path, lines, line, said):
    store, listed = Store.open(tmp_path / "store"), tmp_path / "list.txt"
    listed.write_text(lines, encoding="utf-8")
    found = refusal("takedown", "a.example", "--file", listed, "--store", store.root)
    assert found.startswith(f"{listed}:{line}: ")
    assert said in found
    assert not store.takedowns.exists()


@pytest.mark.slow
def test_the_copies_of_a_page_are_named_and_go_with_it_where_asked(store):
    pages = Round(1)
    for url, category in (
        ("https://guia.es/a", "hospital"),
        ("https://copias.es/a", "other"),
        ("https://c.es/b", "other"),
    ):
        pages.page(url, prose("a"), category=category)
    for number in range(5):
        pages.page(f"https://guia.es/otra-{number}", prose(number))
    pages.write(store)
    publish(store, CleaningSettings(), PublishSettings())
    first = run("takedown", "https://guia.es/a", "--store", store.root)
    assert "taken down: https://guia.es/a (1 document)\n" in first
    assert "2 other pages have the same text or one alike" in first
    assert "\n  https://c.es/b\n  https://copias.es/a\n" in first
    of_the_host = run("takedown", "copias.es", "--store", store.root)
    assert "taken down: copias.es (1 page that was none)\n1 other page has" in of_the_host
    assert "https://c.es/b (the same text)" in run("takedown", "https://guia.es/a", "--copies", "--store", store.root)
    assert publish(store, CleaningSettings(), PublishSettings()).dropped == {"takedown": 3}


@pytest.mark.slow
def test_a_takedown_says_what_still_holds_the_page(tmp_path):
    store = Store.open(tmp_path / "store")
    Round(1).page("https://guia.es/a", prose("a")).page("https://b.es/b", prose("b")).write(store)
    publish(store, CleaningSettings(), PublishSettings())
    said = run("takedown", "https://guia.es/a", "--store", store.root)
    assert "  versions: v0001\n  WARC files, with their texts and documents: 0001-segment\n" in said
    assert "still holds" not in run("takedown", "https://guia.es/z", "--store", store.root)


def test_a_takedown_in_no_store_makes_none(tmp_path):
    assert "no store" in refusal("takedown", "a.example", "--store", tmp_path / "stor")
    assert not (tmp_path / "stor").exists()


def test_a_dry_run_makes_no_store_and_names_its_columns(tmp_path):
    seeds = tmp_path / "seeds.tsv"
    seeds.write_text("url\tname\tcountry\tcategory\tscope\nhttps://a.example/\tA\tES\tportal\thost\n")
    lines = run("crawl", "--dry-run", "--seeds", seeds, "--store", tmp_path / "store").splitlines()
    assert next(line for line in lines if line.startswith("first")).split() == [
        "first",
        "url",
        "why",
        "only",
        "if",
        "changed",
    ]
    assert not (tmp_path / "store").exists()


def test_nested_figures_are_lines_and_tables(capsys):
    sample = Change(url="https://a.example/x", reason="new")
    found = Changes(documents=2, hosts={"a.example": 1, "b.example": 3}, reasons={}, samples=[sample])
    show_summary(Shown(added=found), "diff")
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "diff",
        "added: documents  2",
        "added: hosts      b.example 3, a.example 1",
        "added: samples    url                  reason",
        "                  https://a.example/x  new",
    ]


def test_lines_of_progress_have_no_senseless_rate(monkeypatch, capsys):
    moments = iter([1000.0, 1000.0, 1100.0, 1200.0])
    monkeypatch.setattr(console.time, "monotonic", lambda: next(moments))
    shown = Console(file=sys.stdout, width=100)
    monkeypatch.setattr(console, "err", lambda: shown)
    progress = console.TerminalProgress()
    progress("clean", 0, None, {})
    progress("serve", 0, 7, {"starting": "server"})
    progress("serve", 2, 7, {"starting": "files"})
    progress("clean", 400, None, {"kept": 3})
    assert capsys.readouterr().out.splitlines() == [
        "clean: 0",
        "serve: 0 of 7  starting server",
        "serve: 2 of 7  starting files",
        "clean: 400, 2/s  kept 3",
    ]


def test_a_takedown_is_kept_and_shown(tmp_path):
    store = Store.open(tmp_path / "store").root
    listed = tmp_path / "list.txt"
    listed.write_text("https://a.example/x\n# and a host\nb.example\n", encoding="utf-8")
    assert "taken down: b.example" in run("takedown", "--file", listed, "--store", store)
    assert "was taken down before: b.example" in run("takedown", "b.example", "--store", store)
    assert json.loads(run("status", "--store", store, "--json"))["corpus"]["takedowns"] == 2


@pytest.mark.parametrize("arguments", [["status"], ["diff", "v0001"], ["report"], ["export-text", "x.txt"]])
def test_a_command_that_only_reads_makes_no_store(tmp_path, arguments):
    result = RUNNER.invoke(app, [*arguments, "--store", str(tmp_path / "typo")])
    assert isinstance(result.exception, InputError)
    assert "no store there" in str(result.exception)
    assert not (tmp_path / "typo").exists()


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567, "1,234,567"), (12345.6, "12,346"), (0.123456, "0.1235"), (True, "yes"), ("x", "x"), (3.0, "3")],
)
def test_figures_as_a_person_reads_them(value, text):
    assert readable(value) == text


def test_the_command_starts_without_what_only_some_commands_need():
    code = "import sys, flows.cli; print(sorted({'torch', 'scrapy', 'trafilatura', 'prefect'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
