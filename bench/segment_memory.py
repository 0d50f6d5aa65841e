"""How much memory cleaning a WARC segment of 1 GB takes: the peak of each process.

Usage: bench/segment_memory.py PAGES.tar.xz [--gigabytes 1] [--workers 2] [--folder /tmp/cowese-segment]

PAGES is a tar of HTML files. The segment is made of: PDFs of 9 MB that are none (random bytes after a true beginning),
images of 1 MB, two records of 100 MB, larger than a page may be; pages of up to 2 MB, each of forty real ones; and
``--real`` real pages as they are. Most of its bytes are in the large records, so that it passes in some minutes; what
is held for a page or a row is the same as in a segment of real pages alone. `cowese clean` runs on it in a store of its
own; every 50 ms the resident memory of each of its processes is sampled. The folder is removed at the end.
"""

import argparse
import gzip
import os
import random
import shutil
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

MEGA = 1_000_000
LIMIT = 1.5e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", type=Path, metavar="PAGES")
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--real", type=int, default=1_500, help="real pages as they are")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--folder", type=Path, default=Path("/tmp/cowese-segment"))
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True)
    try:
        segment = arguments.folder / "segment.warc.gz"
        records = write_segment(segment, arguments.pages, arguments.gigabytes * 1e9, arguments.real)
        print(f"{records:,} records, {segment.stat().st_size / 1e9:.2f} GB", flush=True)
        measure(segment, arguments.folder / "store", arguments.workers)
    finally:
        shutil.rmtree(arguments.folder)


def write_segment(path: Path, tar: Path, size: float, real: int) -> int:
    with tarfile.open(tar) as archive:
        members = [one for one in archive if one.isfile() and one.name.endswith(".html")]
        bodies = [archive.extractfile(member).read() for member in members[: max(real, 400)]]
    count = 0
    with path.open("wb") as file:
        for count, record in enumerate(records(bodies, size, real), 1):  # noqa: B007 - used below
            file.write(gzip.compress(record, 1))
    return count


def records(bodies: list[bytes], size: float, real: int) -> Iterator[bytes]:
    """Large and small ones in turn, in an order that is always the same."""
    draw = random.Random(1)
    for number in range(2):
        yield response(f"video{number}", "text/html", draw.randbytes(100 * MEGA))
    large = int((size - 200 * MEGA) / MEGA / 10)
    small = iter(enumerate(bodies[:real]))
    for number in range(large):
        yield response(f"informe{number}.pdf", "application/pdf", b"%PDF-1.7\n" + draw.randbytes(9 * MEGA))
        yield response(f"foto{number}.jpg", "image/jpeg", draw.randbytes(MEGA))
        yield response(f"largo{number}", "text/html", b"".join(draw.sample(bodies, 40))[: 2 * MEGA])
        for page, body in [one for _, one in zip(range(real // large + 1), small, strict=False)]:
            yield response(f"pagina{page}", "text/html", body)


def response(name: str, kind: str, body: bytes) -> bytes:
    block = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:x:{name}>\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n"
        f"WARC-Target-URI: https://www.ejemplo.example/{name}\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def measure(segment: Path, store: Path, workers: int) -> None:
    started = time.monotonic()
    command = [Path(sys.executable).with_name("cowese"), "clean", segment, "--store", store, "--workers", str(workers)]
    peaks: dict[int, int] = {}
    names: dict[int, str] = {}
    most = 0
    with psutil.Popen([*map(str, command)]) as process:
        while process.poll() is None:
            together = 0
            for one in [process, *children(process)]:
                try:
                    held = one.memory_info().rss
                    names.setdefault(one.pid, " ".join(one.cmdline()[1:4])[-60:])
                except psutil.Error:  # it ended between the list and the look
                    continue
                together += held
                peaks[one.pid] = max(peaks.get(one.pid, 0), held)
            most = max(most, together)
            time.sleep(0.05)
    print(f"exit code {process.returncode}, {time.monotonic() - started:.0f} s, {workers} workers")
    for pid, peak in sorted(peaks.items(), key=lambda item: -item[1])[:8]:
        print(f"  {peak / 1e9:.2f} GB  {names.get(pid, '')}")
    print(f"  {most / 1e9:.2f} GB  all together")
    print(f"largest {max(peaks.values()) / 1e9:.2f} GB (asked: {LIMIT / 1e9} GB a worker)")


def children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


if __name__ == "__main__":
    main()
