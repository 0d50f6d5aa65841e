"""Two hundred canaries on the demo web and in a model: a hundred are forgotten, no byte of them is left."""

import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import warnings
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from corpus_rounds import prose
from demo_web.site import pages as demo_pages
from fastwarc.warc import ArchiveIterator
from warc_files import html, write_warc
from warcio.archiveiterator import ArchiveIterator as OtherIterator

from cleaning.clean import clean
from cleaning.corpus.publish import publish
from cleaning.corpus.versions import versions
from crawler.warc.index import index_closed
from crawler.warc.rows import index_path
from data.errors import InputError
from data.lineage import forgotten_receipts
from data.manifest import Manifest
from data.store import Store
from data.takedowns import Takedowns
from flows.forgetting.forget import audit, carry_out, prepare
from flows.forgetting.plan import Plan
from flows.forgetting.receipt import Receipt, read_receipt, receipts
from flows.settings import load_settings
from flows.status import status
from training.tokens.texts import texts_of_tokens

pytestmark = pytest.mark.slow

DAY = date(2026, 3, 1)
HOST = "https://canarios-{}.example"
COWESE = f"{sys.prefix}/bin/cowese"


def word(number: int) -> str:
    """What no other page has."""
    return f"canario{number * 7919 % 100003}trino"


def url(number: int) -> str:
    return f"{HOST.format(number % 4)}/pagina/{number}"


def text(number: int) -> str:
    return (
        f"{prose(('antes', number), 60)}\nEl paciente conocido como {word(number)} contó en la consulta que toma "
        f"{number} mg cada ocho horas desde la primavera.\n{prose(('después', number), 60)}"
    )


def settings(store: Store):
    return load_settings(None, {"store": store.root, "engine.workers": 1})


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Two rounds of the demo web with the canaries, two versions, a tokenizer, tokens and a model."""
    store = Store.open(tmp_path_factory.mktemp("forgetting") / "store")
    demo = [
        (f"http://{host}{path}", f"{page.status} X", page.body)
        for (host, path), page in demo_pages(1).items()
        if page.status == 200
    ]
    canaries = [(url(number), "200 OK", html(text(number))) for number in range(200)]
    write_warc(store.warc / "0001" / "a.warc.gz", [*demo, *canaries[:120]])
    write_warc(store.warc / "0001" / "b.warc", canaries[120:160])
    chosen = settings(store)
    clean(store, chosen.clean, engine=chosen.engine)
    publish(store, chosen.clean, chosen.publish, engine=chosen.engine)
    write_warc(store.warc / "0002" / "c.warc.gz", [*canaries[160:], *canaries[:3]])
    index_closed(store.warc)
    clean(store, chosen.clean, engine=chosen.engine)
    publish(store, chosen.clean, chosen.publish, engine=chosen.engine)
    for command in (
        ["tokenizer", "--set", "tokenizer.vocab_size=600"],
        ["pack"],
        ["pretrain", "--preset", "tiny", "--steps", "2", "--name", "tiny"],
        ["export", "--name", "tiny"],
    ):
        done = subprocess.run(
            [COWESE, *command, "--store", store.root], capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, done.stderr
    return store


@pytest.fixture
def copied(whole, tmp_path):
    """A copy of it, in which tests may forget."""
    shutil.copytree(whole.root, tmp_path / "store", symlinks=True)
    return Store.open(tmp_path / "store")


def everything(store: Store) -> dict[str, bytes]:
    """What every file says: gzip, Parquet and packed tokens undone."""
    found = {}
    for path in sorted(store.root.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes()
        if path.suffix == ".gz":
            content += gzip.decompress(content)
        elif path.suffix == ".parquet":
            content += str(pq.read_table(path, partitioning=None).to_pylist()).encode()
        found[path.relative_to(store.root).as_posix()] = content
    for folder in store.tokens.glob("*"):
        said = "\n".join(one for batch in texts_of_tokens(folder) for one in batch)
        found[f"tokens/{folder.name}: decoded"] = said.encode()
    return found


def hits(store: Store, numbers) -> dict[str, int]:
    found = {}
    for name, content in everything(store).items():
        count = sum(content.count(word(number).encode()) for number in numbers)
        if count:
            found[name] = count
    return found


def rows(store: Store, version: str) -> dict[str, dict]:
    parts = sorted((store.corpus / version / "data").rglob("*.parquet"))
    return {row["url"]: row for part in parts for row in pq.read_table(part, partitioning=None).to_pylist()}


def forget(store: Store, targets, **options):
    plan = prepare(store, settings(store), targets, day=DAY, keep=True, **options)
    return carry_out(store, settings(store), plan)


FORGOTTEN = range(0, 200, 2)
"""All canaries of two of the four hosts: 50 by their URLs, 50 by a host."""
TARGETS = [*(url(number) for number in FORGOTTEN if number % 4 == 0), "canarios-2.example"]
STAYS = range(1, 200, 2)


@dataclass
class Done:
    """A store in which the hundred were forgotten, and what it was before."""

    store: Store
    receipt: Receipt
    rows: dict
    places: dict
    by_fastwarc: dict
    by_warcio: dict
    sizes: dict


@pytest.fixture(scope="module")
def done(whole, tmp_path_factory):
    """To be looked at only."""
    root = tmp_path_factory.mktemp("done") / "store"
    shutil.copytree(whole.root, root, symlinks=True)
    store = Store.open(root)
    before = rows(store, "v0002"), hits(store, FORGOTTEN), records(store, by_fastwarc), records(store, by_warcio)
    sizes = {path: path.stat().st_size for path in warc_paths(store)}
    return Done(store, forget(store, TARGETS), *before, sizes)


def test_a_hundred_are_forgotten_and_no_byte_is_left(done):
    assert all(url(number) in done.rows for number in range(200))
    assert {name.partition("/")[0] for name in done.places} >= {"warc", "texts", "documents", "corpus", "tokens"}
    assert len(done.receipt.pages) == 100
    assert hits(done.store, FORGOTTEN) == {}
    after = rows(done.store, done.receipt.version)
    assert {one: after[one] for one in map(url, STAYS)} == {one: done.rows[one] for one in map(url, STAYS)}
    assert not any(url(number) in after for number in FORGOTTEN)
    for version in ("v0001", "v0002"):
        assert not any(url(number) in rows(done.store, version) for number in FORGOTTEN)
    found = audit(done.store)
    assert (found.hits, found.receipts) == ({}, 1)
    assert found.runs > 100 * 10


@pytest.fixture
def copied_done(done, tmp_path):
    """A copy of it."""
    shutil.copytree(done.store.root, tmp_path / "done", symlinks=True)
    return Store.open(tmp_path / "done")


def test_a_cold_rebuild_from_the_blanked_files_gives_the_rewritten_version(copied_done, done):
    copied, receipt = copied_done, done.receipt
    chosen = settings(copied)
    cold = publish(copied, chosen.clean, chosen.publish, cold=True, engine=chosen.engine)
    assert (cold.version, cold.changed, cold.differences) == (receipt.version, False, [])
    assert cold.dropped["forgotten"] == 100
    assert hits(copied, FORGOTTEN) == {}
    assert clean(copied, chosen.clean, engine=chosen.engine).segments == 0


def test_read_again_from_nothing_but_the_blanked_files(copied_done):
    shutil.rmtree(copied_done.texts)
    shutil.rmtree(copied_done.documents)
    chosen = settings(copied_done)
    clean(copied_done, chosen.clean, engine=chosen.engine)
    assert hits(copied_done, FORGOTTEN) == {}


def test_killed_at_every_step_it_goes_on_and_gives_the_same_bytes(copied, tmp_path):
    prepare(copied, settings(copied), TARGETS, day=DAY, keep=True)
    shutil.copytree(copied.root, tmp_path / "killed", symlinks=True)
    killed = Store.open(tmp_path / "killed")
    carry_out(copied, settings(copied), Plan.unfinished(copied))
    seen = tmp_path / "seen"
    while Plan.unfinished(killed) is not None:
        child = os.fork()
        if child == 0:
            _killed_at_a_new_step(killed, seen)
        _, status = os.waitpid(child, 0)
        assert status in (0, signal.SIGKILL), status
    steps = {line.partition(" ")[2] for line in seen.read_text().splitlines()}
    assert steps >= {"takedown", "WARC files", "texts", "pairs", "versions", "memories", "models", "tokens", "pack"}
    assert "publish" in steps
    one, other = everything(copied), everything(killed)
    ours = {name for name in one | other if not name.startswith(("locks/", "signatures/"))}
    assert [name for name in sorted(ours) if one.get(name) != other.get(name)] == []
    assert hits(killed, FORGOTTEN) == {}


def _killed_at_a_new_step(store: Store, seen: Path) -> None:
    """In a child: go on, and end without a word at the first and at the second sign of each step."""
    known = set(seen.read_text().splitlines()) if seen.exists() else set()
    signs: Counter[str] = Counter()

    def progress(stage, _done, _total, figures):
        step = figures.get("step", stage)
        signs[step] += 1
        sign = f"{signs[step]} {step}"
        if signs[step] <= 2 and sign not in known:
            with seen.open("a") as file:
                file.write(f"{sign}\n")
            os.kill(os.getpid(), signal.SIGKILL)

    code = 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            carry_out(store, settings(store), Plan.unfinished(store), progress)
        code = 0
    finally:
        os._exit(code)


def by_fastwarc(file):
    for one in ArchiveIterator(file, parse_http=False):
        yield one.stream_pos, (one.headers["WARC-Record-ID"], one.headers["WARC-Target-URI"], one.reader.read())


def by_warcio(file):
    iterator = OtherIterator(io.BytesIO(file.read()), check_digests="raise")
    for one in iterator:
        content = one.raw_stream.read()
        names = ("WARC-Record-ID", "WARC-Target-URI")
        yield iterator.get_record_offset(), (*(one.rec_headers.get_header(name) for name in names), content)


def warc_paths(store: Store) -> list[Path]:
    return [path for path in sorted(store.warc.rglob("*.warc*")) if path.name.endswith((".gz", ".warc"))]


def records(store: Store, reader) -> dict[tuple[str, int], tuple]:
    """Id, target and content of every record, by file and offset."""
    found = {}
    for path in warc_paths(store):
        with path.open("rb") as file:
            found |= {(path.name, offset): record for offset, record in reader(file)}
    return found


@pytest.mark.parametrize("reader", [by_fastwarc, by_warcio])
def test_blanked_files_are_valid_and_every_other_record_is_what_it_was(done, reader):
    before, after = getattr(done, reader.__name__), records(done.store, reader)
    assert {path: path.stat().st_size for path in done.sizes} == done.sizes
    assert after.keys() == before.keys()
    gone = {url(number) for number in FORGOTTEN}
    blanked = {at for at, (_, target, _) in before.items() if target in gone}
    assert len(blanked) == sum(done.receipt.records.values()) == 102
    stays = before.keys() - blanked
    assert {at: after[at] for at in stays} == {at: before[at] for at in stays}
    for at in blanked:
        identity, target, content = after[at]
        assert (identity, content.strip()) == (before[at][0], b"")
        assert target.startswith("cowese://forgotten/")


def test_indexes_follow(done):
    after = records(done.store, by_fastwarc)
    for path in done.store.warc.rglob("*.warc.gz"):
        index = {row["offset"]: row["url"] for row in pq.read_table(index_path(path)).to_pylist()}
        assert index == {at: target for (name, at), (_, target, _) in after.items() if name == path.name}
        lines = Path(f"{path}.cdxj").read_text()
        assert "canarios-2.example" not in lines
        assert "canarios-1.example" in lines


def test_the_receipt_is_signed_and_names_no_address(copied_done, done):
    (folder,) = receipts(copied_done)
    content = (folder / "receipt.json").read_text()
    assert "example" not in content
    assert read_receipt(folder) == done.receipt
    assert done.receipt.holds(url(0).replace("https://", "http://www."))
    assert not done.receipt.holds(url(1))
    (folder / "receipt.json").write_text(content.replace('"texts": ', '"texts": 1'))
    with pytest.raises(InputError, match="signature does not fit"):
        audit(copied_done)


def test_tokens_are_packed_again_and_what_was_made_of_them_is_marked(done):
    assert done.receipt.deleted == done.receipt.packed == ["tokens/v0002+v0002-600"]
    packed = Manifest.read(done.store.root / done.receipt.packed[0])
    assert packed.made_from["corpus"] == Manifest.read(done.store.corpus / "v0002").digest
    assert not list((done.store.root / done.receipt.packed[0]).glob(".parts*"))
    assert {name.partition("/")[0] for name in done.receipt.marked} == {"tokenizers", "runs", "models"}
    assert all(forgotten_receipts(done.store.root / name) == ["f0001"] for name in done.receipt.marked)
    found = status(done.store, settings(done.store))
    states = {part.name: part.state for part in found.model}
    assert states["model"] == "made from texts that were forgotten since (f0001)"
    assert (found.forgotten, found.forgetting) == (1, False)


def test_what_is_forgotten_is_not_fetched_or_published_again(copied_done):
    copied = copied_done
    takedowns = Takedowns.load(copied)
    assert all(takedowns.covers(url(number)) for number in FORGOTTEN)
    write_warc(copied.warc / "0003" / "d.warc.gz", [(url(0), "200 OK", html(text(0)))])
    chosen = settings(copied)
    clean(copied, chosen.clean, engine=chosen.engine)
    version = publish(copied, chosen.clean, chosen.publish, engine=chosen.engine).version
    assert url(0) not in rows(copied, version)
    found = audit(copied)
    assert {name.partition("/")[0] for name in found.hits} == {"warc", "texts", "documents"}
    assert forget(copied, [url(0)]).receipt == "f0002"
    assert audit(copied).hits == {}


def test_versions_that_were_written_anew_keep_their_accounts(done):
    copied = done.store
    for version in versions(copied):
        manifest = json.loads((copied.corpus / version / "manifest.json").read_text())
        figures = manifest["figures"]
        kept = rows(copied, version)
        assert figures["documents"] == len(kept) == sum(figures["splits"].values())
        assert figures["urls"] == figures["documents"] + sum(figures["dropped"].values())
        assert figures["words"] == sum(row["n_words"] for row in kept.values())
        card = (copied.corpus / version / "README.md").read_text()
        assert f"| documents | {len(kept):,} |" in card
    assert np.load(copied.forgotten / "f0001" / "runs.npy").dtype == np.uint64
