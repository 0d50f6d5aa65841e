"""The Wayback Machine on loopback: last captures of dead hosts, permissions of their day first, gently, none twice."""

import gzip
import os
import signal
import subprocess
import sys

import pytest
import sqlalchemy as sa
from corpus_rounds import prose
from fastwarc.warc import ArchiveIterator, WarcRecordType
from pydantic import ValidationError
from warc_files import html
from wayback import Machine, serving

from cleaning.clean import clean
from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from crawler.frontier.database import open_engine
from crawler.frontier.tables import hosts
from crawler.settings import CrawlSettings
from crawler.sources.settings import WaybackSettings
from crawler.sources.wayback.run import archive_wayback
from crawler.views.dead_hosts import dead_hosts
from data.engines.engine import EngineSettings
from data.errors import InputError, StageError
from data.parquet import read_parquet

pytestmark = pytest.mark.slow

HOST = "www.vieja.example"
ROBOTS = b"User-agent: *\nDisallow: /privado/\n"


def page(seed):
    return html("\n".join(prose((seed, number)) for number in range(3)))


@pytest.fixture
def crawling(tmp_path):
    path = tmp_path / "seeds.tsv"
    lines = [f"http://{HOST}/\tVieja\tMX\thospital\thost", "https://p.example/salud/\tP\tES\tportal\tprefix"]
    path.write_text("url\tname\tcountry\tcategory\tscope\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return CrawlSettings(seeds=path)


@pytest.fixture
def machine():
    found = Machine()
    found.add("20120101000000", f"http://{HOST}:80/robots.txt", b"User-agent: *\nAllow: /\n", mime="text/plain")
    found.add("20140101000000", f"http://{HOST}/robots.txt", ROBOTS, mime="text/plain")
    for number in range(5):
        found.add("20110505101010", f"http://{HOST}/p{number}", page(("old", number)))
        found.add("20150505101010", f"http://{HOST}/p{number}", page(("new", number)), Link="</x>; rel=next")
    found.add("20150505101010", f"http://{HOST}/privado/a", page("privado"))
    found.add("20130505101010", f"http://{HOST}/privado/b", page("aun no"))
    found.add("20150505101010", f"http://{HOST}/foto.jpg", b"jpeg", mime="image/jpeg")
    found.add("20150505101010", f"http://{HOST}/gone", b"404", status=404)
    with serving(found):
        yield found


def bring(store, crawling, machine, hosts=(HOST,), **more):
    return archive_wayback(store, crawling, machine.settings, hosts=hosts, **more)


def records(store):
    found = []
    for path in sorted((store.warc / "wayback").glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True):
                headers = {name.lower(): value for name, value in record.headers.items()}
                found.append((headers, dict(record.http_headers.items()), record.reader.read()))
    return found


def test_the_last_capture_of_each_page_comes_with_its_own_day(store, crawling, machine):
    done = bring(store, crawling, machine)
    assert (done.pages, done.fetched, done.left_out) == (6, 8, {"robots/disallowed": 1})
    found = {headers["warc-target-uri"]: (headers, fields, body) for headers, fields, body in records(store)}
    headers, fields, body = found[f"http://{HOST}/p3"]
    assert headers["warc-date"] == "2015-05-05T10:10:10Z"
    assert headers["warc-refers-to-target-uri"] == f"{machine.settings.base_url}web/20150505101010id_/http://{HOST}/p3"
    assert headers["cowese-seed"] == f"http://{HOST}/"
    assert (fields["link"], body) == ("</x>; rel=next", page(("new", 3)))
    assert f"http://{HOST}/privado/b" in found
    assert sum(path.startswith("/cdx") and "matchType=host" in path for path in machine.asked) == 5
    again = bring(store, crawling, machine)
    assert (again.fetched, again.already, again.requests) == (0, 6, 0)
    assert set(machine.asked.values()) == {1}
    kept = b"".join(path.read_bytes() for path in (store.crawl / "archives").rglob("*") if path.is_file())
    assert b"/p3" not in kept, "no address is kept that forgetting would not find"


def test_they_become_documents_of_their_source(store, crawling, machine):
    bring(store, crawling, machine)
    one = EngineSettings(workers=1)
    clean(store, CleaningSettings(min_chars=100), engine=one)
    version = publish(store, CleaningSettings(min_chars=100), PublishSettings(test_share=0.001), engine=one)
    rows = [row for path in (version.path / "data").rglob("*.parquet") for row in read_parquet(path).to_pylist()]
    assert len(rows) == 6
    assert {(row["source"], row["country"], row["fetched_at"].year) for row in rows} == {
        ("wayback", "MX", 2015),
        ("wayback", "MX", 2013),
    }
    assert "- **wayback:** The Wayback Machine" in (version.path / "public_summary.md").read_text("utf-8")


def test_a_refusal_is_waited_for_and_too_many_end_the_run_without_loss(store, crawling, machine):
    machine.refusals = [(429, {"Retry-After": "0"}), (503, {})]
    assert bring(store, crawling, machine, dry_run=True).refusals == 2
    machine.refusals = [(0, {}), (0, {}), (0, {})]
    with pytest.raises(
        StageError, match=r"the connection failed .*, 3 times\. What came is kept: run the same command"
    ):
        bring(store, crawling, machine)
    machine.refusals = []
    assert bring(store, crawling, machine).fetched == 8


def test_an_archived_refusal_is_no_refusal(store, crawling, machine):
    machine.add("20160101000000", f"http://{HOST}/p9", b"limite", status=200)
    mime, _, body, fields = machine.captures["20160101000000", f"http://{HOST}/p9"]
    bring(store, crawling, machine, dry_run=True)
    machine.captures["20160101000000", f"http://{HOST}/p9"] = (mime, 429, body, fields)
    done = bring(store, crawling, machine)
    assert (done.refusals, done.left_out["not_there"]) == (0, 1)
    assert bring(store, crawling, machine).requests == 0


def test_bytes_of_another_moment_have_that_moments_date(store, crawling, machine):
    machine.moved["20150505101010", f"http://{HOST}/p1"] = "20110505101010"
    bring(store, crawling, machine)
    found = {headers["warc-target-uri"]: headers["warc-date"] for headers, _, _ in records(store)}
    assert found[f"http://{HOST}/p1"] == "2011-05-05T10:10:10Z"


def test_bytes_that_are_still_packed_say_so(store, crawling, machine):
    """As clients of the archive report: gzip without its field; then the answer to a lookup that is no JSON."""
    body = gzip.compress(page("packed"))
    machine.add("20160505101010", f"http://{HOST}/p1", body, Content_Encoding="gzip", Content_Type="text/html")
    bring(store, crawling, machine)
    (fields,) = [fields for headers, fields, _ in records(store) if headers["warc-target-uri"].endswith("/p1")]
    assert fields["content-encoding"] == "gzip"


def test_an_index_that_answers_a_page_ends_the_run(store, crawling, machine):
    machine.refusals = [(200, {"Content-Type": "text/html"})]
    with pytest.raises(StageError, match=r"the archive's index answers no JSON\. Run the same command later"):
        bring(store, crawling, machine)
    assert bring(store, crawling, machine).fetched == 8


def test_a_host_that_the_archive_does_not_show_is_left_out(store, crawling, machine):
    machine.excluded.add(HOST)
    done = bring(store, crawling, machine)
    assert (done.fetched, done.left_out) == (0, {"excluded": 1})


def test_of_a_start_url_that_is_a_prefix_only_what_lies_below_it(store, crawling, machine):
    for path in ("salud/a", "salud/b?x=1", "otra"):
        machine.add("20150505101010", f"https://p.example/{path}", page(path))
    done = bring(store, crawling, machine, hosts=["p.example"])
    assert {headers["warc-target-uri"] for headers, _, _ in records(store)} == {
        "https://p.example/salud/a",
        "https://p.example/salud/b?x=1",
    }
    assert done.fetched == 2


def test_dead_hosts_are_those_that_the_crawl_could_not_reach(store, crawling):
    with pytest.raises(InputError, match="no crawl yet"):
        dead_hosts(store, crawling)
    store.crawl_state.parent.mkdir(parents=True)
    engine = open_engine(f"sqlite:///{store.crawl_state}")
    with engine.begin() as connection:
        for name, state in ((HOST, "unreachable"), ("p.example", None), ("otra.example", "unreachable")):
            connection.execute(sa.insert(hosts).values(host=name, state=state))
    engine.dispose()
    assert dead_hosts(store, crawling) == [HOST]


def test_what_a_user_can_mend_is_said(store, crawling, machine):
    with pytest.raises(InputError, match=r"nadie\.example: the host of no start URL"):
        bring(store, crawling, machine, hosts=["nadie.example"])
    with pytest.raises(InputError, match=r"no contact: those who run web\.archive\.org"):
        archive_wayback(store, crawling, WaybackSettings(), hosts=[HOST])
    with pytest.raises(ValidationError, match="lookups_per_minute is 24 at most"):
        WaybackSettings(lookups_per_minute=60)


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(store, crawling, machine):
    machine.hold = "id_/http://www.vieja.example/p3"
    command = "from flows.cli import main; main()"
    options = ["archive", "wayback", "--host", HOST, "--store", store.root, "--seeds", crawling.seeds]
    faster = [f"archive.wayback.{name}={getattr(machine.settings, name)}" for name in WaybackSettings.model_fields]
    sets = [word for one in faster for word in ("--set", one)]
    with subprocess.Popen([sys.executable, "-c", command, *map(str, options), *sets], cwd=store.root) as child:
        assert machine.held.wait(180)
        os.kill(child.pid, signal.SIGKILL)
        child.wait(60)
    machine.hold = "/never/"
    machine.go.set()
    done = bring(store, crawling, machine)
    assert done.fetched + done.already == 6
    found = [headers["warc-target-uri"] for headers, _, _ in records(store)]
    assert len(found) == len(set(found)) + 1  # robots.txt was captured twice
    assert {body for headers, _, body in records(store) if "/p" in headers["warc-target-uri"][8:]} >= {
        page(("new", number)) for number in range(5)
    }
    assert not list(store.warc.rglob("*.open"))
