"""Judging again after a changed threshold, beside cleaning anew: CPU seconds of every process, and the same bytes.

python bench/rejudge.py PAGES.tar.xz [--pages 2000] [--workers 2] [--changes 3] [--record]

PAGES is a tar of HTML files, `pages/HOST/PATH`; a sample is drawn by a hash of their names and written as WARC files
of 500 records. A store is cleaned under the default settings. Then for each changed setting: (a) the store is cleaned
under it: the extracted texts are judged again, with the WARC files out of reach; (b) a new store is cleaned under it
from the WARC files. Both are the `clean` of the command in a process of its own, start and imports included; CPU
seconds are those of all its descendants. The pairs of both must be the same, byte by byte. (a) is measured three times:
first in a store that knows only what the default settings asked, then with the measures that (a) itself has added.
"""

import argparse
import hashlib
import io
import json
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness import Run, adopt_orphans, measured, record_option, times

CHANGES = {
    "min_chars 300 → 500": {"min_chars": 500},
    "max_duplicate_ngrams 0.106 → 0.16": {"max_duplicate_ngrams": 0.16},
    "min_accents 0.003 → 0.001": {"min_accents": 0.001},
    "max_newline_ratio 0.3 → 0.138": {"max_newline_ratio": 0.138},
    "languages es → es, ca": {"languages": ["es", "ca"]},
}
RECORDS = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", type=Path)
    parser.add_argument("--pages", type=int, default=2000, dest="count")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--changes", type=int, default=3, help="how many of the changed settings are tried")
    parser.add_argument("--settings", help=argparse.SUPPRESS)
    record_option(parser)
    arguments = parser.parse_args()
    if arguments.settings is not None:
        clean_one(arguments.pages, json.loads(arguments.settings), arguments.workers)
        return
    adopt_orphans()  # page processes outlive the command for a moment
    run = Run("rejudge", ("trafilatura", "lxml", "pyarrow"))
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), arguments, run)
    run.close(arguments.record)


def compare(folder: Path, arguments: argparse.Namespace, run: Run) -> None:
    warcs = folder / "warc"
    written = write_warcs(arguments.pages, warcs, arguments.count)
    first, hidden = folder / "first", folder / "out-of-reach"
    shutil.copytree(warcs, first / "warc" / "0001")
    seconds, _ = clean_in_a_process(first, {}, arguments.workers)
    sizes = {name: size_of(first / name) / 1e6 for name in ("warc", "texts", "documents")}
    note = f"{written} pages in {len(list(warcs.iterdir()))} WARC files, cleaned in {seconds:.1f} CPU s; "
    note += f"MB: {', '.join(f'{name} {size:.1f}' for name, size in sizes.items())}"
    rows = []
    (first / "warc").rename(hidden)
    for name, change in list(CHANGES.items())[: arguments.changes]:
        runs = []
        for _ in range(3):
            again, summary = clean_in_a_process(first, change, arguments.workers)
            assert summary["extracted"] == 0
            runs.append(again)
            documents = first / "documents" / summary["recipe"]
            kept = digests(documents)
            shutil.rmtree(documents)
        other = folder / "anew"
        (other / "warc").mkdir(parents=True)
        (other / "warc" / "0001").symlink_to(warcs)
        anew, fresh = clean_in_a_process(other, change, arguments.workers)
        same = kept == digests(other / "documents" / fresh["recipe"])
        shutil.rmtree(other)
        shown = ", ".join(f"{run:.2f}" for run in runs)
        files = f"{len(kept)} {'the same' if same else 'DIFFER'}"
        rows.append((name, fresh["kept"], files, shown, anew, times(anew / runs[0]), times(anew / min(runs))))
        print(*rows[-1], sep="; ", flush=True)
    columns = ("changed", "kept", "files", "judged again, CPU s", "cleaned from the WARC files, CPU s")
    run.table("Judging again", (*columns, "less the first time (asked: 30)", "less at best"), rows, note)


def write_warcs(tar: Path, folder: Path, count: int) -> int:
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    with tarfile.open(tar) as archive:
        names = [one.name for one in archive if one.isfile() and one.name.startswith("pages/")]
    chosen = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())[:count]
    wanted, written = set(chosen), 0
    folder.mkdir()
    with tarfile.open(tar) as archive:
        for member in archive:
            if member.name not in wanted:
                continue
            with (folder / f"{written // RECORDS:03d}.warc.gz").open("ab") as file:
                head = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
                body = archive.extractfile(member).read()
                address = "http://" + member.name.removeprefix("pages/").removesuffix("index.html")
                writer = WARCWriter(file, gzip=True)
                writer.write_record(
                    writer.create_warc_record(address, "response", payload=io.BytesIO(body), http_headers=head)
                )
            written += 1
    return written


def clean_in_a_process(store: Path, settings: dict, workers: int) -> tuple[float, dict]:
    """CPU seconds of a run of `clean` and all that it starts, and its summary."""
    command = [sys.executable, __file__, str(store), "--settings", json.dumps(settings), "--workers", str(workers)]
    seconds, printed = measured(command)
    return seconds, json.loads(printed)


def clean_one(store: Path, settings: dict, workers: int) -> None:
    from cleaning.clean import clean
    from cleaning.settings import CleaningSettings
    from data.engines.engine import EngineSettings
    from data.store import Store

    summary = clean(Store.open(store), CleaningSettings(**settings), engine=EngineSettings(workers=workers))
    print(summary.model_dump_json())


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
