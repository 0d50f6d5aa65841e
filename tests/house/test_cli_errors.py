"""What a person gets wrong: one or two lines that name the thing and the remedy, an exit code, no traceback."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from demo_web.server import DemoWeb
from demo_web.site import HOSPITAL, read_articles, render

from flows.cli import main

COWESE = Path(sys.executable).with_name("cowese")
SEED_HEADER = "url\tname\tcountry\tcategory\tscope\n"


def cowese(*arguments, cwd, **variables):
    """Run the command as a person does."""
    return subprocess.run(
        [COWESE, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def refusal(done, code):
    """The message, once it is sure that it is all that was said."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    _, found, message = done.stderr.partition("error: ")
    assert found, done.stderr
    assert 1 <= len(message.strip().splitlines()) <= 2, message
    return message


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with the things that the commands below trip over."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "broken.tsv").write_text(f"{SEED_HEADER}not a url\tA\tES\tportal\thost\n")
    (folder / "short.tsv").write_text(f"{SEED_HEADER}https://a.example/\tA\tES\n")
    (folder / "file").touch()
    (folder / "folder").mkdir()
    (folder / "empty").mkdir()
    (folder / "broken.toml").write_text("store = [")
    (folder / "unknown.toml").write_text("[crawl]\nspeed = 3\n")
    (folder / "text.warc.gz").write_bytes(b"This is no WARC file.")
    (folder / "empty.warc.gz").touch()
    (folder / "text.parquet").write_text("This is no Parquet file.")
    pq.write_table(pa.table({"texto": ["Hola, mundo."]}), folder / "column.parquet")
    pq.write_table(pa.table({"text": ["Hola, mundo."] * 3}), folder / "small.parquet")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        # seeds
        ("crawl --contact a@b.example --seeds absent.tsv", 2, ["absent.tsv", "no such seed file"]),
        ("crawl --contact a@b.example --seeds broken.tsv", 2, ["broken.tsv", "line 2", "field url", "not a url"]),
        ("build --contact a@b.example --seeds broken.tsv", 2, ["broken.tsv", "line 2", "field url"]),
        ("seeds --check --seeds short.tsv", 2, ["short.tsv", "line 2", "3 fields where 5"]),
        ("seeds --country XX", 2, ["--country XX", "Known: AR"]),
        # store
        ("clean --store file", 1, ["file", "the store cannot be created", "--store"]),
        ("clean --store file/below", 1, ["below", "the store cannot be created", "--store"]),
        ("build --no-train --contact a@b.example --store file", 1, ["file", "the store cannot be created"]),
        # steps taken before those they build on
        ("clean", 1, ["no WARC file", "cowese crawl"]),
        ("publish", 1, ["no documents", "cowese clean"]),
        ("tokenizer", 1, ["no corpus version yet", "cowese publish"]),
        ("tokenizer --corpus v0009", 2, ["v0009", "no such corpus version"]),
        ("tokenizer --corpus nope.parquet", 2, ["nope.parquet", "no such file or folder"]),
        ("pack", 1, ["tokenizers", "cowese tokenizer"]),
        ("pretrain", 1, ["tokens", "cowese pack"]),
        ("evaluate", 1, ["runs", "cowese pretrain"]),
        ("export --run absent", 2, ["absent", "cowese pretrain"]),
        ("diff v0001 --store empty", 2, ["v0001", "no such corpus version"]),
        ("diff v0001 --store .", 2, ["a folder, but no store", "--store"]),
        ("status --store file", 2, ["file", "a file, not a store", "--store"]),
        # WARC files and corpora of others
        ("clean absent.warc.gz", 2, ["absent.warc.gz", "no such WARC file"]),
        ("clean folder", 2, ["folder", "no such WARC file, or none in this folder"]),
        ("clean text.warc.gz", 2, ["text.warc.gz", "not a WARC file"]),
        ("clean empty.warc.gz", 2, ["empty.warc.gz", "not a WARC file"]),
        ("tokenizer --corpus text.parquet", 2, ["text.parquet", "cannot be read as Parquet"]),
        ("tokenizer --corpus column.parquet", 2, ["column.parquet", "no column named text", "texto"]),
        ("tokenizer --corpus folder", 2, ["folder", "no Parquet file"]),
        ("tokenizer --corpus small.parquet", 1, ["small.parquet", "too few to fit a tokenizer", "tokenizer.min_words"]),
        # options and settings
        ("crawl", 2, ["contact", "--contact you@example.org"]),
        ("crawl --contact notanaddress", 2, ["crawl.contact", "mail address", "notanaddress"]),
        ("crawl --bogus", 2, ["--bogus", "--help"]),
        ("nosuch", 2, ["nosuch", "--help"]),
        ("crawl --revisit never", 2, ["--revisit", "never", "due", "all"]),
        ("crawl --as-of tomorrow", 2, ["--as-of tomorrow", "2026-11-24"]),
        ("crawl --contact a@b.example --proxy nonsense", 2, ["crawl.proxy", "http://HOST:PORT", "nonsense"]),
        ("pretrain --steps 0", 2, ["--steps", "greater than or equal to 1"]),
        ("pretrain --preset huge", 2, ["pretrain.preset", "tiny", "huge"]),
        ("tokenizer --vocab-size 10", 2, ["tokenizer.vocab_size", "10"]),
        ("settings --config absent.toml", 2, ["absent.toml", "no such settings file"]),
        ("settings --config broken.toml", 2, ["broken.toml", "not valid TOML"]),
        ("settings --config unknown.toml", 2, ["crawl.speed", "no such setting", "unknown.toml"]),
        ("settings --set crawl.delay_min", 2, ["--set crawl.delay_min", "NAME=VALUE"]),
        ("settings --set crawl.delay_min=soon", 2, ["crawl.delay_min", "soon"]),
        ("serve --stop --status", 2, ["--stop", "--status"]),
        # archives
        ("archive nosuch", 2, ["nosuch", "`cowese archive --help`"]),
        ("archive texts folder", 2, ["--name", "`cowese archive texts --help`"]),
        ("archive texts text.parquet --name crawl", 2, ["--name crawl", "fineweb-2"]),
        ("archive texts column.parquet --name mine", 2, ["column.parquet", "no column"]),
        ("archive medlineplus absent.xml", 2, ["absent.xml", "no such file", "medlineplus.gov"]),
        ("archive scielo absent", 2, ["absent", "no such file"]),
        ("archive wayback", 2, ["no crawl yet", "--host NAME"]),
        ("archive wayback --host a.example", 2, ["no contact", "web.archive.org", "--contact"]),
        ("archive wayback --set archive.wayback.lookups_per_minute=60", 2, ["lookups_per_minute is 24 at most"]),
    ],
)
def test_a_mistake_is_named_with_its_remedy(desk, tmp_path, monkeypatch, capsys, arguments, code, words):
    """In this process, where an error that the command does not expect would fail the test."""
    names = [str(desk / word) if (desk / word.split("/")[0]).exists() else word for word in arguments.split()]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["cowese", *names])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    message = refusal(subprocess.CompletedProcess(names, ended.value.code, said.out, said.err), code)
    for word in words:
        assert word in message


@pytest.fixture(autouse=True)
def no_settings_of_ours(monkeypatch):
    for name in list(os.environ):
        if name.startswith("COWESE_"):
            monkeypatch.delenv(name)


@pytest.mark.slow
def test_a_wrong_variable_is_named(tmp_path):
    assert "COWESE_STROE" in refusal(cowese("settings", cwd=tmp_path, COWESE_STROE="x"), 2)
    assert "crawl.delay_min" in refusal(cowese("settings", cwd=tmp_path, COWESE_CRAWL__DELAY_MIN="soon"), 2)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_without_permission_is_named(tmp_path):
    store = tmp_path / "store"
    store.mkdir(mode=0o555)
    assert "not writable" in refusal(cowese("clean", "--store", store, cwd=tmp_path), 1)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder where even root may not write")
def test_a_store_where_nobody_may_write_is_named(tmp_path):
    assert "the store is not writable" in refusal(cowese("clean", "--store", "/proc/self", cwd=tmp_path), 1)


def record(url, body):
    """One WARC record of a page, as any other tool would write it."""
    payload = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2025-06-01T10:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{abs(hash(url)) % 10**12:012d}>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + payload + b"\r\n\r\n", mtime=0)


@pytest.mark.slow
def test_a_truncated_warc_keeps_the_whole_records_before_the_cut(tmp_path):
    articles = read_articles("hospital.txt")[:6]
    records = [
        record(f"http://{HOSPITAL}/{one.slug}", f"<h1>{one.title}</h1>{render(one.paragraphs)}".encode())
        for one in articles
    ]
    warc = tmp_path / "cut.warc.gz"
    warc.write_bytes(b"".join(records)[: -len(records[-1]) // 2])
    message = refusal(cowese("clean", warc, "--store", "store", "--workers", 1, cwd=tmp_path), 1)
    assert f"cut short or damaged at byte {sum(map(len, records[:-1])):,}" in message
    folder = tmp_path / "store" / "documents"
    (documents,) = (path for path in folder.glob("*/cut*.parquet") if ".dropped." not in path.name)
    kept = pq.read_table(documents).column("url").to_pylist()
    assert kept == [f"http://{HOSPITAL}/{one.slug}" for one in articles[:-1]]
    for command in (["clean", warc, "--json"], ["status", "--json"]):
        again = cowese(*command, "--store", "store", cwd=tmp_path)
        assert again.returncode == 0, again.stderr
        told = json.loads(again.stdout)
        assert list(told.get("corpus", told)["cut_short"].values()) == [sum(map(len, records[:-1]))]
    done = cowese("publish", "--store", "store", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "store" / "corpus" / "latest" / "manifest.json").is_file()


@pytest.mark.slow
def test_an_empty_crawl_says_so_and_harms_nothing(tmp_path):
    seed = f"http://{HOSPITAL}/privado/\tPrivado\tES\thospital\tprefix\n"
    (tmp_path / "seeds.tsv").write_text(SEED_HEADER + seed)
    with DemoWeb() as web:
        arguments = ["crawl", "--store", "store", "--proxy", web.proxy, "--set", "crawl.delay_min=0"]
        message = refusal(cowese(*arguments, "--seeds", "seeds.tsv", cwd=tmp_path), 1)
        assert "not one page came from 1 start URL" in message
        assert "robots" in message
        assert not any(path.startswith("/privado") for _, path, _ in web.log)
        web.write_seeds(tmp_path / "seeds.tsv")
        done = cowese(*arguments, "--seeds", "seeds.tsv", "--max-pages", 5, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "store" / "warc").glob("*/*.warc.gz"))


@pytest.mark.slow
def test_results_of_a_bad_command_leave_the_current_folder_as_it_was(tmp_path):
    refusal(cowese("pretrain", "--preset", "huge", cwd=tmp_path), 2)
    assert not list(tmp_path.iterdir())


def test_the_hubs_library_speaks_once():
    said = (
        "from flows.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        "from huggingface_hub.utils import logging\nlogging.get_logger('huggingface_hub.x').warning('retrying')"
    )
    done = subprocess.run([sys.executable, "-c", said, "--version"], capture_output=True, text=True, check=True)
    assert done.stderr.count("retrying") == 1
