"""The crawl's figures for Prometheus, on 127.0.0.1."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crawler.process.report import Report
from data.errors import InputError

FAMILIES = (
    ("answers", "status"),
    ("pages", "state"),
    ("refused", "reason"),
    ("failed", "reason"),
    ("links", "reason"),
)
"""Counters of a crawl with the label of each."""


class CrawlCollector(Collector):
    """Reads the figures at each scrape of Prometheus."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def collect(self) -> Iterator[Metric]:
        """Yield all counters and gauges."""
        for family, label in FAMILIES:
            metric = CounterMetricFamily(f"cowese_crawl_{family}", f"{family} by {label}", labels=[label])
            for value, count in self._report.family(f"crawl/{family}/").items():
                metric.add_metric([value], count)
            yield metric
        values = self._report.values()
        yield CounterMetricFamily("cowese_crawl_bytes", "bytes of bodies", value=values["counts"].get("crawl/bytes", 0))
        hosts = GaugeMetricFamily("cowese_crawl_hosts", "hosts by state", labels=["state"])
        for state, count in values["hosts"].items():
            hosts.add_metric([state], count)
        yield hosts
        yield GaugeMetricFamily("cowese_crawl_queued", "URLs to be asked for", value=values["queued"])
        left = values["seconds_left"]
        yield GaugeMetricFamily(
            "cowese_crawl_seconds_left", "time left at this pace", value=-1 if left is None else left
        )
        slowest = GaugeMetricFamily(
            "cowese_crawl_slowest_host_seconds", "time left of the slowest host", labels=["host"]
        )
        if values["slowest_host"] is not None:
            slowest.add_metric([values["slowest_host"]], values["slowest_seconds_left"])
        yield slowest
        yield GaugeMetricFamily("cowese_crawl_longest_stall_seconds", "longest stall", value=values["longest_stall"])


def serve_metrics(report: Report, port: int) -> None:
    """Serve Prometheus in a thread.

    Raises:
        InputError: the port is taken.
    """
    registry = CollectorRegistry()
    registry.register(CrawlCollector(report))
    try:
        start_http_server(port, addr="127.0.0.1", registry=registry)
    except OSError as error:
        raise InputError(
            f"metrics_port {port}: cannot listen on it ({error.strerror}). Choose another port."
        ) from error
