"""CPU time of what is done for each page: its WARC record, its links' canonical forms."""

import io
import tempfile
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path

from crawl_web import page_of
from harness import Run

BEST_OF = 7


def best(work, items):
    """The least CPU time an item of several passes."""
    passes = []
    for _ in range(BEST_OF):
        started = time.process_time()
        for item in items:
            work(item)
        passes.append((time.process_time() - started) / len(items))
    return min(passes)


def warc(options):
    """A record of a page beside compression alone and beside warcio; real pages where a folder is given."""
    sets = {"synthetic": [page_of(1, number, 10, 200) for number in range(150)]}
    if options.folder is not None:
        files = [path for path in sorted(options.folder.rglob("*")) if path.is_file()]
        sets["real"] = [path.read_bytes() for path in files if 36_000 <= path.stat().st_size <= 46_000][:150]
    run = Run("crawl_warc", ("fastwarc", "warcio", "isal"))
    for name, bodies in sets.items():
        rows = [
            (arm, best(work, bodies) * 1e3, size(bodies) if size else None) for arm, (work, size) in _writers().items()
        ]
        title = f"{len(bodies)} {name} pages of {sum(map(len, bodies)) / len(bodies):,.0f} bytes, best of {BEST_OF}"
        run.table(title, ("arm", "CPU ms a page", "bytes"), rows)
    run.close(options.record)


def _writers():
    from fastwarc import GzipWriter
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    from crawler.warc.record import gzip_member
    from crawler.warc.writer import WarcWriter

    now, headers = datetime.now(UTC), [(b"Content-Type", b"text/html; charset=utf-8"), (b"Server", b"nginx")]
    writer = WarcWriter(Path(tempfile.mkdtemp()), "bench", 1 << 30, {"software": "bench"})
    other = WARCWriter(io.BytesIO(), gzip=True)

    def ours(body):
        writer.response("http://a.test/", now, b"HTTP/1.1 200 OK", headers, body, {"CoWeSe-Seed": "http://a.test/"})

    def fastwarc(body):
        packed = io.BytesIO()
        member = GzipWriter(packed, compression_level=1, buffer_size=8_192)
        member.write(body)
        member.finish()
        return packed.getvalue()

    def warcio(body):
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        record = other.create_warc_record("http://a.test/", "response", io.BytesIO(body), http_headers=head)
        other.write_record(record)

    def sized(pack):
        return pack, lambda bodies: sum(len(pack(body)) for body in bodies) / len(bodies)

    return {
        "ours, whole record": (ours, None),
        "ours, gzip member": sized(lambda body: gzip_member((body,))),
        "FastWARC level 1": sized(fastwarc),
        "zlib level 1": sized(lambda body: zlib.compress(body, 1, 31)),
        "warcio, whole record": (warcio, None),
    }


FORMS = {
    "plain": "https://www.clinica.es/salud/asma/sintomas-{}.html",
    "query with utm": "https://www.clinica.es/articulo?id={}&utm_source=boletin&p=3",
    "escapes": "https://www.clinica.es/salud/ni%C3%B1os/alimentaci%C3%B3n-{}",
    "accents": "https://www.clinica.es/salud/niños/alimentación-{}",
    "dots": "https://www.clinica.es/salud/../guias/./asma-{}",
    "session in path": "https://www.clinica.es/cita;jsessionid=AB{}?paso=2",
}


def canonical(options):
    """Microseconds a URL that was never seen before, beside w3lib's."""
    from w3lib.url import canonicalize_url

    from data.urls import canonical_url

    run, rows = Run("crawl_canonical", ("w3lib",)), []
    for name, form in FORMS.items():
        fresh = iter(range(10**9))
        ours = best(lambda _, form=form, fresh=fresh: canonical_url(form.format(next(fresh))), range(5_000))
        other = best(lambda _, form=form, fresh=fresh: canonicalize_url(form.format(next(fresh))), range(1_000))
        rows.append((name, ours * 1e6, other * 1e6))
    run.table("Canonical form of a URL never seen before", ("URL", "ours, CPU µs", "w3lib, CPU µs"), rows)
    run.close(options.record)
