"""The frontier in SQLite and in PostgreSQL, leases, partitions, the order of hosts."""

import multiprocessing
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from crawl_processes import open_each, run_it
from crawler_web import Web, html, serving

from crawler.frontier.frontier import Frontier
from crawler.frontier.hosts import HostQueue
from crawler.frontier.numbers import DONE, QUEUED
from crawler.frontier.ownership import Ownership
from crawler.frontier.records import FoundUrl, HostState
from crawler.frontier.tables import hosts, urls
from crawler.process.run import crawl
from crawler.settings import CrawlSettings
from data.errors import StoreError
from data.store import Store
from data.urls import registered_domain


def postgres_tools():
    """The folder of PostgreSQL's own programs, as Debian lays them."""
    for folder in [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/bin")]:
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    tools = postgres_tools()
    if tools is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    pytest.importorskip("psycopg")
    folder = tmp_path_factory.mktemp("postgres")
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = "nobody"
        for path in (folder, *folder.parents):
            if path.owner() == "root" and path != Path("/tmp") and str(path).startswith("/tmp"):
                path.chmod(0o755)
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    data = folder / "data"
    given = {"user": user, "capture_output": True, "text": True, "cwd": folder}
    subprocess.run(
        [tools / "initdb", "-D", data, "-U", "cowese", "-A", "trust", "--no-sync", "-E", "UTF8"], check=True, **given
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [tools / "postgres", "-D", data, "-p", str(port), "-k", folder, "-h", "127.0.0.1", "-F"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, user=user, stdout=log, stderr=log, cwd=folder)
    try:
        for _ in range(200):
            asked = [tools / "pg_isready", "-h", "127.0.0.1", "-p", str(port)]
            if subprocess.run(asked, check=False, capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        yield f"postgresql+psycopg://cowese@127.0.0.1:{port}/"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)


@pytest.fixture(params=["sqlite", "postgresql"])
def dsn(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'state.sqlite3'}"
        return
    yield from database(request.getfixturevalue("postgres"))


@pytest.fixture
def shared_dsn(postgres):
    yield from database(postgres)


def database(server):
    """A database of its own for each test."""
    name = f"crawl{time.monotonic_ns()}"
    admin = sa.create_engine(server + "postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    yield server + name


@pytest.fixture
def frontier(dsn):
    opened = Frontier(dsn)
    yield opened
    opened.close()


def found(url, host="a.test", **others):
    return FoundUrl(url, host, "http://a.test/", **others)


@pytest.mark.slow
def test_links_are_queued_once_and_counted_by_host(frontier):
    links = [found("http://a.test/1"), found("http://a.test/2"), found("http://b.test/1", "b.test")]
    assert frontier.commit([], [*links, links[0]]) == {"a.test": 2, "b.test": 1}
    assert frontier.commit([], links) == {}
    assert frontier.queued_by_host() == {"a.test": 2, "b.test": 1}


def test_rows_come_by_their_rank_and_then_in_the_order_in_which_they_were_found(frontier):
    frontier.commit([], [found(f"http://a.test/{number}", rank=500 - number % 3) for number in range(50)])
    rows = frontier.queued("a.test", 100)
    numbers = {row.id: int(row.url.rpartition("/")[2]) for row in rows}
    ranked = [(500 - numbers[row.id] % 3, row.id) for row in rows]
    assert ranked == sorted(ranked)
    assert len(rows) == 50
    assert frontier.queued("a.test", 5) == rows[:5]


def test_an_outcome_and_its_links_are_written_together_or_not_at_all(frontier):
    frontier.commit([], [found("http://a.test/1")])
    (row,) = frontier.queued("a.test", 10)
    with pytest.raises(sa.exc.SQLAlchemyError):
        frontier.commit([{"row": row.id, "state": DONE}], [FoundUrl(None, "a.test", "http://a.test/")])
    assert [one.url for one in frontier.queued("a.test", 10)] == ["http://a.test/1"]
    assert frontier.commit([{"row": row.id, "state": DONE, "status": 200}], [found("http://a.test/2")]) == {"a.test": 1}
    assert [one.url for one in frontier.queued("a.test", 10)] == ["http://a.test/2"]


def test_a_date_after_the_last_visit_queues_again(frontier):
    frontier.commit([], [found(f"http://a.test/{number}") for number in range(3)])
    outcomes = [{"row": row.id, "state": DONE, "fetched_at": 1000.0} for row in frontier.queued("a.test", 10)]
    frontier.commit(outcomes, [])
    dated = [found("http://a.test/0", lastmod=999.0), found("http://a.test/1", lastmod=1001.0)]
    assert frontier.commit([], dated) == {"a.test": 1}
    assert [row.url for row in frontier.queued("a.test", 10)] == ["http://a.test/1"]


def test_what_is_known_of_hosts_stays(frontier):
    frontier.commit([], [found("http://a.test/1")], {"a.test": HostState(4, 123.5, false_304=True)})
    frontier.commit([], [], {"a.test": HostState(5, None, false_304=True)})
    assert frontier.host_states() == {"a.test": HostState(5, None, false_304=True)}


def test_two_openers_of_a_round_open_one(frontier):
    frontier.commit([], [found("http://a.test/1")])
    assert frontier.start_round(1, 10.0, everything=False) == 1
    assert frontier.start_round(1, 11.0, everything=False) == 1
    assert frontier.current_round() == (1, False)
    frontier.finish_round(1, 12.0)
    assert frontier.current_round() == (1, True)


def test_a_dsn_that_leads_nowhere_is_named_without_its_password():
    with pytest.raises(StoreError, match="crawl state cannot be opened") as caught:
        Frontier("postgresql+psycopg://cowese:secreto@127.0.0.1:1/none")
    assert "secreto" not in str(caught.value)


def test_hosts_take_turns_and_a_huge_one_starves_nobody():
    queue = HostQueue(CrawlSettings(delay_min=0.0, delay_factor=0.0))
    queue.add("huge.test", 100_000)
    for number in range(5):
        queue.add(f"small{number}.test", 2)
    served = []
    for _ in range(12):
        host = queue.next_ready()
        served.append(host.name)
        queue.mark_done(host)
        queue.release(host, 0.0)
    assert served.count("huge.test") == 2
    assert all(served.count(f"small{number}.test") == 2 for number in range(5))


def test_a_host_whose_work_comes_later_still_rests():
    queue = HostQueue(CrawlSettings())
    queue.add("a.test", 1)
    host = queue.next_ready()
    queue.mark_done(host)
    queue.release(host, 30.0)
    queue.add("a.test", 1)
    assert queue.next_ready() is None
    assert 29 < queue.seconds_to_next() <= 30


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.hospital.es", "hospital.es"),
        ("a.b.msal.gob.ar", "msal.gob.ar"),
        ("salud.gob.mx", "salud.gob.mx"),
        ("hospital.es", "hospital.es"),
        ("localhost", "localhost"),
    ],
)
def test_registered_domain(host, domain):
    assert registered_domain(host) == domain


def test_partitions_share_all_hosts_out_and_keep_a_site_together(tmp_path):
    frontier = Frontier(f"sqlite:///{tmp_path / 'state.sqlite3'}")
    parts = [Ownership(frontier, f"{part}/3") for part in (1, 2, 3)]
    owned = [sum(part.owns(f"h{number}.es") for part in parts) for number in range(300)]
    assert owned == [1] * 300
    assert min(sum(part.owns(f"h{number}.es") for number in range(300)) for part in parts) > 60
    for part in parts:
        assert part.owns("www.hospital.es") == part.owns("citas.hospital.es") == part.owns("hospital.es")
    frontier.close()


def test_a_host_is_leased_to_one_process_and_moves_on_when_that_dies(shared_dsn):
    frontier = Frontier(shared_dsn)
    frontier.commit([], [found(f"http://h{number}.test/", f"h{number}.test") for number in range(5)])
    one, two = Ownership(frontier, None), Ownership(frontier, None)
    assert one.take(0.0) == [f"h{number}.test" for number in range(5)]
    assert two.take(0.0) == []
    assert not two.no_work_elsewhere()
    one.give_back({"h1.test"})
    assert two.take(0.0) == ["h1.test"]
    with frontier.engine.begin() as connection:  # as if the first had been silent for longer than its lease
        connection.execute(sa.update(hosts).where(hosts.c.host != "h1.test").values(held_until=0.0))
    assert two.take(0.0) == [f"h{number}.test" for number in range(5)]
    assert one.heartbeat() == {"h0.test", "h2.test", "h3.test", "h4.test"}
    assert two.no_work_elsewhere()
    frontier.close()


@pytest.mark.slow
def test_processes_that_begin_on_one_new_state_at_the_same_moment_all_open_it(tmp_path):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(4, timeout=60)
    begun = [context.Process(target=open_each, args=(tmp_path, start)) for _ in range(4)]
    for one in begun:
        one.start()
    for one in begun:
        one.join()
    assert [one.exitcode for one in begun] == [0] * 4


def site_of_many(count_hosts, count_pages):
    pages = {}
    for host in range(count_hosts):
        name = f"http://h{host}.test"
        pages[f"{name}/"] = html(
            *(f"{name}/{number}" for number in range(count_pages)), f"http://h{(host + 1) % count_hosts}.test/lejos"
        )
        pages |= {f"{name}/{number}": html(text=str(number)) for number in range(count_pages)}
        pages[f"{name}/lejos"] = html(text="enlazada desde otra parte")
    return Web(pages, delay=0.002)


def run_together(tmp_path, settings_of, count):
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=run_it, args=(tmp_path / f"store{n}", settings_of(n))) for n in range(count)]
    for run in runs:
        run.start()
    return runs


@pytest.mark.slow
def test_two_processes_share_a_round_in_postgresql_and_one_may_die(shared_dsn, tmp_path):
    with serving(site_of_many(6, 40)) as web:
        seeds = web.seeds(tmp_path / "seeds.tsv", *(f"http://h{host}.test/" for host in range(6)))
        settings = web.settings(seeds, dsn=shared_dsn)
        frontier = Frontier(shared_dsn)
        runs = run_together(tmp_path, lambda _: settings, 2)
        deadline = time.monotonic() + 60
        while len(web.asked) < 60 and time.monotonic() < deadline:
            time.sleep(0.01)
        runs[0].kill()
        runs[0].join(180)
        with frontier.engine.begin() as connection:  # no need to wait out the minute of its lease
            connection.execute(sa.update(hosts).where(hosts.c.held_until.is_not(None)).values(held_until=0.0))
        runs[1].join(120)
        assert runs[1].exitcode == 0
        crawl(Store.open(tmp_path / "store1"), settings)
        left = frontier.queued_by_host()
        with frontier.engine.connect() as connection:
            done = set(connection.execute(sa.select(urls.c.url).where(urls.c.state == DONE)).scalars())
        frontier.close()
    assert left == {}
    assert set(web.pages) <= done
    repeated = len([url for url in web.urls() if url in web.pages]) - len(web.pages)
    assert repeated <= 3 * (6 + 50)


@pytest.mark.slow
def test_two_partitions_crawl_one_sqlite_state(tmp_path):
    with serving(site_of_many(6, 20)) as web:
        seeds = web.seeds(tmp_path / "seeds.tsv", *(f"http://h{host}.test/" for host in range(6)))
        dsn = f"sqlite:///{tmp_path / 'state.sqlite3'}"
        runs = run_together(tmp_path, lambda n: web.settings(seeds, dsn=dsn, partition=f"{n + 1}/2"), 2)
        for run in runs:
            run.join(120)
        for part in ("1/2", "2/2"):
            crawl(Store.open(tmp_path / "store0"), web.settings(seeds, dsn=dsn, partition=part))
    asked = [url for url in web.urls() if url in web.pages]
    assert sorted(asked) == sorted(web.pages)


def test_states_are_what_the_index_is_built_for(tmp_path):
    frontier = Frontier(f"sqlite:///{tmp_path / 'state.sqlite3'}")
    frontier.commit([], [found("http://a.test/1")])
    query = f"SELECT id FROM urls WHERE host='a.test' AND state={QUEUED} ORDER BY rank, id LIMIT 9"
    with frontier.engine.connect() as connection:
        plan = connection.execute(sa.text(f"EXPLAIN QUERY PLAN {query}")).all()
    assert "urls_ranked" in str(plan)
    assert "TEMP B-TREE" not in str(plan)
    frontier.close()
