"""The ground floor: seeds, URLs, whole files, stores, manifests, Parquet, rights, take-downs."""

import errno
import itertools
import os
import subprocess
import sys
from datetime import date

import pyarrow as pa
import pytest
from training_room import files_end_at

from data.charset import encoding_of
from data.errors import DiskFullError, InputError, StoreError
from data.files import atomic_file, storage_error, value_digest, write_json
from data.manifest import Manifest
from data.parquet import read_parquet, write_parquet
from data.seeds import load_seeds
from data.store import Store
from data.takedowns import Takedowns
from data.urls import canonical_url, document_id, host_of

HEADER = "url\tname\tcountry\tcategory\tscope\n"
GOOD = "https://salud.example/\tSalud\tES\tportal\thost\n"


def test_the_built_in_seeds_are_whole():
    seeds = load_seeds()
    assert len(seeds) == 4428
    assert len({seed.category for seed in seeds}) == 14
    assert sum(seed.scope == "prefix" for seed in seeds) == 678


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["line 1", "header"]),
        (HEADER, ["no start URLs"]),
        (HEADER + "https://a.example/\tA\tES\tportal\n", ["line 2", "4 fields where 5"]),
        (HEADER + GOOD + "ftp://a.example/\tA\tES\tportal\thost\n", ["line 3", "field url", "ftp://a.example/"]),
        (HEADER + "https://a b/\tA\tES\tportal\thost\n", ["line 2", "field url"]),
        (HEADER + "https://a.example/\t\tES\tportal\thost\n", ["line 2", "field name"]),
        (HEADER + "https://a.example/\tA\tSpain\tportal\thost\n", ["line 2", "field country", "Spain"]),
        (HEADER + "https://a.example/\tA\tES\tblog\thost\n", ["line 2", "field category", "blog"]),
        (HEADER + "https://a.example/\tA\tES\tportal\tall\n", ["line 2", "field scope", "all"]),
        (HEADER + GOOD + GOOD, ["field url", "listed twice"]),
    ],
)
def test_a_malformed_seed_line_is_named(tmp_path, text, words):
    path = tmp_path / "seeds.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_seeds(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)


def test_a_missing_and_a_latin1_seed_file_are_named(tmp_path):
    with pytest.raises(InputError, match="no such seed file"):
        load_seeds(tmp_path / "absent.tsv")
    path = tmp_path / "latin.tsv"
    path.write_bytes((HEADER + "https://a.example/\tCardiología\tES\tportal\thost\n").encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        load_seeds(path)


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("HTTP://WWW.Salud.Example:80", "http://www.salud.example/"),
        ("https://salud.example:443/a#parte", "https://salud.example/a"),
        ("https://salud.example:8443/", "https://salud.example:8443/"),
        ("https://salud.example/a/./b/../c/", "https://salud.example/a/c/"),
        ("https://salud.example/../../x", "https://salud.example/x"),
        ("https://salud.example/niño?q=año", "https://salud.example/ni%C3%B1o?q=a%C3%B1o"),
        ("https://salud.example/%7euser/%c3%b1", "https://salud.example/~user/%C3%B1"),
        ("https://salud.example/a%2Fb", "https://salud.example/a%2Fb"),
        ("https://salud.example/?utm_source=x&id=3&fbclid=y", "https://salud.example/?id=3"),
        ("https://salud.example/a;jsessionid=12AB?b=1", "https://salud.example/a?b=1"),
        ("https://salud.example/?PHPSESSID=1", "https://salud.example/"),
        ("https://SALUD-niños.example/", "https://xn--salud-nios-09a.example/"),
        ("http://[::1]:80/x", "http://[::1]/x"),
    ],
)
def test_one_form_for_all_spellings(url, form):
    assert canonical_url(url) == form
    assert canonical_url(form) == form


@pytest.mark.parametrize("url", ["", "salud.example", "ftp://a.example/", "http://", "http://a:b/", "javascript:x"])
def test_what_is_no_web_address(url):
    with pytest.raises(InputError):
        canonical_url(url)


def test_scheme_and_www_do_not_make_another_document():
    assert document_id("https://www.salud.example/a") == document_id("http://salud.example/a")
    assert document_id("https://salud.example/a") != document_id("https://salud.example/b")
    assert host_of("https://salud.example:8443/a") == "salud.example"
    assert host_of("http://[::1]:80/x") == "::1"


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "value.json"
    write_json(path, {"a": 1})

    def write_half_and_fail():
        with atomic_file(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half_and_fail()
    assert path.read_text() == '{\n "a": 1\n}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_says_so(tmp_path):
    full = storage_error(OSError(errno.ENOSPC, "No space left on device"), tmp_path / "x")
    assert isinstance(full, DiskFullError)
    assert "free some space" in str(full)
    assert not isinstance(storage_error(OSError(errno.EACCES, "Permission denied"), tmp_path), DiskFullError)


def test_equal_values_have_equal_digests():
    assert value_digest({"b": 1, "a": [1, 2]}) == value_digest({"a": [1, 2], "b": 1})
    assert value_digest({"a": 1}) != value_digest({"a": 2})


def test_a_file_in_the_place_of_a_store_is_an_error(tmp_path):
    path = tmp_path / "store"
    path.write_text("")
    with pytest.raises(StoreError, match="cannot be created"):
        Store.open(path)


def test_an_unknown_version_is_an_error(store):
    with pytest.raises(InputError, match="no such corpus version"):
        store.corpus_version("v0009")


def test_one_stage_at_a_time(store):
    hold = (
        "import sys; from data.store import Store\n"
        "with Store.open(sys.argv[1]).exclusive('crawl'): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(store.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=f"process {holder.pid} runs crawl"), store.exclusive("crawl"):
            pass
        with store.exclusive("clean"):
            pass
        holder.kill()
    with store.exclusive("crawl"):
        assert (store.root / "locks" / "crawl").read_text() == f"{os.getpid()}\n"


def test_a_manifest_names_what_it_was_made_from(tmp_path):
    manifest = Manifest(kind="corpus", name="v0001", made_from={"documents": "x"}, settings={"a": 1})
    manifest.write(tmp_path)
    assert Manifest.read(tmp_path) == manifest
    assert manifest.digest != manifest.model_copy(update={"settings": {"a": 2}}).digest
    (tmp_path / "manifest.json").write_text('{"kind": "x"}')
    with pytest.raises(InputError, match="not a manifest of ours"):
        Manifest.read(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        Manifest.read(tmp_path)


def test_parquet_comes_back_and_is_the_same_bytes_twice(tmp_path):
    schema = pa.schema([("text", pa.string()), ("host", pa.string())])
    batch = pa.RecordBatch.from_pylist([{"text": f"niño {i}", "host": "a"} for i in range(1000)], schema)
    for name in ("a", "b"):
        assert write_parquet(tmp_path / name, [batch], schema, dictionary_columns=["host"]) == 1000
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert read_parquet(tmp_path / "a").to_batches()[0].equals(batch)
    (tmp_path / "broken").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_parquet(tmp_path / "broken")
    with pytest.raises(InputError, match="no such file"):
        read_parquet(tmp_path / "absent")


SPANISH = "¿Qué debe saber el niño? La alimentación del bebé, según “Íñigo”."


@pytest.mark.parametrize(
    ("body", "content_type", "codec"),
    [
        (SPANISH.encode(), None, "utf-8"),
        (SPANISH.encode("cp1252"), None, "cp1252"),
        (SPANISH.encode("cp1252"), "text/html; charset=utf-8", "cp1252"),
        (SPANISH.encode("cp1252"), "text/html; charset=ISO-8859-1", "cp1252"),
        (SPANISH.encode("utf-16-le"), "text/html; charset=utf-16le", "utf-16-le"),
        (b"\xef\xbb\xbf" + SPANISH.encode(), "text/html; charset=latin1", "utf-8"),
        (b'<meta charset="iso-8859-15">' + SPANISH.encode("cp1252"), None, "iso8859-15"),
        (SPANISH.encode(), "text/html; charset=nonsense", "utf-8"),
    ],
)
def test_the_encoding_that_a_page_has(body, content_type, codec):
    assert encoding_of(body, content_type) == codec


def test_short_cp1252_pages_without_a_declaration_come_out_right():
    words = "niño año corazón médico análisis señal pingüino cirugía según “dolor” ¿cuándo? bebé"
    triples = itertools.product(words.split(), words.split()[::3], words.split()[::2])
    texts = [" ".join(triple) for triple in triples]
    pages = [(text, text.encode("cp1252")) for text in texts]
    right = sum(page.decode(encoding_of(page, "text/html")) == text for text, page in pages)
    assert len(texts) >= 200
    assert right / len(texts) >= 0.995


def test_a_takedown_holds_for_a_page_and_for_a_host(store):
    takedowns = Takedowns.load(store)
    assert not takedowns.covers("https://a.example/x")
    assert takedowns.add(["https://a.example/x?utm_source=y"], date(2026, 1, 2)) == ["https://a.example/x"]
    assert takedowns.add(["https://a.example/x"], date(2026, 1, 3)) == []
    assert takedowns.add(["b.example"], date(2026, 1, 2)) == ["b.example"]
    again = Takedowns.load(store)
    assert again.covers("http://www.a.example/x")
    assert not again.covers("https://a.example/y")
    assert again.covers("https://sub.b.example/anything")
    assert not again.covers("https://notb.example/")
    with pytest.raises(InputError):
        again.add("no host", date(2026, 1, 2))


def test_a_full_disk_keeps_nobody_from_reading_and_no_lock_is_a_clear_error(store):
    with files_end_at(0), store.exclusive("evaluate"):
        pass
    (store.root / "locks" / "evaluate").unlink()
    (store.root / "locks").rmdir()
    (store.root / "locks").write_text("in the way")
    with pytest.raises(StoreError, match="locks/evaluate: cannot be written"), store.exclusive("evaluate"):
        pass


def test_a_folder_of_something_else_is_no_store(tmp_path):
    assert Store.open_for_reading(tmp_path).root == tmp_path
    (tmp_path / "notas.txt").write_text("x")
    with pytest.raises(InputError, match="a folder, but no store"):
        Store.open_for_reading(tmp_path)
    Store.open(tmp_path)
    (tmp_path / "warc").mkdir()
    assert Store.open_for_reading(tmp_path).root == tmp_path
