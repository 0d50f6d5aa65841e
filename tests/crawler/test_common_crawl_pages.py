"""Single pages of a Parquet file, and beginnings of pages: the same values as pyarrow reads, with fewer bytes."""

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from common_crawl import Archive
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.sources.common_crawl.key_prefixes import KeyPrefixes
from crawler.sources.common_crawl.parquet_pages import PageReader
from crawler.sources.remote import remote_of
from crawler.warc.cdxj import surt
from data.seeds import Seed

ROWS = 4_000


def table(kind):
    """Rows as those of an index: sorted keys, few values, whole numbers, nulls, a status that is always 200."""
    rng = random.Random(kind)
    long = sorted(rng.sample(range(ROWS), 200)) if kind == "uneven" else []
    keys = [f"es,sitio{n // 40:04d})/{'x' * 300 if n in long else ''}{rng.getrandbits(64):x}" for n in range(ROWS)]
    if kind == "front":  # all long rows at the beginning of each page, so that a share of the bytes holds few of them
        keys = [f"es,sitio{n:05d})/" + (f"{rng.getrandbits(4_000):x}" if n % 1_000 < 100 else "") for n in range(ROWS)]
    return pa.table(
        {
            "key": keys,
            "mime": [rng.choice(["text/html", "application/pdf", None]) for _ in range(ROWS)],
            "offset": pa.array([rng.getrandbits(30) for _ in range(ROWS)], pa.int32()),
            "time": pa.array([rng.getrandbits(40) for _ in range(ROWS)], pa.timestamp("ms")),
            "status": pa.array([200] * ROWS, pa.int16()),
            "redirect": pa.nulls(ROWS, pa.string()),
        }
    )


LAYOUTS = {
    "gzip": {"compression": "gzip", "use_dictionary": ["mime"]},
    "dictionaries": {"compression": "gzip"},
    "second version": {"compression": "gzip", "data_page_version": "2.0"},
    "zstd": {"compression": "zstd"},
    "none": {"compression": "none"},
    "no page index": {"compression": "gzip", "write_page_index": False},
}


@pytest.fixture
def opened(tmp_path):
    """Write a table as a Parquet file; return a reader of its pages and what it has read."""

    def write(rows, **layout):
        chosen = {"write_page_index": True, "row_group_size": 2_500, "max_rows_per_page": 1_000, **layout}
        pq.write_table(rows, tmp_path / "rows.parquet", **chosen)
        remote = remote_of(Archive().settings(base_url=f"file://{tmp_path}/"), "tests")
        return PageReader(remote, "rows.parquet"), remote

    return write


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["even", "uneven", "front"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_rows_are_what_pyarrow_reads(opened, layout, kind):
    rows = table(kind)
    reader, _ = opened(rows, **LAYOUTS[layout])
    rng = random.Random(layout)
    for number, (begin, end) in enumerate(((0, 2_500), (2_500, ROWS))):
        reader.find_pages(number, rows.column_names)
        for _ in range(12):
            first = rng.randrange(end - begin)
            last = min(first + rng.choice((1, 7, 300, 1_200)), end - begin)
            found = reader.read(number, (first, last), rows.column_names)
            wanted = rows.slice(begin + first, last - first)
            for name in rows.column_names:
                assert found[name].cast(wanted[name].type).to_pylist() == wanted[name].to_pylist(), (name, first, last)


def test_only_the_beginning_of_a_page_is_read_and_never_twice(opened):
    rows = table("even")
    layout = {"compression": "gzip", "use_dictionary": ["mime"], "row_group_size": ROWS, "max_rows_per_page": ROWS // 2}
    reader, remote = opened(rows, **layout)
    reader.find_pages(0, ["key"])
    before = remote.received, remote.requests
    reader.read(0, (0, 100), ["key"])
    page = reader.groups[0]["key"].pages[0].length
    assert page > 20_000
    assert remote.received - before[0] < page / 4
    reader.read(0, (50, 1_000), ["key"])
    reader.read(0, (0, 2_000), ["key"])
    assert remote.received - before[0] == page, "the rest alone was read the second and the third time"
    assert remote.requests - before[1] == 3
    ranges = [(2_010, 2_020), (2_100, 2_600), (3_000, 3_100)]
    asked = remote.requests
    for one in ranges:
        found = reader.read(0, one, ["key"], ranges)["key"]
        assert found.to_pylist() == rows["key"].to_pylist()[one[0] : one[1]]
    assert remote.requests - asked == 1, "rows of one page come together"
    reader.find_pages(0, ["status", "redirect"])
    asked = remote.requests
    reader.read(0, (0, 100), ["status", "redirect"])
    assert remote.requests == asked, "the statistics tell these"


def test_a_beginning_that_was_too_short_costs_one_request_more(opened):
    reader, remote = opened(table("front"), compression="gzip", use_dictionary=False)
    reader.find_pages(0, ["key"])
    before = remote.received, remote.requests
    assert reader.read(0, (1_000, 1_050), ["key"])["key"].to_pylist() == table("front")["key"].to_pylist()[1_000:1_050]
    assert remote.requests - before[1] == 2
    assert remote.received - before[0] == reader.groups[0]["key"].pages[1].length


SEEDS = [
    Seed("https://www.salud.es/", "Salud", "ES", "ministry", "host"),
    Seed("https://revistas.example/Salud-Hoy", "Revista", "ES", "journal", "prefix"),
    Seed("https://sub.hospital.example:8443/", "Hospital", "ES", "hospital", "host"),
]
HOSTS = st.sampled_from(
    [
        *("salud.es", "www.salud.es", "WWW2.Salud.es", "salud.es.", "saludable.es", "m.salud.es", "otras.example"),
        *("revistas.example", "www.revistas.example", "sub.hospital.example", "hospital.example", "127.0.0.1"),
    ]
)
PATHS = st.sampled_from(
    [
        "/",
        "",
        "/salud-hoy",
        "/SALUD-HOY/a",
        "/salud-hoy-2026/n",
        "/salud",
        "/otra",
        "/robots.txt",
        "/a%2Fb?x=1",
        "/ai.txt",
    ]
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(HOSTS, st.sampled_from(["", ":8443", ":80"]), PATHS), min_size=1, max_size=12), st.booleans())
def test_host_and_address_tell_the_same_as_the_key(parts, only_robots):
    prefixes = KeyPrefixes.of_seeds(SEEDS, only_robots=only_robots)
    urls = [f"https://{host}{port}{path}" for host, port, path in parts]
    keys = [surt(url) for url in urls]
    names = pa.chunked_array([[host.lower() for host, _, _ in parts]])
    by_host = prefixes.of_hosts(names, are_keys=False).to_pylist()
    assert by_host == prefixes.of_hosts(pa.chunked_array([keys]), are_keys=True).to_pylist()
    is_ours = [
        of_host and of_url
        for of_host, of_url in zip(by_host, prefixes.of_urls(pa.chunked_array([urls])).to_pylist(), strict=True)
    ]
    assert is_ours == [key.encode().startswith(prefixes.sorted) for key in keys]


def test_a_host_that_is_null_is_decided_by_its_address():
    prefixes = KeyPrefixes.of_seeds(SEEDS, only_robots=False)
    assert prefixes.of_hosts(pa.chunked_array([[None, "otro.es"]], pa.string()), are_keys=False).to_pylist() == [
        True,
        False,
    ]
    assert prefixes.of_urls(pa.chunked_array([["https://otro.es/a", "https://salud.es/a"]])).to_pylist() == [
        False,
        True,
    ]
