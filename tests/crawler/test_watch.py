"""What can be watched: progress, the summary on disk, Prometheus."""

import itertools
import json
import socket
import urllib.request

import pytest
from crawler_web import Web, host_rows, html, serving

from crawler.process.run import crawl
from data.errors import InputError


@pytest.fixture
def web():
    pages = {"http://a.test/": html(*(f"/{n}" for n in range(40)))} | {f"http://a.test/{n}": html() for n in range(40)}
    with serving(Web(pages)) as served:
        yield served


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.slow
def test_progress_metrics_and_summary_tell_the_same(web, store, tmp_path):
    port, told, scraped = free_port(), [], []

    def progress(stage, done, total, counts):
        told.append((stage, done, total, dict(counts)))
        if 10 < done < 35:  # it stops when the crawl ends
            opened = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opened.open(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                scraped.append(answer.read().decode())

    web.pages["http://b.test/robots.txt"] = (403, {"cf-mitigated": "challenge"}, b"<html>Un momento</html>")
    seeds = web.seeds(tmp_path / "seeds.tsv", "http://a.test/", "http://b.test/")
    settings = web.settings(seeds, metrics_port=port, delay_min=0.1)
    summary = crawl(store, settings, progress=progress)
    assert summary.new == 41
    assert {stage for stage, *_ in told} == {"crawl"}
    assert {"pages/s", "MB", "hosts", "304"} <= told[-1][3].keys()
    assert all(earlier[1] <= later[1] for earlier, later in itertools.pairwise(told))
    assert 'cowese_crawl_answers_total{status="200"}' in scraped[-1]
    assert 'cowese_crawl_hosts{state="active"}' in scraped[-1]
    assert 'cowese_crawl_hosts{state="blocked"} 1.0' in scraped[-1]
    assert "cowese_crawl_queued" in scraped[-1]
    assert told[-1][3]["hosts"].endswith(", 1 blocked")
    assert host_rows(store)["b.test"].state == "blocked"
    kept = json.loads((store.crawl / "round-0001.json").read_text())
    assert kept == json.loads(summary.model_dump_json())
    shown = json.loads((store.crawl / "progress.json").read_text())
    assert (shown["state"], shown["counts"]["crawl/pages/new"]) == ("waiting", 41)
    assert shown["hosts"]["blocked"] == 1


@pytest.mark.slow
def test_a_taken_metrics_port_is_a_clear_error(web, store, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"), metrics_port=port)
        with pytest.raises(InputError, match="metrics_port"):
            crawl(store, settings)
