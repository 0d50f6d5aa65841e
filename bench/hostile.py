"""A crawl of hostile hosts: what holds up the loop, how much memory grows, what was asked for that never should be.

    python bench/hostile.py --seeds seeds.tsv --proxy http://127.0.0.1:8900 --log access.jsonl

The proxy serves the hosts (any that end in ``.test``) and writes one JSON line a request with ``host`` and ``path``.
Prints JSON: the crawl's summary, the memory of its process, the good pages that were missed, what leaked.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from crawler.process.run import crawl
from crawler.settings import CrawlSettings
from data.store import Store

INSIDE = ("127.", "169.254.", "10.", "[", "localhost")


class Memory:
    """Resident memory of our children, sampled."""

    def __init__(self) -> None:
        self.samples: list[int] = []
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        me = psutil.Process()
        while True:
            try:
                total = sum(child.memory_info().rss for child in me.children(recursive=True))
            except psutil.Error:
                total = 0
            if total:
                self.samples.append(total)
            time.sleep(0.1)

    def figures(self) -> dict[str, float]:
        first = self.samples[min(20, len(self.samples) - 1)]  # two seconds in: everything is imported
        return {
            "start_mb": round(first / 1e6, 1),
            "peak_mb": round(max(self.samples) / 1e6, 1),
            "end_mb": round(self.samples[-1] / 1e6, 1),
        }


def requests(log: Path) -> list[tuple[str, str]]:
    """What the proxy was asked for."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return [(line["host"], line["path"]) for line in map(json.loads, lines)]


def main() -> None:
    """Crawl and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=Path, required=True)
    parser.add_argument("--proxy", required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--store", type=Path)
    options = parser.parse_args()
    memory = Memory()
    before = len(requests(options.log))
    with tempfile.TemporaryDirectory() as scratch:
        store = Store.open(options.store or Path(scratch) / "store")
        settings = CrawlSettings(
            seeds=options.seeds,
            proxy=options.proxy,
            breaker_base_delay=5,  # the servers here are slow, not dead, when the machine is busy
            breaker_patience=60,
            timeout=15,
            delay_min=0.05,
            max_pages_per_host=150,
        )
        summary = crawl(store, settings)
        checked = subprocess.run(
            [sys.executable, "-m", "warcio.cli", "check", *map(str, sorted(store.warc.rglob("*.warc.gz")))], check=False
        )
    asked = requests(options.log)[before:]
    hosts = {line.split("\t")[0].split("/")[2] for line in options.seeds.read_text().splitlines()[1:]}
    good = {host for host, path in asked if path == "/buena"}
    result = {
        "summary": summary.model_dump(mode="json"),
        "memory": memory.figures(),
        "good_pages_missed": sorted(host for host in hosts if host.endswith(".test") and host not in good),
        "leaked": sorted({f"{host}{path}" for host, path in asked if host.startswith(INSIDE) or path == "/secreto"}),
        "forbidden": sorted({f"{host}{path}" for host, path in asked if path in ("/privado", "/oculta")}),
        "requests": len(asked),
        "warcio_check": checked.returncode,
    }
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
