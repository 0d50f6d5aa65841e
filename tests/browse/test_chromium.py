"""Every page and every key in a real browser, on the demo's pages: nothing runs, nothing is fetched, axe finds nothing.

axe-core comes with the package axe-core-python; without it, or without Chromium, these tests are skipped.
"""

import importlib.util
import re
from pathlib import Path

import pytest
from browse_room import HOSTILE_URL, demo_store, serving
from chromium import CHROMIUM, Browser

from browse.labels import read_labels
from data.urls import document_id

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]

HOST = "www.hospital-demo.example"
ARTICLE = document_id(f"https://{HOST}/cardiologia/hipertension")
COPY = document_id(f"https://{HOST}/imprimir/hipertension")
PAGES = {
    "list": "/v/v0002?q=hipertension",
    "nothing found": "/v/v0002?q=nohaynadaasi",
    "values": "/v/v0002/values/host",
    "page": f"/v/v0002/page/{ARTICLE}",
    "dropped": "/v/v0002/read?outcome=quality&n=5&seed=1",
    "hostile": f"/v/v0002/page/{document_id(HOSTILE_URL)}",
    "difference": f"/v/v0002/page/{ARTICLE}/difference?in=v0001",
    "sample": "/v/v0002/read?n=5&seed=2",
    "rules": "/v/v0002/rules",
    "compare": "/compare",
    "settings": "/compare/settings?b=min_chars+%3D+900",
    "settings refused": "/compare/settings?b=x",
    "not here": "/nothing",
}
AXE = """axe.run(document, {resultTypes: ["violations"], iframes: false}).then(found => found.violations.map(
  one => one.id + ": " + one.nodes.map(node => node.target.join(" ") + " " + node.failureSummary).join(" | ")))"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(demo_store(tmp_path_factory.mktemp("chromium") / "store")) as one:
        yield one


@pytest.fixture(scope="module")
def browser():
    with Browser() as one:
        yield one


def go(browser, served, path):
    browser.errors.clear()
    browser.requests.clear()
    browser.open(served.address.rstrip("/") + path)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_on_every_screen(browser, served, name):
    spec = importlib.util.find_spec("axe_core_python")
    axe = Path(spec.submodule_search_locations[0]) / "axe.min.js" if spec else None
    for width, dark, tongue in ((1280, False, "en"), (390, True, "es")):
        browser.resize(width, dark=dark)
        path = PAGES[name]
        go(browser, served, f"{path}{'&' if '?' in path else '?'}hl={tongue}")
        # until then comes the page of what is being worked out
        browser.until("!document.title.startsWith('v0002') && document.readyState === 'complete'")
        assert [one for one in browser.errors if not re.search("40[04]|503", one)] == []
        assert all(one.startswith((served.address, "data:")) for one in browser.requests), browser.requests
        assert browser.value("document.documentElement.lang") == tongue
        assert browser.value("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        assert browser.value("document.querySelectorAll('h1').length") == 1
        assert browser.value("document.title").endswith("CoWeSe")
        if axe is not None:
            browser.value(axe.read_text(encoding="utf-8") + "; null")
            assert browser.value(AXE) == []


def test_nothing_of_a_hostile_page_runs_or_loads(browser, served):
    browser.resize(1280)
    go(browser, served, PAGES["hostile"])
    browser.until("document.querySelector('iframe') !== null")
    assert "broken" not in browser.value("document.title")
    assert browser.value("document.querySelector('iframe').contentDocument") is None
    assert [one for one in browser.requests if "evil" in one] == []
    assert any(one.endswith("/original") for one in browser.requests)
    assert browser.errors == []


def test_nothing_moves_while_a_page_comes(browser, served):
    go(browser, served, PAGES["list"])
    shifts = """new Promise(done => { let sum = 0; new PerformanceObserver(list => {
      for (const one of list.getEntries()) sum += one.value; }).observe({type: "layout-shift", buffered: true});
      setTimeout(() => done(sum), 300); })"""
    assert browser.value(shifts) < 0.01


def test_the_keys_of_a_list(browser, served):
    browser.resize(1280)
    go(browser, served, "/v/v0002?outcome=kept")
    browser.press("j")
    browser.press("j")
    focused = "[...document.querySelectorAll('.line')].findIndex(one => one.contains(document.activeElement))"
    assert browser.value(focused) == 1
    browser.press("k")
    assert browser.value(focused) == 0
    browser.press("/")
    assert browser.value("document.activeElement.id") == "q"
    browser.press("j")
    assert browser.value("document.activeElement.value") == "j"
    browser.press("Escape")
    browser.press("?")
    assert browser.value("document.querySelector('dialog').open")
    browser.value("document.querySelector('dialog button').click()")
    browser.until("!document.querySelector('dialog').open")
    browser.press("j")
    browser.value("document.activeElement.click()")
    browser.until("location.pathname.includes('/page/')")


def test_a_choice_of_order_is_an_address(browser, served):
    go(browser, served, "/v/v0002?q=hipertension&category=%E2%80%93")
    browser.value(
        "(() => { const one = document.querySelector('#sort'); one.value = 'longest';"
        " one.dispatchEvent(new Event('change')); })()"
    )
    browser.until("location.search.includes('sort=longest')")
    assert "q=hipertension" in browser.value("location.search")


def test_a_sample_is_read_and_judged_by_keys(browser, served):
    store = served.library.store
    store.labels.unlink(missing_ok=True)
    go(browser, served, "/v/v0002/read?outcome=kept&n=4&seed=3")
    first = browser.value("document.querySelector('#judge').dataset.id")
    browser.press("r")
    assert browser.value("document.activeElement.id") == "reason"
    for key in "bien":
        browser.press(key)
    browser.press("Escape")
    assert browser.value("document.activeElement.tagName") == "BODY"
    for place, key in enumerate("gbdg", 1):
        browser.until(f"document.querySelector('.pager span').textContent.startsWith('{place} ')")
        browser.until("document.readyState === 'complete'")
        browser.press(key)
    browser.until("document.querySelector('#said').textContent.includes('labels.tsv')")
    labels = read_labels(store)
    assert sorted(one.label for one in labels.values()) == ["bad", "doubtful", "good", "good"]
    assert {one.id: one.reason for one in labels.values()}[first] == "bien"
    browser.press("k")
    browser.until("document.querySelector('.pager span').textContent.startsWith('3 ')")
    assert browser.value("document.querySelector('[data-label=doubtful]').getAttribute('aria-pressed')") == "true"
    browser.press("j")
    browser.until("document.querySelector('.pager span').textContent.startsWith('4 ')")
    browser.press("o")
    browser.until("location.pathname.includes('/page/')")
    browser.until("document.readyState === 'complete'")
    browser.press("o")
    browser.until("location.search.includes('original=0')")
    assert browser.value("document.querySelector('iframe')") is None


def test_a_key_that_is_held_down_judges_one_page(browser, served):
    store = served.library.store
    store.labels.unlink(missing_ok=True)
    go(browser, served, "/v/v0002/read?outcome=kept&n=4&seed=3")
    for held in (True, True):
        browser.send("Input.dispatchKeyEvent", type="keyDown", key="g", code="KeyG", text="g", autoRepeat=held)
    assert not store.labels.exists()
    browser.press("g")
    browser.until("document.querySelector('.pager span').textContent.startsWith('2 ')")
    assert len(read_labels(store)) == 1


def test_a_label_arrives_though_the_reader_goes_on(browser, served):
    store = served.library.store
    store.labels.unlink(missing_ok=True)
    go(browser, served, "/v/v0002/read?outcome=kept&n=4&seed=3")
    # all keys in one turn of the page's own loop, before any answer can come
    keys = "new KeyboardEvent('keydown', {key, bubbles: true})"
    browser.value(f"for (const key of 'gbj') document.body.dispatchEvent({keys}); null")
    browser.until("document.querySelector('.pager span').textContent.startsWith('2 ')")
    assert [one.label for one in read_labels(store).values()] == ["bad"]


def test_the_keyboard_reaches_everything_in_order(browser, served):
    browser.resize(1280)
    go(browser, served, PAGES["list"])
    seen = []
    for _ in range(12):
        browser.press("Tab")
        seen.append(browser.value("document.activeElement.textContent.trim() || document.activeElement.id"))
    assert seen[0] in ("To the content", "Ir al contenido")
    assert seen[1] == "CoWeSe"
    assert "q" in seen
    assert all(re.search(r"\S", one) for one in seen)
