"""What a search reads of a file: packed files of every kind, one inside another, and those that it cannot read."""

import bz2
import gzip
import io
import lzma
import sqlite3
import tarfile
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warc_files import html, write_warc

from cleaning.forgetting.audit import audit
from cleaning.forgetting.file_texts import NotSearchedError, kind_of, texts_of_file
from cleaning.forgetting.runs import ForgottenRuns, runs_of

zstd = pytest.importorskip("backports.zstd")
SECRET = "Esto lo contó Fulana de Tal en la consulta del doctor un martes de otoño muy lluvioso y frío."
LONG = f"{'relleno ' * 50_000}\n{SECRET}\n"


def said(path):
    return "\n".join(text for batch in texts_of_file(path, kind_of(path)) for text in batch)


def zipped(name, content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("otra.txt", "nada")
        archive.writestr(name, content)
    return file.getvalue()


def tarred(name, content):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def parquet():
    file = io.BytesIO()
    pq.write_table(pa.table({"text": [SECRET], "raw": [SECRET.encode()]}), file, compression="zstd")
    return file.getvalue()


PACKED = {
    "c.jsonl.gz": gzip.compress(LONG.encode()),
    "c.txt.bz2": bz2.compress(LONG.encode()),
    "c.txt.xz": lzma.compress(LONG.encode()),
    "c.lzma": lzma.compress(LONG.encode(), lzma.FORMAT_ALONE),
    "c.zst": zstd.compress(LONG.encode()),
    "no_ending": gzip.compress(LONG.encode()),
    "c.zip": zipped("c.txt", LONG.encode()),
    "c.tar": tarred("c.txt", LONG.encode()),
    "c.tar.gz": gzip.compress(tarred("c.txt", LONG.encode())),
    "deep.zip": zipped("a.tar.xz", lzma.compress(tarred("c.zip", zipped("c.txt.gz", gzip.compress(LONG.encode()))))),
    "corpus.tar.gz": gzip.compress(tarred("part.parquet", parquet())),
    "part.parquet.part": parquet(),
    "utf16.txt": LONG.encode("utf-16"),
}


@pytest.mark.parametrize("name", PACKED)
def test_packed_files_are_read(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(PACKED[name])
    assert SECRET in said(path)


def test_a_warc_file_of_any_name_is_read_by_its_records(tmp_path):
    content = write_warc(tmp_path / "a.warc.gz", [("https://uno.es/", "200 OK", html(SECRET))]).read_bytes()
    for name, packed in (("a.warc.gz", content), ("old.bak", content), ("a.zip", zipped("a.warc.gz", content))):
        (tmp_path / name).write_bytes(packed)
        assert SECRET in said(tmp_path / name)


def test_a_database_in_an_archive_is_read(tmp_path):
    with sqlite3.connect(tmp_path / "a.sqlite3") as connection:
        connection.execute("CREATE TABLE t (text)")
        connection.execute("INSERT INTO t VALUES (?)", [SECRET])
    connection.close()
    (tmp_path / "a.gz").write_bytes(gzip.compress((tmp_path / "a.sqlite3").read_bytes()))
    assert SECRET in said(tmp_path / "a.gz")


def encrypted():
    content = bytearray(zipped("c.txt", b"nada"))
    second = content.rindex(b"PK\x01\x02")
    content[second + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.7z", b"7z\xbc\xaf\x27\x1c....", "nothing here unpacks 7z"),
        ("a.txt.br", b"....", "nothing here unpacks brotli"),
        ("cut.gz", gzip.compress(LONG.encode())[:-200], "cannot be unpacked to its end"),
        ("cut.parquet", parquet()[:-10], "cannot be read as Parquet"),
        ("locked.zip", encrypted(), "encrypted"),
        ("bad.pdf", b"%PDF-1.4 ....", "a PDF that cannot be read"),
        ("bad.db", b"SQLite format 3\0" + b"x" * 2000, "SQLite cannot read it"),
    ],
)
def test_what_cannot_be_read_is_named_and_not_called_clean(store, name, content, reason):
    (store.root / name).write_bytes(content)
    found = audit(store, ForgottenRuns.from_runs(runs_of([SECRET]), b"k" * 32), 1)
    assert (list(found.not_searched), found.is_clean) == ([name], False)
    assert reason in found.not_searched[name]


def test_what_came_before_the_damage_is_searched(store):
    (store.root / "cut.gz").write_bytes(gzip.compress(f"{SECRET}\n".encode() + bytes(range(256)) * 400)[:-20])
    found = audit(store, ForgottenRuns.from_runs(runs_of([SECRET]), b"k" * 32), 1)
    assert (found.hits.keys(), found.not_searched.keys()) == ({"cut.gz"}, {"cut.gz"})


def test_packed_files_too_deep_in_one_another_are_refused(tmp_path):
    content = LONG.encode()
    for _ in range(12):
        content = gzip.compress(content)
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(NotSearchedError, match="more than 6 deep"):
        said(tmp_path / "a.gz")
