"""Forgetting piece by piece: targets, copies and excerpts, files of others, what is refused, blanked records."""

import gzip
import io
import json
import zlib
from datetime import date

import pytest
from corpus_rounds import prose
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastwarc.warc import ArchiveIterator
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner
from warc_files import html, write_warc

from cleaning.clean import clean
from cleaning.corpus.publish import publish
from cleaning.foreign_warcs import ForeignWarcs
from cleaning.forgetting.bodies import bodies_of, readings
from cleaning.forgetting.pages import find_pages
from cleaning.forgetting.runs import Auditor, ForgottenRuns, runs_of
from crawler.warc.blank import Blank, blank, blanks_of
from data.errors import InputError, StageError
from data.takedowns import Takedowns
from flows.cli import app
from flows.forgetting.forget import audit, carry_out, prepare
from flows.forgetting.plan import Plan
from flows.forgetting.receipt import Receipt
from flows.settings import load_settings

DAY = date(2026, 3, 1)
SECRET = "Esto lo contó Fulana de Tal en la consulta del doctor un martes de otoño muy lluvioso y frío."
CANONICAL = '<title>X</title><link rel="canonical" href="https://uno.es/propia">'


def chosen(store):
    return load_settings(None, {"store": store.root, "engine.workers": 1})


def cleaned(store, warcs=(), pages=()):
    if pages:
        write_warc(store.warc / "0001" / "a.warc.gz", pages)
    clean(store, chosen(store).clean, warcs=warcs, engine=chosen(store).engine)
    publish(store, chosen(store).clean, chosen(store).publish, engine=chosen(store).engine)


def pages():
    long = f"{SECRET}\n{prose('larga', 100)}"
    return [
        ("https://uno.es/a", "200 OK", html(long)),
        ("https://dos.es/reimpresa", "200 OK", html(f"{long} {prose('más', 20)}")),
        ("https://dos.es/", "200 OK", html(f"{SECRET}\n{prose('portada', 200)}")),
        ("https://uno.es/node/7", "200 OK", html(prose("canónica"), CANONICAL)),
        *[(f"https://tres.es/{number}", "200 OK", html(prose(number))) for number in range(4)],
    ]


def planned(store, *targets, **options):
    return prepare(store, chosen(store), targets, day=DAY, keep=True, **options)


@pytest.mark.slow
def test_copies_and_excerpts_are_told_and_kept_unless_asked_for(store):
    cleaned(store, pages=pages())
    plan = planned(store, "https://uno.es/a")
    assert (plan.copies, plan.excerpts) == (["https://dos.es/reimpresa"], ["https://dos.es/"])
    assert plan.runs == 0, "the reprint holds every run"
    carry_out(store, chosen(store), plan)
    both = planned(store, "https://dos.es/reimpresa", "https://dos.es/")
    assert (len(both.urls), both.copies, both.excerpts) == (2, [], [])
    assert both.runs > 0
    carry_out(store, chosen(store), both)
    assert not any(
        SECRET in text for path in store.warc.rglob("*.warc.gz") for one in bodies_of(path) for text in one.texts
    )


@pytest.mark.slow
def test_copies_go_too_when_asked_for(store):
    cleaned(store, pages=pages())
    plan = planned(store, "https://uno.es/a", copies=True)
    assert set(plan.urls.values()) == {"https://uno.es/a", "https://dos.es/reimpresa"}
    receipt = carry_out(store, chosen(store), plan)
    assert receipt.shared_runs > 0, "the home page keeps its excerpt"
    assert Takedowns.load(store).covers("https://dos.es/reimpresa")
    assert not Takedowns.load(store).covers("https://dos.es/")


@pytest.mark.slow
def test_a_page_is_reached_by_the_address_that_it_gives_as_its_own(store):
    cleaned(store, pages=pages())
    plan = planned(store, "https://uno.es/propia")
    assert list(plan.urls.values()) == ["https://uno.es/node/7"]
    carry_out(store, chosen(store), plan)
    assert Takedowns.load(store).covers("https://uno.es/node/7")


@pytest.mark.slow
def test_files_of_others_are_left_alone_unless_allowed(store, tmp_path):
    foreign = write_warc(tmp_path / "f.warc.gz", pages())
    cleaned(store, [foreign])
    content = foreign.read_bytes()
    with pytest.raises(StageError, match=r"f\.warc\.gz: is outside the store and holds 4 of these records"):
        planned(store, "tres.es")
    assert (foreign.read_bytes(), Plan.unfinished(store)) == (content, None)
    receipt = carry_out(store, chosen(store), planned(store, "tres.es", foreign=True))
    assert len(receipt.pages) == 4
    assert b"tres.es" not in gzip.decompress(foreign.read_bytes())
    assert audit(store).hits == {}
    cleaned(store, [foreign])
    assert len(ForeignWarcs.load(store).by_name) == 1
    done = publish(store, chosen(store).clean, chosen(store).publish, cold=True, engine=chosen(store).engine)
    assert done.changed is False


@pytest.mark.slow
def test_what_is_not_there_is_said(store):
    cleaned(store, pages=pages())
    with pytest.raises(InputError, match=r"holds nothing of nadie\.es"):
        planned(store, "nadie.es")


@pytest.mark.slow
def test_a_page_that_was_never_cleaned_is_found_in_its_warc_file(store):
    cleaned(store, pages=pages())
    write_warc(store.warc / "0002" / "b.warc.gz", [("https://nuevo.es/x", "200 OK", html(SECRET))])
    assert not find_pages(store, Takedowns(store).only(["nuevo.es"])).urls
    assert carry_out(store, chosen(store), planned(store, "nuevo.es")).records == {"b.warc.gz": 1}


def test_a_file_of_one_gzip_member_is_refused_before_anything_is_changed(store, tmp_path):
    plain = write_warc(tmp_path / "x.warc", pages())
    whole = tmp_path / "one.warc.gz"
    whole.write_bytes(gzip.compress(plain.read_bytes()))
    with pytest.raises(StageError, match="gzip members are not its records"):
        list(blanks_of(whole, lambda target, _offset: "cowese://forgotten/x" if "uno.es" in target else None, "f1"))


@pytest.mark.slow
def test_the_command_tells_first_and_does_it_with_yes(store):
    cleaned(store, pages=pages())
    runner = CliRunner()

    def run(*words):
        return runner.invoke(app, [*words, "--store", str(store.root)])

    told = run("forget", "https://uno.es/a")
    assert "pages: 1\n" in told.stdout
    assert "hold at least half of such a text, and keep it: 1\n  https://dos.es/reimpresa\n" in told.stdout
    assert "nothing was changed" in told.stdout
    assert run("audit").exit_code == 0
    planned(store, "tres.es")
    assert "is not finished" in str(run("forget", "https://uno.es/a", "--yes").exception)
    assert "forgetting" in run("status").stdout
    done = run("forget", "--yes", "--json")
    assert json.loads(done.stdout)["audit"]["hits"] == {}
    assert "under f0001" in run("audit", "--url", "https://tres.es/1").stdout
    assert run("audit", "--url", "https://uno.es/a").exit_code == 1
    (store.root / "export.txt").write_text(prose(0))
    found = run("audit", "--json")
    assert found.exit_code == 1
    assert list(json.loads(found.stdout)["hits"]) == ["export.txt"]


@given(st.integers(300, 3000), st.booleans(), st.sampled_from(["response", "revisit", "request"]))
@settings(max_examples=80, deadline=None)
def test_a_blanked_record_has_its_length_and_is_read_by_all(length, packed, kind):
    one = Blank(
        offset=0, length=length, packed=packed, kind=kind, record_id="<urn:uuid:0>", date="2026-03-01T10:00:00Z",
        profile="http://x/" if kind == "revisit" else None, url="cowese://forgotten/0123456789abcdef", receipt="f0001",
    )  # fmt: skip
    content = one.content()
    assert len(content) == length
    record = gzip.decompress(content) if packed else content
    assert zlib.decompressobj(31).decompress(content) == record if packed else True
    read = [
        (record.headers["WARC-Target-URI"], record.headers["CoWeSe-Forgotten"], record.reader.read().strip())
        for record in ArchiveIterator(io.BytesIO(content + content), parse_http=False)
    ]
    assert read == [(one.url, "f0001", b"")] * 2


def test_a_record_that_is_too_short_is_refused():
    for packed in (True, False):
        one = Blank(
            offset=7, length=100, packed=packed, kind="response", record_id="<urn:uuid:0>", date="2026-03-01T10:00:00Z",
            profile=None, url="cowese://forgotten/0123456789abcdef", receipt="f0001",
        )  # fmt: skip
        with pytest.raises(StageError, match="too short to be blanked"):
            one.content()


def test_blanking_twice_changes_nothing(tmp_path):
    path = write_warc(tmp_path / "a.warc.gz", pages())
    found = list(blanks_of(path, lambda target, _offset: "cowese://forgotten/x" if "uno.es" in target else None, "f1"))
    assert len(found) == 2
    blank(path, found)
    once = path.read_bytes()
    blank(path, found)
    assert path.read_bytes() == once
    assert not list(blanks_of(path, lambda _target, _offset: None, "f1"))


def test_runs_are_found_again_whatever_stands_around_them():
    key = b"k" * 32
    auditor = Auditor(ForgottenRuns.from_runs(runs_of([SECRET]), key))
    assert auditor.held([SECRET]) == 7
    page = f"<p>Antes. {SECRET.upper().replace(' ', '</b> <b>')}</p>"
    assert auditor.held(readings(page)) == 7
    assert auditor.held(readings(f'<meta content="{SECRET.replace("ó", "&oacute;")}">')) == 7
    assert auditor.held(readings('{"articleBody": "' + SECRET.replace("ó", "\\u00f3") + '"}')) == 7
    assert auditor.held([SECRET.replace("Fulana", "Mengana").replace("martes", "lunes")]) == 0
    assert Auditor(ForgottenRuns.from_runs(runs_of([SECRET]), b"o" * 32)).held([SECRET]) == 7
    assert len(runs_of(["solo unas pocas palabras"])) == 0


def test_a_receipt_without_later_fields_keeps_its_signature():
    old = {
        "receipt": "f0001", "day": "2026-03-01", "code": "x", "salt": "00", "targets": [], "pages": ["a", "b"],
        "records": {}, "texts": 0, "pairs": 0, "versions": {}, "deleted": [], "marked": [], "runs": 0,
        "shared_runs": 0, "version": None, "audit": {},
    }  # fmt: skip
    signed = Receipt.model_validate(old).signed(Ed25519PrivateKey.generate()).model_dump(exclude_unset=True)
    assert "without_runs" not in signed
    read = Receipt.model_validate(signed)
    read.check()
    assert read.unproved == 2
    with pytest.raises(InputError, match="does not fit"):
        Receipt.model_validate({**signed, "without_runs": 0}).check()
