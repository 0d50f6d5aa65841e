"""A forgetting after another, and one that does not end at once: marks, copies, the way on."""

import os
import signal
from datetime import date

import pytest
from corpus_rounds import prose
from typer.testing import CliRunner
from warc_files import html, write_warc

from cleaning.clean import clean
from cleaning.corpus.export_text import export_text
from cleaning.corpus.publish import publish
from cleaning.gone_warcs import leave_out
from data.errors import StageError
from data.lineage import forgotten_receipts
from data.manifest import Manifest
from flows.cli import app
from flows.forgetting.forget import audit, carry_out, prepare
from flows.forgetting.plan import Plan
from flows.settings import load_settings

pytestmark = pytest.mark.slow

DAY = date(2026, 3, 1)


def chosen(store):
    return load_settings(None, {"store": store.root, "engine.workers": 1})


def pages(host, count=2):
    return [(f"https://{host}/p{number}", "200 OK", html(prose((host, number)))) for number in range(count)]


def published(store, file, found):
    write_warc(store.warc / file, found)
    settings = chosen(store)
    clean(store, settings.clean, engine=settings.engine)
    return publish(store, settings.clean, settings.publish, engine=settings.engine).version


def planned(store, *targets, **options):
    return prepare(store, chosen(store), targets, day=DAY, keep=True, **options)


def forget(store, *targets, **options):
    return carry_out(store, chosen(store), planned(store, *targets, **options))


def test_a_second_forgetting_marks_the_same_models(store):
    version = published(store, "0001/a.warc.gz", [*pages("uno.es"), *pages("dos.es"), *pages("tres.es", 6)])
    digest = Manifest.read(store.corpus / version).digest
    for kind, folder in (("run", store.runs / "r"), ("model", store.models / "m")):
        Manifest(kind=kind, name=folder.name, made_from={"corpus": digest}, settings={}).write(folder)
    model = Manifest.read(store.models / "m").digest
    kept = store.benchmarks / "pharma" / "m"
    Manifest(kind="benchmark", name="m", made_from={"model": model}, settings={}).write(kept)
    first, second = forget(store, "uno.es"), forget(store, "dos.es")
    assert first.marked == second.marked == ["runs/r", "models/m", "benchmarks/pharma/m"]
    assert all(forgotten_receipts(store.root / name) == ["f0001", "f0002"] for name in second.marked)
    figures = Manifest.read(store.corpus / version).figures
    assert (figures["forgotten"], len(figures["former_digests"])) == ({"f0001": 2, "f0002": 2}, 2)


def test_tokens_of_the_version_are_packed_again_and_others_of_its_tokenizer_marked(store):
    version = published(store, "0001/a.warc.gz", [*pages("uno.es"), *pages("tres.es", 6)])
    corpus = {"corpus": Manifest.read(store.corpus / version).digest}
    Manifest(kind="tokenizer", name="t", made_from=corpus, settings={}).write(store.tokenizers / "t")
    made = corpus | {"tokenizer": Manifest.read(store.tokenizers / "t").digest}
    figures = {"tokenizer_path": "../../tokenizers/t", "splits": {}}
    for name, made_from in ((f"{version}+t", made), ("v0009+t", {**made, "corpus": "another"})):
        tokens = Manifest(kind="tokens", name=name, made_from=made_from, settings={"min_tokens": 7}, figures=figures)
        tokens.write(store.tokens / name)
    (store.tokens / f"{version}+cut" / ".parts-0").mkdir(parents=True)
    plan = planned(store, "uno.es")
    assert plan.deleted == [f"tokens/{version}+t", f"tokens/{version}+cut"]
    assert plan.marked == ["tokenizers/t", "tokens/v0009+t"]
    (one,) = plan.tokens
    assert (one.folder, one.corpus, one.settings) == (f"tokens/{version}+t", version, {"min_tokens": 7})
    with pytest.raises(StageError, match=r"not searched: tokens/v0009\+t: decoded: .*no tokenizer there"):
        carry_out(store, chosen(store), plan)
    assert "no tokenizer there" in plan.not_packed[one.folder]
    assert [path.name for path in store.tokens.iterdir()] == ["v0009+t"]


def test_an_export_in_the_store_is_named_and_found_until_it_is_deleted(store):
    published(store, "0001/a.warc.gz", [*pages("uno.es"), *pages("tres.es", 6)])
    export = store.root / "exports" / "c.jsonl.gz"
    export_text(store, export, form="jsonl")
    (store.root / "exports" / "old.7z").write_bytes(b"7z\xbc\xaf\x27\x1c")
    run = CliRunner().invoke(app, ["forget", "uno.es", "--store", str(store.root)])
    assert "delete by hand: 1\n  exports/c.jsonl.gz\n" in run.stdout
    assert "cannot be searched; unpack or delete them: 1\n  exports/old.7z (" in run.stdout
    assert "rows of texts under" in run.stdout
    plan = planned(store, "uno.es")
    with pytest.raises(StageError, match=r"(?s)exports/c\.jsonl\.gz .*not searched: exports/old\.7z"):
        carry_out(store, chosen(store), plan)
    assert audit(store).hits.keys() == {"exports/c.jsonl.gz"}
    export.unlink()
    assert not audit(store).is_clean
    (store.root / "exports" / "old.7z").unlink()
    assert audit(store).is_clean
    assert carry_out(store, chosen(store), Plan.unfinished(store)).receipt == "f0001"


def test_a_copy_in_an_old_version_alone_is_found(store):
    """Its WARC file was left out, so neither a WARC file nor a table of the current recipe holds it."""
    text = prose("secreto", 120)
    copy = ("https://copia.es/x", "200 OK", html(f"{text} {prose('z', 30)}"))
    old = published(store, "0001/a.warc.gz", [copy, *pages("tres.es", 6)])
    (store.warc / "0001" / "a.warc.gz").unlink()
    leave_out(store, "0001/a.warc.gz")
    published(store, "0002/b.warc.gz", [("https://uno.es/x", "200 OK", html(text)), *pages("cuatro.es", 6)])
    assert planned(store, "https://uno.es/x").copies == ["https://copia.es/x"]
    Plan.remove(store)
    plan = planned(store, "https://uno.es/x", copies=True)
    assert (set(plan.urls.values()), plan.versions[old]) == ({"https://copia.es/x", "https://uno.es/x"}, 1)
    assert carry_out(store, chosen(store), plan).receipt == "f0001"
    assert audit(store).is_clean


def test_pages_that_came_since_are_added_to_a_forgetting_whose_audit_found_them(store):
    """A crawl brings another page with the text meanwhile: the message names the command that ends it."""
    text = prose("secreto", 120)
    published(store, "0001/a.warc.gz", [("https://uno.es/x", "200 OK", html(text)), *pages("tres.es", 6)])
    plan = planned(store, "uno.es")
    write_warc(store.warc / "0002" / "b.warc.gz", [("https://nuevo.es/copia", "200 OK", html(text))])
    with pytest.raises(StageError, match=r"`cowese forget https://nuevo\.es/copia --yes` .* f0001"):
        carry_out(store, chosen(store), plan)
    run = CliRunner().invoke(app, ["forget", "https://nuevo.es/copia", "--yes", "--store", str(store.root)])
    assert run.exit_code == 0, run.output
    (folder,) = store.forgotten.glob("f*")
    assert {path.name for path in folder.iterdir()} == {"receipt.json", "runs.npy"}
    for url in ("https://uno.es/x", "https://nuevo.es/copia"):
        found = CliRunner().invoke(app, ["audit", "--url", url, "--store", str(store.root)])
        assert "under f0001" in found.stdout
    assert audit(store).is_clean
    assert Plan.unfinished(store) is None


def test_a_page_that_was_never_cleaned_has_runs_of_its_record(store):
    published(store, "0001/a.warc.gz", pages("tres.es", 6))
    write_warc(store.warc / "0002" / "b.warc.gz", [*pages("uno.es", 1), ("https://uno.es/x", "200 OK", html("Hola."))])
    receipt = forget(store, "uno.es")
    assert (receipt.runs > 50, receipt.without_runs) == (True, 1)
    (store.root / "export.txt").write_text(prose(("uno.es", 0)))
    found = audit(store)
    assert (found.hits.keys(), found.unproved) == ({"export.txt"}, {"f0001": 1})
    (store.root / "export.txt").unlink()
    run = CliRunner().invoke(app, ["audit", "--store", str(store.root)])
    assert "clean: every file was searched" in run.stdout
    assert "f0001: for 1 pages this proves nothing" in run.stdout


def _killed_while_planning(store, at, *targets):
    """Plan in a child that is killed where the progress names a step."""

    def progress(_stage, _done, _total, figures):
        if figures["step"] == at:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        try:
            prepare(store, chosen(store), targets, day=DAY, keep=True, progress=progress)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status == signal.SIGKILL


def test_killed_while_it_is_planned_it_never_began(store):
    text = prose("secreto", 120)
    published(store, "0001/a.warc.gz", [("https://uno.es/x", "200 OK", html(text)), *pages("tres.es", 6)])
    for at in ("looking through WARC files", "looking for copies", "saving the runs", "saving the plan"):
        _killed_while_planning(store, at, "uno.es")
        assert (Plan.unfinished(store), audit(store).hits) == (None, {})
    plan = planned(store, "uno.es")
    write_warc(store.warc / "0002" / "b.warc.gz", [("https://nuevo.es/x", "200 OK", html(f"{text} {prose('z')}"))])
    with pytest.raises(StageError, match=r"nuevo\.es"):
        carry_out(store, chosen(store), plan)
    before = audit(store)
    for at in ("saving the runs", "saving the plan"):
        _killed_while_planning(store, at, "nuevo.es")
        found = audit(store)
        assert (Plan.unfinished(store).urls, found.runs, found.hits) == (plan.urls, before.runs, before.hits)
    receipt = forget(store, "nuevo.es")
    assert (receipt.receipt, len(receipt.pages), audit(store).hits) == ("f0001", 2, {})
