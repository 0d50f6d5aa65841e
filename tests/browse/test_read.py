"""One page beside its original, labels, rules, versions side by side: on pages that cleaning read from WARC files."""

import dataclasses
import html
import json
import re
import shutil
import time
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from browse_room import serving
from corpus_rounds import prose, slightly_changed
from warc_files import html as page_of
from warc_files import write_warc

from browse.inert_page import STYLE_DIGEST, inert_page
from browse.labels import Given, add_label, read_labels
from browse.moves_file import read_moves
from browse.originals import answer_at, warc_path
from browse.rule_bounds import SETTINGS, scales_of
from browse.rules_page import report_of
from browse.rules_words import rules_lines
from browse.settings_page import changes_of
from browse.settings_words import settings_lines
from browse.text_lines import FOREIGN, FURNITURE, KEPT, SITE_LINE, lines_of
from browse.wilson import wilson
from browse.word_diff import likeness, word_diff
from browse.written_settings import lines_between
from cleaning.clean import clean
from cleaning.corpus.publish import publish
from cleaning.pages.page import Raw
from cleaning.pages.quality import rules_of
from cleaning.pending import pairs
from cleaning.publish_settings import PublishSettings
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from data.engines.engine import EngineSettings
from data.errors import InputError
from data.parquet import read_parquet
from data.store import Store
from data.urls import document_id

pytestmark = pytest.mark.slow  # its store is cleaned from WARC files
ONE = EngineSettings(workers=1)
HOSTILE = (
    "<script>document.title='broken'</script><img src=http://evil.es/a.png onerror=alert(1)>"
    "<iframe src=http://127.0.0.1:1/></iframe><a href='javascript:alert(2)'>Pulse aquí</a>"
    "<form action=http://evil.es/><input name=x autofocus onfocus=alert(3)></form>"
    "<style>@import url(http://evil.es/a.css); body{background:url(http://evil.es/b.png)}</style>"
    "<link rel=dns-prefetch href=//evil.es><meta http-equiv=refresh content='0;url=http://evil.es/'>"
    "<svg><script>alert(4)</script></svg><math><mtext><img src=x onerror=alert(5)></mtext></math>"
    "<p style='background:url(http://evil.es/c)' onclick=alert(6)>El </mark><script>alert(7)</script>texto hostil.</p>"
)
URLS = {
    "plain": "https://clinica.es/asma",
    "copy": "https://portal.mx/asma",
    "hostile": "https://clinica.es/hostil",
    "short": "https://clinica.es/breve",
    "english": "https://clinica.es/en",
    "mail": "https://clinica.es/correo",
}


def accented(seed, words=150):
    return prose(seed, words).replace("salud", "atención médica").replace("dieta", "alimentación")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = Store.open(tmp_path_factory.mktemp("read") / "store")
    asma = "\n".join(f"{accented(('asma', number), 60)}" for number in range(3))
    cookies = "Utilizamos cookies propias y de terceros para mejorar."
    pages = [
        (URLS["plain"], "200 OK", page_of(f"{asma}\n{cookies}")),
        (URLS["copy"], "200 OK", page_of(slightly_changed(asma, 1))),
        (URLS["hostile"], "200 OK", page_of(asma[::-1]).replace(b"</article>", f"{HOSTILE}</article>".encode())),
        (URLS["short"], "200 OK", page_of("Nada más.")),
        (URLS["english"], "200 OK", page_of("The patient was seen by the doctor in the hospital today. " * 12)),
        (URLS["mail"], "200 OK", page_of(f"{accented('correo', 120)}\nEscriba a ana.perez@clinica.es con su duda.")),
        ("https://clinica.es/media", "200 OK", page_of(accented("media", 75))),
        ("https://clinica.es/nada", "404 Not Found", b"nada"),
    ]
    pages += [
        (
            f"https://revista.es/{number}",
            "200 OK",
            page_of(f"{accented(('r', number))}\nRevista de salud de la región."),
        )
        for number in range(12)
    ]
    write_warc(store.warc / "0001" / "a.warc.gz", pages)
    clean(store, CleaningSettings(), engine=ONE)
    publish(store, CleaningSettings(), PublishSettings())
    again = [
        ("https://clinica.es/nueva", "200 OK", page_of(accented("n"))),
        (URLS["plain"], "200 OK", page_of(f"{asma}\nHoy se sabe algo más.\n{cookies}")),
    ]
    write_warc(store.warc / "0002" / "b.warc.gz", again)
    clean(store, CleaningSettings(), engine=ONE)
    publish(store, CleaningSettings(), PublishSettings())
    return store


@pytest.fixture(scope="module")
def served(store):
    with serving(store) as one:
        yield one


def page(served, name, more=""):
    return served.ask(f"/v/v0002/page/{document_id(URLS[name])}{more}")


def test_a_page_says_all_that_is_known(served):
    text = html.unescape(page(served, "plain").text)
    assert "Utilizamos cookies propias" in text
    assert re.search(r'class="why"[^>]*>the site’s own words', text)
    assert "the story of https://clinica.es/asma" in text
    assert all(rule.name in text for rule in rules_of(CleaningSettings()))
    assert "py3langid" in text
    assert URLS["copy"] in text
    assert "0001/a.warc.gz" in text


def test_masks_are_shown_and_what_they_hide_is_not(served):
    text = page(served, "mail").text
    assert '<span class="masked">[CORREO]</span>' in text
    assert "ana.perez" not in text


def test_a_dropped_page_says_why(served):
    text = html.unescape(page(served, "english").text)
    assert "written in English" in text
    assert "The patient was seen" in text
    assert "quality/too_short" in page(served, "short").text
    assert page(served, "english", "/original").status == 200


def test_the_original_is_inert_and_marked(served):
    answer = page(served, "hostile", "/original")
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert STYLE_DIGEST in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    shown = re.sub(r"<style>.*?</style>", "", answer.text, flags=re.DOTALL)
    tags = set(re.findall(r"<\s*/?\s*([a-zA-Z]+)", shown))
    assert not tags & {
        "script",
        "img",
        "iframe",
        "a",
        "form",
        "input",
        "link",
        "svg",
        "math",
        "style",
        "object",
        "base",
    }
    assert set(re.findall(r"<\w+\s+([\w-]+)=", shown)) <= {"lang", "charset", "class"}
    assert set(re.findall(r'class="(\w+)"', shown)) <= {"in", "cut", "masked", "img", "field", "a"}
    assert "<script>alert(7)" not in shown
    assert "javascript:alert(2)" in shown
    assert '<u class="a" title="javascript:alert(2)">' in shown


def test_the_frame_is_sandboxed(served):
    text = page(served, "hostile").text
    assert re.search(r"<iframe sandbox title=", text)
    assert "allow-" not in text
    assert "iframe" not in page(served, "hostile", "?original=0").text


def test_selected_and_cut_blocks_are_marked_in_the_original(served):
    shown = page(served, "plain", "/original").text
    assert '<mark class="in">' in shown
    assert re.search(r'<mark class="cut">Utilizamos cookies', shown)
    assert re.search(r'<mark class="masked">Escriba a', page(served, "mail", "/original").text)


def test_what_cannot_be_shown_is_said_in_the_frame(store, served):
    path = store.warc / "0001" / "a.warc.gz"
    path.rename(path.with_suffix(".away"))
    try:
        answer = page(served, "hostile", "/original")
        assert answer.status == 404
        assert "no longer in the store" in answer.text
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    finally:
        path.with_suffix(".away").rename(path)


def test_bytes_are_saved_and_never_shown(served):
    answer = page(served, "hostile", "/body")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"


def test_two_pages_word_by_word(served):
    text = page(served, "copy", f"/difference?with={document_id(URLS['plain'])}").text
    assert "<ins>cambio1</ins>" in text
    assert page(served, "plain", "/difference?with=nothing").status == 404
    assert page(served, "plain", "/difference?in=v0001").status == 200
    assert page(served, "plain", "/difference?in=../x").status == 404


@pytest.mark.parametrize("identity", ["x", "' OR '1'='1", "0" * 24, "%00", "..%2f.."])
def test_an_id_that_is_none_is_not_here(served, identity):
    for more in ("", "/original", "/body", "/difference"):
        assert served.ask(f"/v/v0002/page/{identity.replace(' ', '%20')}{more}").status == 404


def test_a_record_is_read_from_the_store_alone(store, tmp_path):
    outside = write_warc(tmp_path / "o.warc.gz", [("https://a.es/", "200 OK", b"x")])
    assert warc_path(store, str(outside)) is None
    assert warc_path(store, f"../../{outside.name}") is None
    with pytest.raises(InputError, match="no longer in the store"):
        answer_at(store, "0001/none.warc.gz", 0, 100)
    with pytest.raises(InputError, match="no record can be read"):
        answer_at(store, "0001/a.warc.gz", 17, 100)


def test_what_became_of_each_line():
    foreign = "The patient should take the medicine with water and call the doctor if there is any pain at all. " * 4
    text = f"Buena línea del texto.\nSíguenos en Facebook y Twitter\n{foreign.strip()}\nLínea que todos tienen.\nFin."
    found = lines_of(text, "Buena línea del texto.\nFin.", is_spanish=True)
    assert [line.state for line in found] == [KEPT, FURNITURE, FOREIGN, SITE_LINE, KEPT]
    assert [line.state for line in lines_of(None, "a\nb", is_spanish=True)] == [KEPT, KEPT]


def test_a_page_as_deep_as_it_likes_is_written():
    body = b"<html><head></head><body>" + b"<div>" * 20_000 + b"hondo" + b"</div>" * 20_000 + b"</body></html>"
    shown = inert_page(Raw("https://a.es/", "text/html", body), [], CleaningSettings(max_elements=100_000))
    assert shown is None or "hondo" in shown or "<div>" in shown


def test_words_that_differ():
    parts = word_diff("Tome 5 mg.\nSiempre.", "Tome 10 mg.\nSiempre.")
    assert [(part.kind, part.text) for part in parts] == [
        ("same", "Tome "),
        ("gone", "5"),
        ("added", "10"),
        ("same", " mg.\nSiempre."),
    ]
    assert likeness(word_diff("a b", "a b")) == 1.0


# Labels


def test_a_sample_is_the_same_for_a_seed(served):
    first, again = (served.ask("/v/v0002/read?host=revista.es&n=5&seed=4").text for _ in range(2))
    assert first == again
    assert "1 / 5" in first
    other = served.ask("/v/v0002/read?host=revista.es&n=5&seed=5").text
    assert re.search(r"<h1.*?</h1>", first) or other


def test_labels_are_kept_and_shown_again(served):
    store = served.library.store
    text = served.ask("/v/v0002/read?reason=quality/too_short&n=1&seed=1").text
    values = dict(re.findall(r'data-(id|digest)="([0-9a-f]+)"', text))
    try:
        answer = served.label("v0002", **values, label="good", reason="\t=breve pero\ncierta")
        assert answer.status == 200
        (label,) = read_labels(store).values()
        assert (label.label, label.reason, label.rule) == ("good", "breve pero cierta", "quality/too_short")
        assert (
            store.labels.read_text(encoding="utf-8").splitlines()[0] == "id\tdigest\tlabel\treason\trule\treader\ttime"
        )
        assert served.label("v0002", **values, label="bad").status == 200
        assert [one.label for one in read_labels(store).values()] == ["bad"]
        again = served.ask("/v/v0002/read?reason=quality/too_short&n=1&seed=1").text
        assert re.search(r'data-label="bad"\s+aria-pressed="true"', again)
    finally:
        store.labels.unlink(missing_ok=True)


def test_labels_of_others_are_refused(served):
    values = {"id": document_id(URLS["plain"]), "digest": "0" * 32, "label": "good"}
    body = json.dumps(values).encode()
    ours = f"http://127.0.0.1:{served.port}"
    path = "/v/v0002/labels"
    json_type = {"content_type": "application/json"}
    assert served.ask(path, "POST", body, **json_type).status == 403
    assert served.ask(path, "POST", body, origin="http://evil.es", **json_type).status == 403
    assert served.ask(path, "POST", body, origin="null", **json_type).status == 403
    assert served.ask(path, "POST", body, origin=ours, sec_fetch_site="cross-site", **json_type).status == 403
    assert served.ask(path, "POST", body, origin=ours, content_type="text/plain").status == 415
    assert served.ask(path, "POST", b"x" * 9_000, origin=ours, **json_type).status == 413
    assert served.ask(path, "POST", b"{}", origin=ours, **json_type).status == 400
    assert served.label("v0002", **values).status == 409
    assert served.label("v0002", **{**values, "id": "0" * 24}).status == 404
    assert served.label("v0002", **{**values, "label": "x"}).status == 400
    assert not served.library.store.labels.exists()


def test_a_damaged_file_of_labels_is_not_written_over(tmp_path):
    store = Store.open(tmp_path / "store")
    given = Given(id="0" * 24, digest="1" * 32, label="bad")
    add_label(store, given, datetime(2026, 3, 1, tzinfo=UTC))
    store.labels.write_text(store.labels.read_text(encoding="utf-8") + "x\ty\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"labels\.tsv:3: no label"):
        add_label(store, given)


# Rules


def test_rules_count_labels_and_try_bounds(served):
    store = served.library.store
    index = served.library.prepare("v0002")
    try:
        for name, label in (("short", "bad"), ("plain", "good"), ("hostile", "bad")):
            row = index.rows([index.number_of(document_id(URLS[name]))])[0]
            add_label(store, Given(id=row["id"], digest=row["digest"], label=label))
        add_label(store, Given(id="0" * 24, digest="1" * 32, label="bad"))
        report = report_of(served.library, "v0002", index, 0.95)
    finally:
        store.labels.unlink()
    assert (report.labels, report.stale) == (3, 1)
    rules = {one.rule: one for one in report.rules}
    assert (rules["too_short"].drops, rules["too_short"].bad, rules["too_short"].good) == (1, 1, 0)
    assert report.others["language/en"][0] == 1
    stricter = next(one for one in rules["too_short"].tried if one.bound == 600)
    assert (stricter.goes, stricter.comes) == (1, 0)  # the page of some 450 characters
    looser = next(one for one in rules["too_short"].tried if one.bound == 150)
    assert (looser.goes, looser.comes, looser.unknown) == (0, 0, 0)
    lines = list(rules_lines(report))
    assert lines[0].startswith("v0002: ")
    assert {line.count("|") for line in lines if line.startswith("|")} == {8}
    assert "too_short" in served.ask("/v/v0002/rules?precision=x").text


def test_every_rule_with_a_bound_is_on_a_scale():
    names = {rule.name for rule in rules_of(CleaningSettings())}
    assert set(SETTINGS) == names - {"error_page"}
    scales = scales_of(CleaningSettings(), {"unaccented": (0.001, 5_000, 0.001, 4_000)}, {"list": 0.2})
    shown = {one.rule: one for one in scales}
    assert shown["unaccented"].refuses
    assert shown["list"].figure == 0.2
    assert all(0 <= one.here <= 100 for one in scales)


@pytest.mark.parametrize(
    ("hits", "of", "interval"),
    [(0, 0, (0, 1)), (0, 80, (0, 0.0458)), (1, 84, (0.0021, 0.0644)), (5, 10, (0.2366, 0.7634))],
)
def test_wilson(hits, of, interval):
    assert wilson(hits, of) == pytest.approx(interval, abs=1e-3)


# Versions


def test_two_versions(served):
    text = served.ask("/compare").text
    assert "v0001 → v0002" in text
    assert "https://clinica.es/nueva" in text
    assert served.ask("/compare?a=v0001&b=v0001").status == 200
    assert served.ask("/compare?a=../../x").status == 404


# Settings


def compare_until_done(served, query):
    """The page of two sets of settings, once its work is done."""
    for _ in range(600):
        answer = served.ask(f"/compare/settings?{query}")
        if answer.status != 503:
            return answer
        assert answer.headers["refresh"] == "2"
        time.sleep(0.2)
    raise AssertionError(answer.text)


def moves_of(store, served, settings):
    """By URL what a second set of settings does, as the page works it out: kind and verdict."""
    shutil.rmtree(store.browse / "compared", ignore_errors=True)
    written = lines_between(CleaningSettings(), settings)
    assert compare_until_done(served, urlencode({"version": "v0002", "b": written})).status == 200
    (path,) = (store.browse / "compared").iterdir()
    index = served.library.prepare("v0002")
    return {index.rows([number])[0]["url"]: (kind, after) for number, kind, _, after in rows_of(path)}


def test_judged_twice_is_what_cleaning_would_make(store, served):
    settings = CleaningSettings(min_chars=600)
    moves = moves_of(store, served, settings)
    before = fates(store, CleaningSettings())
    clean(store, settings, engine=ONE)
    expected = {}
    for url, after in fates(store, settings).items():
        if after != before[url]:
            was, will = before[url].startswith("kept"), after.startswith("kept")
            expected[url] = ("changes" if was == will else "comes" if will else "goes"), after
    assert expected["https://clinica.es/media"] == ("goes", "quality/too_short")
    of_publishing = {URLS["copy"]}  # a duplicate
    assert {url: one for url, one in moves.items() if url not in of_publishing} == {
        url: one for url, one in expected.items() if url not in of_publishing
    }
    shutil.rmtree(store.documents / recipe_digest(settings))


def test_a_text_that_was_too_short_to_be_measured_is_measured_now(store, served):
    moves = moves_of(store, served, CleaningSettings(min_chars=5))
    assert set(moves) == {URLS["short"]}
    assert moves[URLS["short"]][1] != "quality/too_short"


def rows_of(path):
    table, _ = read_moves(path)
    return zip(*(table[name].to_pylist() for name in table.column_names), strict=True)


def fates(store, settings):
    """By URL what cleaning made of each page."""
    folder = store.documents / recipe_digest(settings)
    found = {}
    for documents, dropped in pairs(folder):
        for row in read_parquet(documents, ["url", "language"]).to_pylist():
            found[row["url"]] = "kept" if row["language"] == "es" else f"kept/{row['language']}"
        found |= {row["url"]: row["reason"] for row in read_parquet(dropped, ["url", "reason"]).to_pylist()}
    return found


def test_two_sets_of_settings_side_by_side(served):
    query = urlencode({"version": "v0002", "b": "min_chars = 600\nmax_legal = 2", "seed": 3, "n": 10})
    text = html.unescape(compare_until_done(served, query).text)
    assert "https://clinica.es/media" in text
    assert "quality/too_short" in text
    assert "min_chars = 600" in text
    again = served.ask(f"/compare/settings?{query}")
    assert html.unescape(again.text) == text
    assert html.unescape(served.ask(f"/compare/settings?{query}", sec_fetch_site="cross-site").text) == text
    among = re.search(r"among=([0-9a-f]{16}:goes)\"", text)[1]
    assert "https://clinica.es/media" in served.ask(f"/v/v0002?among={among}").text
    assert served.ask(f"/v/v0002/read?among={among}&n=5&seed=1").text.count('id="judge"') == 1
    assert served.ask("/v/v0002?among=0123:goes").status == 404
    assert served.ask(f"/v/v0001?among={among}").status == 404


def test_settings_that_cannot_be_tried_are_said_in_their_place(served):
    for text in ("min_chars = x", "</textarea><script>alert(1)</script> = 1", 'markup = "markdown"', "[" * 2_000):
        answer = served.ask(f"/compare/settings?{urlencode({'b': text})}")
        assert answer.status == 400
        assert 'aria-invalid="true"' in answer.text
        assert "<script>alert" not in answer.text
    assert "Both are the same" in served.ask("/compare/settings").text
    assert served.ask("/compare/settings?version=../x").status == 404


def test_another_web_site_starts_no_work(served):
    query = urlencode({"b": "min_chars = 777"})
    for site in ("cross-site", "same-site"):
        answer = served.ask(f"/compare/settings?{query}", sec_fetch_site=site)
        assert (answer.status, "press Compare" in answer.text) == (200, True)


def test_what_these_settings_would_change(served):
    index = served.library.prepare("v0002")
    library = dataclasses.replace(served.library, settings=CleaningSettings(min_chars=600))
    report = changes_of(library, "v0002", index, 1)
    assert [(one.kind, one.before, one.after) for one in report.moves] == [("goes", "kept", "quality/too_short")]
    lines = list(settings_lines(report))
    assert "min_chars: 300 → 600" in lines
    assert lines[-1].endswith(report.page)
    assert served.ask(f"/{report.page}").status == 200
    with pytest.raises(InputError, match="made with these settings"):
        changes_of(served.library, "v0002", index, 1)


# Visits


def test_two_visits_word_by_word(served):
    text = html.unescape(page(served, "plain").text)
    assert "0002/b.warc.gz" in text
    found = re.search(r'href="([^"]*difference[?]visit=[^"]*)"', text)
    assert found, text
    answer = served.ask(found[1])
    assert answer.status == 200
    assert "<ins>" in answer.text or "<del>" in answer.text
    for place in ("../../x@1", "0001/a.warc.gz@1", "0001/a.warc.gz", ""):
        assert page(served, "plain", f"/difference?{urlencode({'visit': place})}").status == 404
