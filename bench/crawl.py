"""The crawler beside stock Scrapy and a bare aiohttp loop; its frontier at a million URLs; WARC writing; URLs.

    python bench/crawl.py speed --hosts 200 --pages 25 --repeats 2
    python bench/crawl.py speed --hosts 3000 --pages 5 --repeats 1 --record
    python bench/crawl.py frontier --urls 1000000
    python bench/crawl.py child --urls 1000000 --hosts 3000
    python bench/crawl.py warc --folder pages
    python bench/crawl.py canonical

``speed`` serves pages of 41 KB with 60 links on loopback, as a forward proxy, so that every host has its own name. The
arms take turns in one run, each in a process of its own, and only that process's CPU time counts. Ours writes WARC,
heeds robots.txt, tdmrep.json and ai.txt, asks for sitemaps, retries and keeps its state; stock Scrapy heeds robots.txt
and takes links with its LinkExtractor (after ``--scrapy-pages`` it stops); aiohttp with selectolax takes links and
forgets the rest.
"""

import argparse
from pathlib import Path

from crawl_pages import canonical, warc
from crawl_speed import speed
from crawl_state import child, frontier
from harness import record_option

WHAT = {
    "speed": speed,
    "frontier": frontier,
    "child": child,
    "warc": warc,
    "canonical": canonical,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=list(WHAT))
    parser.add_argument("--port", type=int, default=18190)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--pages", type=int, default=25, help="of a host")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--arms", default="aiohttp,ours,scrapy")
    parser.add_argument("--scrapy-pages", type=int, default=3_000)
    parser.add_argument("--urls", type=int, default=1_000_000)
    parser.add_argument("--host-counts", type=int, nargs="+", default=[200, 3_000])
    parser.add_argument("--pops", type=int, default=48_000, help="whole buffers of 16 at 200 and at 3,000 hosts")
    parser.add_argument("--folder", type=Path, help="real pages")
    record_option(parser)
    options = parser.parse_args()
    WHAT[options.what](options)


if __name__ == "__main__":
    main()
