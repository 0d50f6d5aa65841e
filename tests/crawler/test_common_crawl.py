"""Common Crawl on loopback: every record as it lies there, none lost, none twice, permissions of the month first."""

import doctest
import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest
from common_crawl import Archive, Capture, copied, month, serving
from corpus_rounds import prose
from warc_files import html

import crawler.sources.common_crawl.key_prefixes
import crawler.sources.common_crawl.thrift
from cleaning.clean import clean
from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from crawler.settings import CrawlSettings
from crawler.sources.common_crawl.run import archive_common_crawl
from crawler.views.history import history
from data.engines.engine import EngineSettings
from data.errors import InputError, StageError

pytestmark = pytest.mark.slow

CRAWL = "CC-MAIN-2026-05"
HOSTS = [f"h{number:02d}.example" for number in range(12)]
"""Of which the even ones are ours."""
ROBOTS = b"User-agent: *\nDisallow: /privado/\n"


def captures(when, hosts=HOSTS, pages=9):
    """A month: each host's robots.txt and some pages."""
    found = []
    for host in hosts:
        found.append(Capture(f"https://www.{host}/robots.txt", ROBOTS, when, mime="text/plain", languages=None))
        for number in range(pages):
            folder = "privado" if number == 0 else "salud"
            url = f"https://www.{host}/{folder}/p{number}"
            found.append(Capture(url, html(prose((host, number))), when))
    return found


@pytest.fixture
def ours(tmp_path):
    lines = [f"https://www.{host}/\tHospital {host}\tES\thospital\thost" for host in HOSTS[::2]]
    path = tmp_path / "seeds.tsv"
    path.write_text("url\tname\tcountry\tcategory\tscope\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return CrawlSettings(seeds=path)


@pytest.fixture
def archive():
    with serving(Archive()) as found:
        yield found


def wanted(archive, hosts=tuple(HOSTS[::2])):
    """The records of our hosts that robots.txt lets us have."""
    import gzip

    found = set()
    for member in archive.members.values():
        head = gzip.decompress(member).partition(b"\r\n\r\n")[0].decode()
        if any(f"//www.{host}/" in head for host in hosts) and "/privado/" not in head:
            found.add(member)
    return found


def check_all_are_there(store, archive, expected=None):
    there = copied(store.warc / "common-crawl")
    expected = wanted(archive) if expected is None else expected
    given = {member: count for member, count in there.items() if member in set(archive.members.values())}
    assert given == dict.fromkeys(expected, 1)


@pytest.mark.parametrize("module", [crawler.sources.common_crawl.key_prefixes, crawler.sources.common_crawl.thrift])
def test_examples(module):
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)


@pytest.mark.parametrize("page_index", [True, False])
def test_every_record_of_our_hosts_is_copied_and_no_other_is_asked_for(store, archive, ours, page_index):
    archive.add(CRAWL, captures(month(1)), page_index=page_index)
    summary = archive_common_crawl(store, ours, archive.settings(), [CRAWL])
    check_all_are_there(store, archive)
    assert (summary.records, summary.fetched, summary.hosts) == (54, 54, 6)
    assert summary.left_out["robots/disallowed"] == 6
    (told,) = history(store, ours, f"https://www.{HOSTS[0]}/privado/p0").left_out
    assert (told.source, told.reason, told.fetched_at) == (f"common-crawl/{CRAWL}", "robots/disallowed", month(1))
    assert len(archive.record_requests()) <= 1.1 * summary.record_requests
    asked = len(archive.asked)
    again = archive_common_crawl(store, ours, archive.settings(), [CRAWL])
    assert (again.already, again.fetched, len(archive.asked)) == (54, 0, asked), "a second run asks for nothing"


def test_a_dry_run_reads_the_index_alone(store, archive, ours):
    archive.add(CRAWL, captures(month(1)))
    summary = archive_common_crawl(store, ours, archive.settings(), [CRAWL], dry_run=True)
    assert archive.record_requests() == []
    assert (summary.records, summary.fetched, summary.hosts) == (60, 0, 6)
    assert summary.record_megabytes > 0
    assert 0 < summary.record_requests < 60
    asked = len(archive.asked)
    archive_common_crawl(store, ours, archive.settings(), [CRAWL])
    assert archive.served()[asked:] == archive.record_requests(), "the run after it does not read the index"


def test_refusals_and_cut_answers_are_waited_out(store, archive, ours):
    """Bursts of 403, 429 and 503, now and then with Retry-After, and every seventh answer cut."""

    def fault(number, path, span):
        if number % 10 in (3, 4, 5):
            return (403, 429, 503)[number % 3], ({"Retry-After": "0"} if number % 2 else {})
        return 7 if number % 7 == 6 else None

    archive.add(CRAWL, captures(month(1)))
    archive.fault = fault
    summary = archive_common_crawl(store, ours, archive.settings(merge_max_bytes=4_000, attempts=50), [CRAWL])
    check_all_are_there(store, archive)
    given = archive.record_requests()
    assert len(given) == len(set(given)) == summary.record_requests, "nothing that came was asked for twice"


def test_a_refusal_without_end_says_what_to_do(store, archive, ours):
    archive.add(CRAWL, captures(month(1)))
    archive.fault = lambda _number, path, _span: (503, {}) if path.endswith(".warc.gz") else None
    with pytest.raises(StageError, match=r"HTTP 503, 3 times\..*run the same command again later"):
        archive_common_crawl(store, ours, archive.settings(attempts=3), [CRAWL])
    archive.fault = Archive().fault
    archive_common_crawl(store, ours, archive.settings(), [CRAWL])
    check_all_are_there(store, archive)


def test_wrong_offsets_and_a_moved_file_cost_only_their_own_records(store, archive, ours):
    archive.add(CRAWL, captures(month(1)))
    files = dict(archive.files)
    pages = sorted(path for path in files if "/warc/CC-MAIN" in path and path.endswith(".warc.gz"))
    del archive.files[pages[0]]
    archive.files[pages[1]] = b"\0" * 5 + files[pages[1]]
    with pytest.raises(StageError) as error:
        archive_common_crawl(store, ours, archive.settings(), [CRAWL])
    assert f"{CRAWL}: " in str(error.value)
    assert "records do not lie where its index says" in str(error.value)
    assert "is not there (HTTP 404)" in str(error.value)
    assert "Run the same command again: it reads the index again" in str(error.value)
    lost = {member for (path, _), member in archive.members.items() if path in pages[:2]}
    check_all_are_there(store, archive, wanted(archive) - lost)
    archive.files = files
    before = len(archive.asked)
    archive_common_crawl(store, ours, archive.settings(), [CRAWL])
    check_all_are_there(store, archive)
    asked = [path for path, _ in archive.record_requests()[-len(archive.asked[before:]) :]]
    assert pages[2] not in asked[-2:], "what came the first time is not asked for again"


def test_a_file_that_is_shorter_than_the_index_says(store, archive, ours):
    archive.add(CRAWL, captures(month(1)), warcs=1)
    (page_file,) = (path for path in archive.files if "/warc/CC-MAIN" in path and path.endswith(".warc.gz"))
    archive.files[page_file] = archive.files[page_file][:-10]
    ours_last = [member for (path, _), member in archive.members.items() if path == page_file]
    with pytest.raises(StageError, match=r"1 records do not lie|has [\d,]+ bytes"):
        archive_common_crawl(
            store,
            ours.model_copy(update={"seeds": _seeds_of(store.root.parent, HOSTS[-1])}),
            archive.settings(),
            [CRAWL],
        )
    there = copied(store.warc / "common-crawl")
    assert ours_last[-1] not in there
    assert ours_last[-2] in there, "those before it in the same request are kept"


def _seeds_of(folder, host):
    path = folder / "one.tsv"
    path.write_text(
        f"url\tname\tcountry\tcategory\tscope\nhttps://www.{host}/\tUno\tES\thospital\thost\n", encoding="utf-8"
    )
    return path


def test_a_truncated_body_is_kept_and_marked(store, archive, ours):
    host = HOSTS[0]
    cut = Capture(f"https://www.{host}/largo", html(prose("largo"))[:-200], month(1), truncated="length")
    archive.add(CRAWL, [*captures(month(1)), cut])
    summary = archive_common_crawl(store, ours, archive.settings(), [CRAWL])
    assert summary.truncated == 1
    check_all_are_there(store, archive)
    told = [member for member in copied(store.warc / "common-crawl") if b"metadata" in _text(member)]
    assert sum(b"WARC-Truncated: length" in _text(member) for member in told) == 1


def _text(member):
    import gzip

    return gzip.decompress(member)


def test_killed_at_any_moment_nothing_is_lost_and_nothing_that_came_is_asked_twice(store, archive, ours, tmp_path):
    archive.add(CRAWL, captures(month(1), pages=20), warcs=4)
    kills = iter((6, 14, 19, 30, 47))
    code = (
        "import sys; from pathlib import Path; from crawler.settings import CrawlSettings\n"
        "from crawler.sources.settings import CommonCrawlSettings; from data.store import Store\n"
        "from crawler.sources.common_crawl.run import archive_common_crawl\n"
        "archive_common_crawl(Store.open(sys.argv[1]), CrawlSettings(seeds=Path(sys.argv[2])),"
        " CommonCrawlSettings(base_url=sys.argv[3], requests_per_second=1e6, merge_max_bytes=3000, concurrency=1),"
        " [sys.argv[4]])"
    )
    command = [sys.executable, "-c", code, str(store.root), str(ours.seeds), archive.settings().base_url, CRAWL]
    for at in kills:
        child = subprocess.Popen(command)
        deadline = time.monotonic() + 300
        while len(archive.asked) < at and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert subprocess.run(command, check=False, timeout=900).returncode == 0
    check_all_are_there(store, archive)
    given = archive.record_requests()
    in_flight = 3  # one in flight and at most two that waited to be written
    assert len(given) - len(set(given)) <= 5 * in_flight


def test_years_of_crawls_are_a_history(store, archive, ours):
    """What changed, what went, what was new: the newest state of each page wins, whatever the order of the crawls."""
    host = HOSTS[0]
    page = f"https://www.{host}/salud/p"
    first = [
        Capture(f"{page}1", html(prose("uno")), month(1)),
        Capture(f"{page}2", html(prose("dos")), month(1)),
        Capture(f"{page}3", html(prose("tres")), month(1)),
    ]
    second = [
        Capture(f"{page}1", html(prose("uno")), month(2)),
        Capture(f"{page}2", html(prose("dos, nuevo")), month(2)),
        Capture(f"{page}3", b"no", month(2), status=404, languages=None),
        Capture(f"http://www.{host}/salud/p1", b"", month(2, 2), status=301, headers=(("Location", f"{page}1"),)),
        Capture(f"{page}4", html(prose("cuatro")), month(2)),
    ]
    archive.add("CC-MAIN-2026-05", first)
    archive.add("CC-MAIN-2026-09", second)
    summary = archive_common_crawl(store, ours, archive.settings(), ["CC-MAIN-2026-09", "CC-MAIN-2026-05"])
    assert summary.crawls == ["CC-MAIN-2026-05", "CC-MAIN-2026-09"]
    assert summary.left_out == {"redirect/same_page": 1}
    one = EngineSettings(workers=1)
    clean(store, CleaningSettings(), engine=one)
    version = publish(store, CleaningSettings(), PublishSettings(), engine=one)
    rows = [row for path in sorted(version.path.glob("data/*/*.parquet")) for row in pq.read_table(path).to_pylist()]
    seen = {row["url"][-2:]: (row["text"], row["first_seen_at"].month, row["fetched_at"].month) for row in rows}
    assert seen == {
        "p1": (prose("uno"), 1, 2),
        "p2": (prose("dos, nuevo"), 1, 2),
        "p4": (prose("cuatro"), 2, 2),
    }
    assert {(row["source"], row["site"]) for row in rows} == {("common-crawl", f"https://www.{host}/")}
    assert version.dropped == {"http/404": 1}


def test_what_a_month_reserved_is_not_fetched(store, archive, ours):
    a, b, c, d = (f"https://www.{host}" for host in HOSTS[:8:2])
    text = {"mime": "text/plain", "languages": None}
    said = [
        Capture(f"{a}/robots.txt", b"User-agent: *\nContent-Signal: ai-train=no\n", month(1, 3), **text),
        Capture(f"{a}/robots.txt", b"", month(1, 1), **text),
        Capture(f"{b}/robots.txt", b"", month(1), status=503, **text),
        Capture(f"{c}/robots.txt", b"", month(1), **text),
        Capture(f"{c}/ai.txt", b"User-agent: *\nDisallow: /\n", month(1), **text),
        Capture(f"{d}/robots.txt", b"License: https://lic.example/rsl.xml\n", month(1), **text),
    ]
    pages = [
        Capture(f"{host}/p{day}", html(prose((host, day))), month(1, day)) for host in (a, b, c, d) for day in (2, 4)
    ]
    archive.add(CRAWL, said + pages)
    summary = archive_common_crawl(store, ours, archive.settings(), [CRAWL])
    assert summary.left_out == {
        "rights/content_signal": 1,
        "robots/unreachable": 2,
        "rights/ai_txt": 2,
        "kind/permissions": 1,
    }
    there = set(copied(store.warc / "common-crawl"))
    urls = sorted(
        line for member in there for line in _text(member).split(b"\r\n") if line.startswith(b"WARC-Target-URI")
    )
    got = {line.decode().partition(": ")[2] for line in urls}
    assert {one for one in got if "/p" in one} == {f"{a}/p2", f"{d}/p2", f"{d}/p4"}


def test_names_and_contact(store, archive, ours):
    archive.add(CRAWL, captures(month(1)))
    with pytest.raises(InputError, match="not the name of a crawl"):
        archive_common_crawl(store, ours, archive.settings(), ["2026-05"])
    with pytest.raises(InputError, match=r"CC-MAIN-2026-99: no such crawl, or its index is not published yet"):
        archive_common_crawl(store, ours, archive.settings(), ["CC-MAIN-2026-99"])
    with pytest.raises(InputError, match="no contact"):
        archive_common_crawl(store, ours, archive.settings(base_url="https://data.commoncrawl.org/"), [CRAWL])


def test_any_store_of_files_by_the_same_code(store, archive, ours, tmp_path):
    """As s3://, through fsspec."""
    archive.add(CRAWL, captures(month(1)))
    for path, content in archive.files.items():
        (tmp_path / "bucket" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bucket" / path).write_bytes(content)
    settings = archive.settings(base_url=f"file://{tmp_path}/bucket/")
    assert archive_common_crawl(store, ours, settings, [CRAWL]).fetched == 54
    check_all_are_there(store, archive)
    with pytest.raises(InputError, match=r"install cowese\[s3\]"):
        archive_common_crawl(store, ours, archive.settings(base_url="s3://commoncrawl/"), [CRAWL])


def test_since_and_languages(store, archive, ours):
    host = f"https://www.{HOSTS[0]}"
    pages = [
        Capture(f"{host}/viejo", html(prose(1)), month(1, 1)),
        Capture(f"{host}/nuevo", html(prose(2)), month(1, 20)),
        Capture(f"{host}/en", html(prose(3)), month(1, 20), languages="eng"),
        Capture(f"{host}/a.jpg", b"\xff\xd8", month(1, 20), mime="image/jpeg", languages=None),
    ]
    archive.add(CRAWL, pages)
    settings = archive.settings(languages=["spa", "cat"])
    summary = archive_common_crawl(store, ours, settings, [CRAWL], since=month(1, 10))
    assert summary.left_out == {"since": 1, "language/eng": 1, "kind/jpeg": 1}
    assert summary.fetched == 1
