"""A year of monthly rounds on a small web that lives, dies, moves, lies, blocks and forbids: who was asked how often.

Run: .venv/bin/python bench/crawl_year.py [--rounds 13] [--cap 15] [--record]   (a quarter of an hour on a busy machine)
"""

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path.append(str(_HERE.parent / "tests" / "shared"))

from harness import Run, record_option  # noqa: E402 - found there

START = datetime(2027, 1, 5, tzinfo=UTC)
BREAKS, RETURNS, MOVES, BLOCKS, FORBIDS = 3, 7, 5, 4, 6
"""Rounds in which things happen."""
MOST_AFTER_NO = 4
"""Pages of a host that blocks that a round may ask for: three challenges show it, after one page at most."""


class Year:
    """The hosts, as they stand in a round."""

    def __init__(self, web, pages):
        from crawler_web import html

        self.web, self.html, self.round, self.pages = web, html, 0, pages
        hosts = ("vivo", "quieto", "vuelve", "mudado", "nuevo", "miente", "bloquea", "prohibe", "crece")
        for host in hosts:
            web.pages[f"http://{host}.test/robots.txt"] = lambda _, host=host: self.robots(host)
            for path in ("/", *(f"/p{n}" for n in range(400))):
                web.pages[f"http://{host}.test{path}"] = lambda headers, host=host, path=path: self.answer(
                    host, path, headers
                )
        web.etags = False
        self.seeds = [f"http://{host}.test/" for host in (*hosts, "muerto") if host != "nuevo"]

    def robots(self, host):
        if host == "vuelve" and BREAKS <= self.round < RETURNS:
            return 503, {}, b""
        rule = b"Disallow: /" if host == "prohibe" and self.round >= FORBIDS else b"Disallow:"
        return 200, {"Content-Type": "text/plain"}, b"User-agent: *\n" + rule + b"\n"

    def answer(self, host, path, headers):
        number = int(path[2:]) if path != "/" else -1
        known = self.pages + (10 * self.round if host == "crece" else 0)
        if number >= known:
            return 404, {}, b"no"
        if host == "vuelve" and BREAKS <= self.round < RETURNS:
            return 503, {}, b""
        if host == "mudado" and self.round >= MOVES:
            return 301, {"Location": f"http://nuevo.test{path}"}, b""
        if host == "bloquea" and self.round >= BLOCKS:
            challenge = b"<html><head><title>Just a moment...</title></head><body></body></html>"
            return 403, {"Content-Type": "text/html", "Cf-Mitigated": "challenge", "Server": "cloudflare"}, challenge
        links = [f"/p{n}" for n in range(known)] if path == "/" else []
        changes = host in ("vivo", "miente", "crece")
        status, fields, body = self.html(*links, text=f"{host} {path} {self.round if changes else ''}")
        if host in ("quieto", "miente"):
            tag = '"fijo"'
            if headers.get("if-none-match") == tag:
                return 304, {"ETag": tag}, b""
            fields = {**fields, "ETag": tag}
        return status, fields, body


def main(options):
    from crawler_web import Web, serving

    from crawler.process.run import crawl
    from data.store import Store

    asked, rows = defaultdict(dict), []
    with tempfile.TemporaryDirectory() as folder, serving(Web()) as web:
        year = Year(web, options.pages)
        store = Store.open(Path(folder, "store"))
        settings = web.settings(web.seeds(Path(folder, "seeds.tsv"), *year.seeds), max_pages_per_host=options.cap)
        size = []
        for number in range(1, options.rounds + 1):
            year.round = number
            web.asked.clear()
            summary = crawl(store, settings, as_of=START + timedelta(days=30.4 * (number - 1)))
            for url, count in Counter(web.urls()).items():
                asked[url][number] = count
            by_host = Counter(url.split("/")[2] for url in web.beyond_permissions())
            size.append(store.crawl_state.stat().st_size)
            pages = [getattr(summary, name) for name in ("new", "changed", "same", "not_modified", "moved")]
            others = [
                ", ".join(f"{name} {count}" for name, count in sorted(one.items()))
                for one in (summary.refused, by_host)
            ]
            rows.append((number, *pages, *others, summary.hosts_resting or summary.hosts_left_out, size[-1] / 1e3))
    run = Run("crawl_year", ("scrapy", "twisted"))
    columns = ("round", "new", "changed", "same", "304", "moved", "refused", "asked by host", "resting", "state, kB")
    run.table(f"{options.pages} pages a host, a cap of {options.cap}", columns, rows)
    run.close(options.record)
    judge(asked, size, options)


def judge(asked, size, options):
    """What the year must not show; the exit code says whether it did."""
    from crawler_web import PERMISSIONS

    wrong = []
    worst = 0
    for host, pages in (("vivo", options.pages), ("quieto", options.pages), ("crece", options.pages)):
        for n in range(pages):
            visits = sorted(asked.get(f"http://{host}.test/p{n}", {}))
            gaps = [b - a for a, b in zip([0, *visits], [*visits, options.rounds + 1], strict=True)]
            worst = max(worst, *gaps)
            if not visits:
                wrong.append(f"{host}/p{n} was never asked for")
    for number in range(BLOCKS, options.rounds + 1):
        pages = sum(r.get(number, 0) for u, r in asked.items() if "bloquea" in u and not u.endswith(PERMISSIONS))
        if pages > MOST_AFTER_NO:
            wrong.append(f"the host that blocks was asked for {pages} pages in round {number}")
    forbidden = [
        url
        for url, rounds in asked.items()
        if "prohibe" in url and not url.endswith("/robots.txt") and any(n >= FORBIDS for n in rounds)
    ]
    if forbidden:
        wrong.append(f"asked in spite of robots.txt: {forbidden[:3]}")
    blocked = sum(c for u, r in asked.items() if "bloquea" in u for n, c in r.items() if n >= BLOCKS)
    back = sum(c for u, r in asked.items() if "vuelve.test/p" in u for n, c in r.items() if n >= RETURNS)
    new = sum(1 for url in asked if "nuevo.test/p" in url)
    dead = sum(sum(r.values()) for u, r in asked.items() if "muerto" in u)
    print(
        f"longest wait of a page: {worst} rounds; the host that blocks was asked {blocked} times after it did; the one "
        f"that came back {back} times since; {new} pages of the new address; the dead host {dead} times; state "
        f"{size[0] / 1e3:.0f} → {size[-1] / 1e3:.0f} kB"
    )
    if back == 0:
        wrong.append("the host that came back was not asked again")
    if new == 0:
        wrong.append("nothing was asked at the new address")
    print("\n".join(wrong) or "nothing starved, nobody asked that said no")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=13)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--cap", type=int, default=15)
    record_option(parser)
    main(parser.parse_args())
