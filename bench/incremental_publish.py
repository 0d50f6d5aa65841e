"""What a publish costs: from nothing but the WARC files, with nothing changed, with one page in a hundred changed.

python bench/incremental_publish.py FOLDER [--share 0.01] [--workers 1] [--record]

FOLDER holds WARC files (a store's `warc`, or anybody's). They are linked into a store of their own; a share of the
pages is then written again, with one sentence more, as the next round.
"""

import argparse
import io
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness import Run, record_option
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cleaning.clean import clean
from cleaning.corpus.publish import PublishSummary, publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.engines.engine import EngineSettings
from data.store import Store

SENTENCE = "<p>Actualizado en la ronda siguiente: consulte siempre con su médico antes de cambiar de tratamiento.</p>"
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)


def changed_round(store: Store, share: float) -> int:
    """Write every so-manieth HTML page again with one sentence more; give how many."""
    target = store.warc / "9999" / "changed.warc.gz"
    target.parent.mkdir(parents=True)
    every = round(1 / share)
    seen = written = 0
    with target.open("wb") as out:
        writer = WARCWriter(out, gzip=True, warc_version="1.1")
        for source in sorted(store.warc.glob("0001/*.warc.gz")):
            with source.open("rb") as stream:
                for record in ArchiveIterator(stream):
                    if record.rec_type != "response" or record.http_headers.get_statuscode() != "200":
                        continue
                    body = record.content_stream().read()
                    if b"<p" not in body:
                        continue
                    seen += 1
                    if seen % every == 0:
                        _write(writer, record, body.replace(b"<p", SENTENCE.encode() + b"<p", 1))
                        written += 1
    return written


def _write(writer: WARCWriter, record, body: bytes) -> None:
    fields = [field for field in record.rec_headers.headers if field[0].startswith("CoWeSe")]
    kind = record.http_headers.get_header("content-type") or "text/html"
    answer = StatusAndHeaders(
        "200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))], protocol="HTTP/1.1"
    )
    made = writer.create_warc_record(
        record.rec_headers.get_header("WARC-Target-URI"),
        "response",
        payload=io.BytesIO(body),
        http_headers=answer,
        warc_headers_dict={"WARC-Date": LATER.strftime("%Y-%m-%dT%H:%M:%SZ"), **dict(fields)},
    )
    writer.write_record(made)


def timed(store: Store, *, cold: bool = False, workers: int | None = None) -> tuple[float, PublishSummary]:
    """Seconds of a publish; where it is not cold, cleaning what is new is counted in."""
    started = time.perf_counter()
    if not cold:
        clean(store, CleaningSettings(), engine=EngineSettings(workers=workers))
    done = publish(store, CleaningSettings(), PublishSettings(), cold=cold)
    return time.perf_counter() - started, done


def main() -> None:
    """Read the arguments, run, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--workers", type=int)
    record_option(parser)
    given = parser.parse_args()
    run = Run("incremental_publish", ("trafilatura", "lxml", "pyarrow", "numpy"))
    with tempfile.TemporaryDirectory() as name:
        store = Store.open(name)
        (store.warc / "0001").mkdir(parents=True)
        for path in sorted(given.folder.rglob("*.warc.gz")):
            (store.warc / "0001" / path.name).symlink_to(path.absolute())
        first, done = timed(store, workers=given.workers)
        unchanged, _ = timed(store)
        pages = changed_round(store, given.share)
        changed, second = timed(store, workers=given.workers)
        cold, again = timed(store, cold=True)
        assert not again.changed, "the cold version differs"
        rows = (
            ("first publish", first, done.version),
            ("nothing changed", unchanged, done.version),
            (f"{pages} pages changed", changed, second.version),
            ("cold, all WARC files", cold, f"{again.version}, the same bytes"),
        )
        run.table(
            f"{done.funnel['records']:,} records, {done.documents:,} documents; {pages} pages changed",
            ("", "wall seconds", "of cold", "version"),
            [(label, seconds, f"{seconds / cold:.3%}", version) for label, seconds, version in rows],
        )
        run.close(given.record)


if __name__ == "__main__":
    main()
