"""Random histories of pages and reservations in real WARC files, held against a model that knows no ledger."""

import io
import random
from dataclasses import dataclass
from datetime import timedelta

import pytest
from corpus_rounds import START, parquet_bytes, prose
from warc_files import html
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cleaning.clean import clean
from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.engines.engine import EngineSettings
from data.parquet import read_parquet
from data.rights.settings import RIGHTS, RightsSettings

CLEANING, ONE = CleaningSettings(min_chars=100), EngineSettings(workers=1)
LENIENT = RightsSettings(named_agents="ignore", missing_licence="ignore")
HOSTS, PATHS, ROUNDS, EVENTS = ("a.es", "b.es", "c.es", "d.es", "e.es"), ("x", "y"), 3, 26
PLAIN, JSON, RSL = "text/plain", "application/json", "application/rsl+xml"
LICENCE = (
    '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license><{0} type="usage">ai-train</{0}></license>'
    "</content></rsl>"
)

FILES = {  # file → what it may say: body, media type, status, and the paths that are then reserved
    "/robots.txt": [
        ("User-agent: *\nAllow: /\n", PLAIN, 200, ""),
        ("User-agent: *\nContent-Signal: ai-train=no\n", PLAIN, 200, "xy"),
        ("User-agent: *\nContent-Usage: /x train-ai=n\n", PLAIN, 200, "x"),
        ("User-agent: *\nDisallow: /y\n", PLAIN, 200, "y"),
        ("gone", PLAIN, 404, ""),
        ("busy", PLAIN, 503, None),  # says nothing
    ],
    "/.well-known/tdmrep.json": [
        ('[{"location": "/x", "tdm-reservation": 1}]', JSON, 200, "x"),
        ('[{"location": "/", "tdm-reservation": 0}]', JSON, 200, ""),
    ],
    "/ai.txt": [("User-Agent: *\nDisallow: /y\n", PLAIN, 200, "y"), ("", PLAIN, 404, "")],
    "/l.xml": [(LICENCE.format("prohibits"), RSL, 200, "xy"), (LICENCE.format("permits"), RSL, 200, "")],
    "agent": [("User-agent: GPTBot\nDisallow: /\n", PLAIN, 200, "")],
}
OWN = [("", False), ("", False), ('<meta name="robots" content="noai">', True), ("licence", False)]
"""Elements of a page, and whether they reserve it; one names the licence of its host."""


@dataclass(frozen=True)
class Said:
    """What a host said."""

    file: str
    host: str
    at: int
    warc: int
    paths: str
    named: bool


@dataclass(frozen=True)
class Fetched:
    """A page as it was fetched."""

    host: str
    path: str
    at: int
    warc: int
    own: tuple[str, bool]


def history(seed):
    """The records of each WARC file, and the same for the model. Minutes are all different; some are out of order."""
    chance = random.Random(seed)
    minutes = chance.sample(range(10_000), ROUNDS * EVENTS)
    files, said, fetched = [], [], []
    for warc in range(ROUNDS):
        records = []
        for at in sorted(minutes[warc * EVENTS : (warc + 1) * EVENTS]):
            host = chance.choice(HOSTS)
            if chance.random() < 0.5:
                path, own = chance.choice(PATHS), chance.choice(OWN)
                head = f'<link rel="license" type="{RSL}" href="/l.xml">' if own[0] == "licence" else own[0]
                text = "\n".join(prose(f"{host}{path}{chance.randrange(3)}{n}") for n in range(3))
                records.append(
                    (f"https://{host}/{path}", html(text, f"<title>Asma</title>{head}"), "text/html", 200, at)
                )
                fetched.append(Fetched(host, path, at, warc, own))
                continue
            file = chance.choice(list(FILES))
            body, kind, status, paths = chance.choice(FILES[file])
            name = "/robots.txt" if file == "agent" else file
            records.append((f"https://{host}{name}", body.encode(), kind, status, at))
            if paths is not None:
                said.append(Said(name, host, at, warc, paths, file == "agent"))
        files.append(records)
    return files, said, fetched


def reserved(page, said, *, at, lenient, publishing):
    """Whether a host or its page reserves a page, by some of what was said; ``at`` None is today."""
    files = {one.file for one in said if one.host == page.host}
    current = {file: _current([one for one in said if (one.host, one.file) == (page.host, file)], at) for file in files}
    licence = current.pop("/l.xml", None)
    if page.own[1] or any(page.path in one.paths for one in current.values()):
        return True
    if publishing and not lenient and any(one.named for one in current.values()):
        return True
    if page.own[0] != "licence":
        return False
    return publishing and not lenient if licence is None else page.path in licence.paths


def _current(statements, at):
    statements = sorted(statements, key=lambda one: one.at)
    before = [one for one in statements if at is None or one.at <= at]
    return before[-1] if before else statements[0]


def expected(said, fetched, *, today, lenient):
    """The pages that a version may hold: the latest of each address, unless its own WARC file or all of them refuse."""
    latest = {}
    for page in sorted(fetched, key=lambda one: one.at):
        latest[page.host, page.path] = page
    living = set()
    for page in latest.values():
        own_file = [one for one in said if one.warc == page.warc]
        refused = reserved(page, own_file, at=page.at, lenient=True, publishing=False)
        at = None if today else page.at
        if not refused and not reserved(page, said, at=at, lenient=lenient, publishing=True):
            living.add(f"https://{page.host}/{page.path}")
    return living


def write(path, records):
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for url, body, kind, status, at in records:
            date = (START + timedelta(minutes=at)).strftime("%Y-%m-%dT%H:%M:%SZ")
            head = StatusAndHeaders(str(status), [("Content-Type", kind)], protocol="HTTP/1.1")
            fields = {"WARC-Date": date}
            stream = io.BytesIO(body)
            made = writer.create_warc_record(
                url, "response", payload=stream, http_headers=head, warc_headers_dict=fields
            )
            writer.write_record(made)


def settled(folder):
    """Addresses in the corpus, with those that lost to another page as duplicates."""
    living = {
        url for path in (folder / "data").rglob("*.parquet") for url in read_parquet(path, ["url"])["url"].to_pylist()
    }
    rows = [row for path in (folder / "dropped").rglob("*.parquet") for row in read_parquet(path).to_pylist()]
    assert {row["reason"] for row in rows if row["reason"].startswith("policy/")} <= {"policy/opted_out"}
    return living | {row["url"] for row in rows if row["reason"].startswith("duplicate/")}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 27])
def test_any_history_is_published_as_the_model_has_it_and_cold_gives_the_same_bytes(store, seed):
    files, said, fetched = history(seed)
    for number, records in enumerate(files):
        write(store.warc / f"{number + 1:04d}" / "a.warc.gz", records)
        clean(store, CLEANING, engine=ONE)
        known = ([one for one in said if one.warc <= number], [one for one in fetched if one.warc <= number])
        for mode in ("as_fetched", "as_of_today"):
            for rights in (RIGHTS, LENIENT):
                wanted = expected(*known, today=mode == "as_of_today", lenient=rights is LENIENT)
                if wanted:
                    chosen = PublishSettings(test_share=0.001, rights=mode)
                    done = publish(store, CLEANING, chosen, rights=rights, engine=ONE)
                    assert settled(done.path) == wanted, (number, mode, rights)
    for mode in ("as_fetched", "as_of_today"):
        chosen = PublishSettings(test_share=0.001, rights=mode)
        warm = parquet_bytes(publish(store, CLEANING, chosen, engine=ONE).path)
        cold = publish(store, CLEANING, chosen, cold=True, engine=ONE)
        assert (cold.changed, cold.differences) == (False, [])
        assert parquet_bytes(cold.path) == warm
