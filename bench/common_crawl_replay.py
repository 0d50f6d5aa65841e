"""Is a corpus the same whether its pages were crawled, or came from a Common Crawl that has the same answers?

    python bench/common_crawl_replay.py --shared ../shared --folder /tmp/replay --hosts www.psiconotas.com

The replayed web (``shared/tools/replay_web.py``) is crawled. Then its answers, as they stand in the crawl's WARC
files, become a Common Crawl on loopback: WARC files and columnar index as ``tests/shared/common_crawl.py`` makes them,
bodies unpacked as CCBot keeps them. ``cowese archive common-crawl`` fetches that into a second store, cleaned and
published with the same settings. Every column of every document and dropped page is compared, but for those that say
where a record lies (warc_file, warc_offset, source).
"""

import argparse
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "shared"))
sys.path.insert(0, str(Path(__file__).parents[1]))

import pyarrow.parquet as pq
from common_crawl import Archive, Capture, serving
from fastwarc.warc import ArchiveIterator, WarcRecordType

from cleaning.clean import clean
from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from crawler.process.run import crawl
from crawler.settings import CrawlSettings
from crawler.sources.common_crawl.run import archive_common_crawl
from data.store import Store

CRAWL = "CC-MAIN-2026-05"
PLACE = {"warc_file", "warc_offset", "source"}
REBUILT = {"content-length", "content-encoding", "x-crawler-transfer-encoding"}


def crawled(shared: Path, folder: Path, hosts: list[str]) -> tuple[Store, CrawlSettings]:
    """Crawl the replayed web."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    every = folder / "every.tsv"
    command = [sys.executable, shared / "tools/replay_web.py", "--archive", shared / "data/web.tar.xz"]
    server = subprocess.Popen([*command, "--port", str(port), "--seeds", every], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.5)
        header, *lines = every.read_text(encoding="utf-8").splitlines()
        chosen = [line for line in lines if not hosts or line.split("\t")[0].split("/")[2] in hosts]
        seeds = folder / "seeds.tsv"
        seeds.write_text("\n".join([header, *chosen]) + "\n", encoding="utf-8")
        settings = CrawlSettings(seeds=seeds, proxy=f"http://127.0.0.1:{port}", delay_min=0, delay_factor=0)
        store = Store.open(folder / "crawled")
        crawl(store, settings)
        return store, settings
    finally:
        server.terminate()
        server.wait()


def captures(store: Store) -> list[Capture]:
    """The answers that a crawl kept, as Common Crawl would have them."""
    found = []
    for path in sorted(store.warc.glob("0001/*.warc.gz")):
        with path.open("rb") as file:
            for one in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True, auto_decode="all"):
                http = one.http_headers
                headers = tuple((name, value) for name, value in http.items() if name.lower() not in REBUILT)
                mime = next((value for name, value in headers if name.lower() == "content-type"), "")
                found.append(
                    Capture(
                        url=one.headers["WARC-Target-URI"],
                        body=one.reader.read(),
                        when=one.record_date,
                        status=int(http.status_line.split(" ")[1]),
                        mime=mime.partition(";")[0],
                        languages=None,
                        headers=tuple(pair for pair in headers if pair[0].lower() != "content-type"),
                        content_type=mime,
                    )
                )
    return found


def rows(store: Store) -> dict[str, dict[str, dict[str, object]]]:
    """Documents and dropped pages of the newest version, by id, without where they lie."""
    folder = store.corpus_version("latest")
    found: dict[str, dict[str, dict[str, object]]] = {"documents": {}, "dropped": {}}
    for path in sorted(folder.rglob("*.parquet")):
        kind = "dropped" if "dropped" in path.as_posix() else "documents"
        for row in pq.read_table(path, partitioning=None).to_pylist():
            found[kind][row["id"]] = {name: value for name, value in row.items() if name not in PLACE}
    return found


def main() -> None:
    """Crawl, make the archive of it, bring it in, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--hosts", nargs="*", default=[])
    given = parser.parse_args()
    given.folder.mkdir(parents=True)
    mine, crawling = crawled(given.shared, given.folder, given.hosts)
    theirs = Store.open(given.folder / "archived")
    with serving(Archive()) as archive:
        answers = captures(mine)
        archive.add(CRAWL, answers, warcs=20, parts=3, group_rows=1_000, page_rows=100)
        summary = archive_common_crawl(theirs, crawling, archive.settings(), [CRAWL])
        requests = len(archive.record_requests())
    for store in (mine, theirs):
        clean(store, CleaningSettings())
        publish(store, CleaningSettings(), PublishSettings())
    one, other = rows(mine), rows(theirs)
    told: dict[str, object] = {
        "answers": len(answers),
        "records": summary.records,
        "requests": requests,
        "planned_requests": summary.record_requests,
        "left_out": summary.left_out,
    }
    for kind in ("documents", "dropped"):
        both = one[kind].keys() & other[kind].keys()
        columns = sorted({c for i in both for c in one[kind][i] if one[kind][i][c] != other[kind][i][c]})
        told[kind] = {
            "crawled": len(one[kind]),
            "archived": len(other[kind]),
            "in_both": len(both),
            "alike": sum(one[kind][identity] == other[kind][identity] for identity in both),
            "columns_that_differ": columns,
            "only_crawled": sorted({str(one[kind][i].get("reason")) for i in one[kind].keys() - both}),
            "only_archived": sorted({str(other[kind][i].get("reason")) for i in other[kind].keys() - both}),
        }
    print(json.dumps(told, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
