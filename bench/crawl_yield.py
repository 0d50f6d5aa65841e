"""Kept new words at 5, 10 and 20 % of the requests: by yield, first in first out, as the sitemap lists, and at best.

Three bounds: the best order of all URLs, known or not; of those that were found, by who knows what each page and the
best page behind it gives; and what sections can tell, with the figures of the whole crawl known from its beginning.

The store must hold a whole crawl of one round, cleaned and published: its WARC files say what linked to what, its
corpus how many new words each URL gave. Orders are then replayed on it; figures are fed back twenty times on the way,
as `cowese crawl --max-pages N`, `clean` and `publish` in turn would do.

Run: .venv/bin/python bench/crawl_yield.py --store STORE [--record]
"""

import argparse
import gzip
import heapq
import math
from collections import defaultdict, deque
from pathlib import Path

from harness import Run, record_option

POINTS = (0.05, 0.1, 0.2)
FEEDBACKS = 20
ORDERS = ("as the sitemap lists", "by yield", "what sections can tell", "at best, of what was found", "at best")


class StoredWeb:
    """URLs by host with their links, in the order of the page; what the sitemaps list; the words that each gave."""

    def __init__(self, store):
        self.links, self.sitemap, self.words = defaultdict(dict), {}, {}
        self._read_words(store)
        for path in sorted(store.warc.rglob("*.warc.gz")):
            self._read(path)

    def _read_words(self, store):
        from data.parquet import read_parquet

        for path in (store.latest_corpus / "data").rglob("*.parquet"):
            table = read_parquet(path, ["url", "n_words"])
            self.words.update(zip(table["url"].to_pylist(), table["n_words"].to_pylist(), strict=True))

    def _read(self, path):
        from fastwarc.warc import ArchiveIterator, WarcRecordType

        from data.urls import host_of

        with path.open("rb") as file:
            for record in ArchiveIterator(file, parse_http=True, record_types=WarcRecordType.response):
                url, body = record.headers["WARC-Target-URI"], record.reader.read()
                fields = {name.lower(): value for name, value in record.http_headers.items()}
                body = gzip.decompress(body) if fields.get("content-encoding") == "gzip" and body else body
                if url.endswith(("/robots.txt", "/ai.txt", "/tdmrep.json")):
                    continue
                if url.endswith("/sitemap.xml"):
                    self.sitemap[host_of(url)] = self._listed(body)
                else:
                    self.links[host_of(url)][url] = self._links(url, fields, body)

    @staticmethod
    def _listed(body):
        import re

        from data.urls import canonical_url

        return [canonical_url(one.decode()) for one in re.findall(rb"<loc>([^<]+)</loc>", body)]

    @staticmethod
    def _links(url, fields, body):
        from crawler.parsing.links import extract_links, is_html
        from crawler.parsing.url_join import location_url
        from data.charset import encoding_of
        from data.errors import InputError
        from data.urls import canonical_url

        kind = fields.get("content-type", "")
        found = extract_links(body, url, encoding_of(body, kind)).urls if is_html(kind, body) else []
        target = location_url(url, fields.get("location", "").encode("latin-1"))
        links = []
        for link in [*found, *([target] if target else [])]:
            try:
                links.append(canonical_url(link))
            except InputError:
                continue
        return links


class Fifo:
    """As they were found."""

    def __init__(self, host):
        del host
        self._queue = deque()

    def add(self, url):
        self._queue.append(url)

    def pop(self):
        return self._queue.popleft()

    def __len__(self):
        return len(self._queue)

    def feed(self, done):
        """Nothing is learned."""


class ByYield:
    """The crawler's own ranks, from what was fed back so far."""

    def __init__(self, host):
        from crawler.frontier.yields import Yields

        self._host, self._sums, self._heap, self._count = host, {}, [], 0
        self._yields = Yields({})

    def add(self, url):
        self._count += 1
        rank = 0 if self._count == 1 else self._yields.rank(url, self._host)
        heapq.heappush(self._heap, (rank, self._count, url))

    def pop(self):
        return heapq.heappop(self._heap)[2]

    def __len__(self):
        return len(self._heap)

    def feed(self, done):
        from crawler.frontier.yields import Yields
        from data.yields import SectionYield, count_yields

        for key, new in count_yields((self._host, url, words) for url, words in done).items():
            before = self._sums.get(key, SectionYield(0, 0))
            self._sums[key] = SectionYield(before.requests + new.requests, before.words + new.words)
        self._yields = Yields(dict(self._sums))
        rows = sorted((count, url) for _, count, url in self._heap)
        self._heap = [(self._yields.rank(url, self._host), count, url) for count, url in rows]
        heapq.heapify(self._heap)


class BySections(ByYield):
    """The crawler's own ranks, from the figures of the whole crawl: what sections can tell at most."""

    def __init__(self, host, web):
        from crawler.frontier.yields import Yields
        from data.yields import count_yields

        super().__init__(host)
        self._yields = Yields(dict(count_yields((host, url, web.words.get(url, 0)) for url in web.links[host])))

    def feed(self, done):
        """All is known."""


class Clairvoyant:
    """By the words of a page, or half of those of it and the best page that it links to."""

    def __init__(self, host, web):
        self._web, self._links, self._heap, self._count = web, web.links[host], [], 0

    def add(self, url):
        self._count += 1
        here = self._web.words.get(url, 0)
        behind = max((self._web.words.get(one, 0) for one in self._links[url] if one in self._links), default=0)
        heapq.heappush(self._heap, (-max(here, (here + behind) / 2), self._count, url))

    def pop(self):
        return heapq.heappop(self._heap)[2]

    def __len__(self):
        return len(self._heap)

    def feed(self, done):
        """All is known."""


def replay(web, hosts, make, total, *, sitemap_first=False, holds=False):
    """Ask hosts in turn for so many URLs in all; requests and words by host."""
    queues, seen = {host: make(host) for host in hosts}, defaultdict(set)
    requests, words, new = dict.fromkeys(hosts, 0), dict.fromkeys(hosts, 0), defaultdict(list)

    def add(host, urls):
        for url in urls:
            if url in web.links[host] and url not in seen[host]:
                seen[host].add(url)
                queues[host].add(url)

    for host in hosts:
        listed = web.sitemap.get(host, ())
        add(host, [*(listed if sitemap_first else ()), f"http://{host}/"])
    done, held, feed_at = 0, set(), total // FEEDBACKS
    while done < total:
        live = [host for host in hosts if len(queues[host]) and host not in held]
        live = live or [host for host in hosts if len(queues[host])]
        if not live:
            break
        for host in live[: total - done]:
            url = queues[host].pop()
            done, requests[host] = done + 1, requests[host] + 1
            words[host] += web.words.get(url, 0)
            new[host].append((url, web.words.get(url, 0)))
            add(host, web.links[host][url])
            if requests[host] == 1:
                add(host, web.sitemap.get(host, ()))
        if done >= feed_at:
            feed_at += max(total // FEEDBACKS, 1)
            feed(queues, new)
            held = barren(requests, words) if holds else set()
    return requests, words


def feed(queues, new):
    """What cleaning would have told since the last time."""
    for host, queue in queues.items():
        queue.feed(new.pop(host, []))


def barren(requests, words):
    from crawler.frontier.yields import Yields
    from data.yields import WHOLE_HOST, SectionYield

    yields = Yields({(host, WHOLE_HOST): SectionYield(requests[host], words[host]) for host in requests})
    return {host for host in requests if yields.is_low_yield(host)}


def best_of(web, urls, count):
    return sum(sorted((web.words.get(url, 0) for url in urls), reverse=True)[:count])


def main(options):
    from data.store import Store

    web = StoredWeb(Store.named(options.store))
    hosts = sorted(web.links)
    every = [url for host in hosts for url in web.links[host]]
    run = Run("crawl_yield")
    rows = [of_all(web, hosts, every, share) for share in POINTS] + [of_each(web, hosts, share) for share in POINTS]
    columns = ("requests", "FIFO, words", *ORDERS, "hosts worse by more than 5 %")
    note = f"{len(every):,} URLs of {len(hosts)} hosts, {sum(web.words.values()):,} new words in all."
    run.table("Words kept, as multiples of first in, first out", columns, rows, note)
    run.close(options.record)


def of_each(web, hosts, share):
    """Each host has its own share: nothing can go from one to another."""
    found = {name: {} for name in ("FIFO", *ORDERS)}
    for host in hosts:
        count = math.ceil(share * len(web.links[host]))
        found["FIFO"][host] = replay(web, [host], Fifo, count)[1][host]
        found["as the sitemap lists"][host] = replay(web, [host], Fifo, count, sitemap_first=True)[1][host]
        found["by yield"][host] = replay(web, [host], ByYield, count)[1][host]
        found["what sections can tell"][host] = replay(web, [host], lambda one: BySections(one, web), count)[1][host]
        found["at best, of what was found"][host] = replay(web, [host], lambda one: Clairvoyant(one, web), count)[1][
            host
        ]
        found["at best"][host] = best_of(web, web.links[host], count)
    return row_of(f"{share:.0%} of each host's requests", found)


def of_all(web, hosts, every, share):
    """One share for all hosts, asked in turn."""
    count = int(share * len(every))
    found = {
        "FIFO": replay(web, hosts, Fifo, count)[1],
        "as the sitemap lists": replay(web, hosts, Fifo, count, sitemap_first=True)[1],
        "by yield": replay(web, hosts, ByYield, count, holds=True)[1],
        "at best": {"": best_of(web, every, count)},
    }
    return row_of(f"{share:.0%} of all requests, hosts in turn", found)


def row_of(what, found):
    total, fifo, ours = sum(found["FIFO"].values()) or 1, found["FIFO"], found["by yield"]
    worse = {host: f"{fifo[host]:,} → {ours[host]:,}" for host in fifo if ours[host] < 0.95 * fifo[host]}
    ratios = [f"{sum(found[name].values()) / total:.2f}" if name in found else "" for name in ORDERS]
    return what, total, *ratios, ", ".join(f"{host}: {change}" for host, change in worse.items()) or "none"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True)
    record_option(parser)
    main(parser.parse_args())
