"""The report in a real browser: charts drawn, search and sorting work, no error, nothing fetched."""

import asyncio
import itertools
import json
import re
import shutil
import subprocess
import tempfile
import time
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest
from chromium import CHROMIUM, FLAGS
from corpus_rounds import Round, prose, slightly_changed, urls

from cleaning.corpus.card import write_texts
from cleaning.corpus.publish import publish
from cleaning.corpus.report import bars, report, write_report
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.manifest import Manifest
from data.store import Store
from data.takedowns import Takedowns

HOSTILE = "<script>document.title='broken'</script>"


def two_versions(store):
    pages = Round(1)
    for url in urls(each=12):
        pages.page(url, prose(url))
    pages.page("https://copias.es/a", slightly_changed(prose(urls()[0]), 1), category="other", country="MX")
    pages.drop("https://guia.es/x", "http/404").drop("https://eu.es/x", "language/eu")
    pages.page("https://malo.es/x", prose("malo"))
    pages.documents[-1]["title"] = HOSTILE
    pages.page("https://malo.es/y", slightly_changed(prose("malo"), 1), category="other")
    pages.documents[-1]["title"] = HOSTILE
    pages.write(store)
    publish(store, CleaningSettings(), PublishSettings())
    Round(2).page("https://guia.es/nueva", prose("nueva")).drop(urls()[1], "http/410").write(store)
    return publish(store, CleaningSettings(), PublishSettings())


class _Addresses(HTMLParser):
    """What a page would load."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        names = {"link": "href", "script": "src", "img": "src", "iframe": "src"}
        self.found += [value for name, value in attrs if name == names.get(tag)]


@pytest.mark.slow
def test_report_is_self_contained_and_can_be_made_anew(store):
    done = two_versions(store)
    page = (done.path / "report.html").read_text(encoding="utf-8")
    addresses = _Addresses()
    addresses.feed(page)
    assert addresses.found == ["data:,"]
    assert "@import" not in page
    assert HOSTILE not in page
    assert report(store).read_text(encoding="utf-8") == page
    assert "Since v0001" in page
    assert "Since" not in (store.corpus / "v0001" / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_what_was_not_compared_is_said_in_card_and_report(store):
    Round(1).page(urls()[0], prose(1)).write(store)
    done = publish(store, CleaningSettings(), PublishSettings())
    paths = [done.path / "README.md", done.path / "report.html"]
    said = "12,345 documents that very many others are like were not compared with all of these"
    assert not any("not compared" in path.read_text(encoding="utf-8") for path in paths)
    manifest = Manifest.read(done.path)
    figures = manifest.figures | {"uncompared": 12_345}
    write_texts(done.path, done.version, figures, manifest.settings)
    write_report(done.path, done.version, figures, None, Takedowns.load(store))
    assert all(said in path.read_text(encoding="utf-8") for path in paths)


def test_bars_beyond_the_most_are_one():
    found = bars({"a": 10, "b": 5, "c": 2, "d": 1}, most=2)
    assert [(bar.name, bar.value, bar.share) for bar in found] == [("a", 10, 1.0), ("b", 5, 0.5), ("other", 3, 0.3)]


def browse(address: str, script: str, *, width: int) -> tuple[object, list[str]]:
    """Open a page in Chromium, evaluate a script in it, and give its value and the errors that were logged."""
    profile = Path(tempfile.mkdtemp(prefix="chromium-"))
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    browser = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        port_file = profile / "DevToolsActivePort"
        deadline = time.monotonic() + 60
        while not (port_file.exists() and port_file.read_text()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return asyncio.run(_visit(int(port_file.read_text().split()[0]), address, script, width))
    finally:
        browser.terminate()
        browser.wait(30)
        shutil.rmtree(profile, ignore_errors=True)


async def _visit(port: int, address: str, script: str, width: int) -> tuple[object, list[str]]:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            target = next(one for one in await answer.json() if one["type"] == "page")
        async with session.ws_connect(target["webSocketDebuggerUrl"]) as socket:
            return await _evaluate(socket, address, script, width)


async def _evaluate(socket, address: str, script: str, width: int) -> tuple[object, list[str]]:
    errors: list[str] = []
    loaded = asyncio.Event()
    answers: dict[int, asyncio.Future] = {}

    async def listen():
        async for message in socket:
            event = json.loads(message.data)
            if event.get("id") in answers:
                answers[event["id"]].set_result(event)
            if event.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                errors.append(json.dumps(event["params"]))
            if event.get("method") == "Page.loadEventFired":
                loaded.set()

    async def send(method: str, **params):
        number = len(answers)
        answers[number] = asyncio.get_running_loop().create_future()
        await socket.send_json({"id": number, "method": method, "params": params})
        return await asyncio.wait_for(answers[number], 30)

    listening = asyncio.create_task(listen())
    for domain in ("Runtime", "Log", "Page"):
        await send(f"{domain}.enable")
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    await send("Emulation.setDeviceMetricsOverride", **metrics)
    await send("Page.navigate", url=address)
    await asyncio.wait_for(loaded.wait(), 30)
    answer = await send("Runtime.evaluate", expression=script, returnByValue=True)
    listening.cancel()
    return answer["result"]["result"].get("value"), errors


LARGE = """(() => {
  const wide = one => one.scrollWidth - one.clientWidth, all = wanted => [...document.querySelectorAll(wanted)];
  const scroll = document.querySelector("#sites .scroll"), end = scroll.getBoundingClientRect().right;
  const charts = all(".bars .n").map(n => [n.textContent, n.previousElementSibling.children.length]);
  return {
    page: wide(document.documentElement), tiles: Math.max(...all(".tile, .tile b").map(wide)),
    column: Math.max(...all("#sites tr").map(row => row.cells[4].getBoundingClientRect().right)) - end,
    scroll: wide(scroll),
    rows: new Set(all(".three .tile").map(tile => tile.offsetTop)).size,
    alone: all(".tiles:not(.three)").some(grid => {
      const last = [...grid.children].pop();
      return ![...grid.children].some(one => one !== last && one.offsetTop === last.offsetTop);
    }),
    zeros: charts.filter(([n, bars]) => n === "0").map(([n, bars]) => bars),
    others: charts.filter(([n, bars]) => n !== "0").map(([n, bars]) => bars),
  };
})()"""
"""What does not fit, in pixels; rows of the splits' cards; whether the last of the others is alone; bars by number."""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A report with the numbers of a corpus as large as CoWeSe, and with a long host."""
    store = Store.open(tmp_path_factory.mktemp("large") / "store")
    long = "www.hospital-universitario-de-la-princesa.comunidad.madrid"
    Round(1).page(urls()[0], prose(1)).page(f"https://{long}/x", prose(2)).write(store)
    done = publish(store, CleaningSettings(), PublishSettings())
    figures = Manifest.read(done.path).figures | {"documents": 1_234_567, "words": 745_712_345, "urls": 12_345_678}
    figures["splits"] = {"train": 1_203_456, "validation": 6_172, "test": 24_939}
    write_report(done.path, done.version, figures, None, Takedowns.load(store))
    page = (done.path / "report.html").read_text(encoding="utf-8")
    cells = itertools.cycle(["123,456", "98,765,432", "234,567"])
    page = re.sub(r'(<td class="n" data-n="\d+">)[^<]*', lambda cell: cell[1] + next(cells), page)
    (done.path / "report.html").write_text(page, encoding="utf-8")
    return done.path / "report.html"


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("width", [375, 390, 500, 640, 641, 800, 1024, 1025, 1280])
def test_large_numbers_fit_and_no_card_stands_alone(large, width):
    seen, errors = browse(large.as_uri(), LARGE, width=width)
    assert errors == []
    assert max(seen["page"], seen["tiles"], seen["scroll"], seen["column"]) <= 0, seen
    assert seen["rows"] == 1
    assert seen["alone"] is False
    assert set(seen["zeros"]) == {0}
    assert set(seen["others"]) == {1}


SCRIPT = """(() => {
  const search = document.querySelector("#search");
  const visible = () => [...document.querySelectorAll("#sites tbody tr")].filter(row => row.offsetHeight).length;
  const hosts = () => [...document.querySelectorAll("#sites tbody tr")].map(row => row.cells[0].textContent);
  const before = visible();
  search.value = "GUIA"; search.dispatchEvent(new Event("input"));
  const found = visible(), said = document.querySelector("#shown").textContent;
  search.value = ""; search.dispatchEvent(new Event("input"));
  document.querySelector("#sites th button").click();
  return {
    title: document.title, before, found, said, after: visible(), hosts: hosts(),
    bars: [...document.querySelectorAll(".bar")].map(bar => bar.offsetWidth),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
})()"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("width", [1280, 375])
def test_report_in_chromium(store, width):
    done = two_versions(store)
    seen, errors = browse((done.path / "report.html").as_uri(), SCRIPT, width=width)
    assert errors == []
    assert seen["title"] == "CoWeSe v0002"
    assert (seen["before"], seen["found"], seen["said"], seen["after"]) == (6, 1, "1 site", 6)
    assert seen["hosts"] == sorted(seen["hosts"])
    assert len(seen["bars"]) > 20
    assert all(width > 0 for width in seen["bars"])
    assert max(seen["bars"]) > 80
    assert seen["overflow"] <= 0
