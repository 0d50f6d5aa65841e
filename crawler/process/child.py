"""The crawl's own process: Twisted's reactor cannot start twice in one. Run as ``python -m crawler.process.child``."""

import gc
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import scrapy.core.downloader.contextfactory  # noqa: F401 - it looks at the whole stack of imports: cheap where short
from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.settings import Settings
from twisted.internet import task

from crawler.frontier.frontier import Frontier
from crawler.frontier.rounds import Rounds
from crawler.frontier.yields import Yields
from crawler.permissions.resolver import GuardedResolver
from crawler.permissions.scope import Scope
from crawler.process.connections import most_active, raise_file_limit
from crawler.process.downloader import DirectDownloader
from crawler.process.job import DISK_FULL, STORE_BROKEN, Job
from crawler.process.report import Report
from crawler.process.round import Round
from crawler.process.scheduler import FrontierScheduler, wake
from crawler.process.spider import CoweseSpider
from crawler.process.transport import CappedHandler
from crawler.settings import CrawlSettings
from crawler.warc.writer import WarcWriter
from data.errors import CoweseError, DiskFullError, StoreError
from data.files import read_json, storage_error, write_json
from data.manifest import code_version
from data.parent_watchdog import end_with_parent
from data.seeds import load_seeds
from data.store import Store
from data.takedowns import Takedowns
from data.yields import read_yields

logger = logging.getLogger(__name__)

BEAT = 0.5
"""Seconds between two writes of what is pending and of the progress."""
TICK = 0.05
"""Seconds between two checks of the reactor's clock, to measure stalls."""
FIGURES = 20
"""Beats between two writes of the hosts' figures."""
GC_THRESHOLDS = (50_000, 20, 20)
"""Python's default thresholds of a few hundred objects would run a full collection at every other response: 15 % of the
time."""
PARENT_DIED = signal.SIGTERM


def scrapy_settings(settings: CrawlSettings, log: Path) -> dict[str, Any]:
    """Scrapy's settings: all of its own delays, redirects, cookies, caches and telemetry are off."""
    concurrency = most_active(settings.concurrency)
    spider_off = (
        "start.StartSpiderMiddleware",
        "httperror.HttpErrorMiddleware",
        "referer.RefererMiddleware",
        "urllength.UrlLengthMiddleware",
        "depth.DepthMiddleware",
    )
    return {
        "SCHEDULER": FrontierScheduler,
        "USER_AGENT": settings.user_agent,
        "CONCURRENT_REQUESTS": concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": concurrency,  # sizes the pool: ours are one a host
        "CONCURRENT_ITEMS": 1,  # the spider yields no items; 100 would start 100 tasks for each response
        "REACTOR_THREADPOOL_MAXSIZE": 20,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_TIMEOUT": settings.timeout,
        "DOWNLOAD_MAXSIZE": settings.max_body,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_FAIL_ON_DATALOSS": False,  # the spider decides on bodies that are shorter than announced
        "DOWNLOADER": DirectDownloader,
        "DOWNLOADER_MIDDLEWARES_BASE": {},  # no middlewares
        "SPIDER_MIDDLEWARES": {f"scrapy.spidermiddlewares.{name}": None for name in spider_off},
        "DOWNLOAD_HANDLERS": {
            "http": CappedHandler,
            "https": CappedHandler,
            **dict.fromkeys(("file", "ftp", "s3", "data")),
        },
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/pdf;q=0.9,application/xml;q=0.8,*/*;q=0.1",
            "Accept-Language": "es",
            "Accept-Encoding": "gzip, deflate",  # the encodings that readers of WARC files can undo
        },
        "TWISTED_DNS_RESOLVER": GuardedResolver,
        "DNS_TIMEOUT": settings.timeout,
        "GUARD_ALLOWED": list(settings.allow_private),
        "GUARD_TRUSTED": [settings.proxy.partition("://")[2].partition(":")[0]] if settings.proxy else [],
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "ROBOTSTXT_OBEY": False,  # crawler.permissions.robots does it, by the RFC
        "LOG_LEVEL": "INFO",
        "LOG_FILE": str(log),
        "LOGSTATS_INTERVAL": 0,
        "MEMUSAGE_ENABLED": False,
    }


def main() -> None:
    """Run one job and write its end into the progress file."""
    job = Job.model_validate_json(sys.stdin.buffer.read())
    end_with_parent(job.parent, PARENT_DIED)
    try:
        run(job)
    except CoweseError as error:
        if not isinstance(error, StoreError):
            write_json(job.progress, {"state": "failed", "error": str(error), "exit_code": error.exit_code})
        end(error)


def end(error: CoweseError) -> None:
    """End this process at once, as a kill would: committed work is whole, the rest is fetched again.

    The exit code is the only message to the parent, since nothing can be written on a full disk.
    """
    os._exit(DISK_FULL if isinstance(error, DiskFullError) else STORE_BROKEN if isinstance(error, StoreError) else 1)


def run(job: Job) -> None:
    """Crawl until the round is over, a limit is reached or a signal asks to stop."""
    settings = job.settings
    raise_file_limit()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    frontier = Frontier(job.dsn)
    scope = Scope(load_seeds(settings.seeds), frontier.moves())
    warc = WarcWriter(job.warc_folder, job.warc_prefix, settings.warc_bytes, _about(settings))
    takedowns = Takedowns.load(Store(job.store))
    yields = Yields(read_yields(Store(job.store).yields))
    current = Round(job.round, settings, frontier, scope, warc, job.as_of, takedowns, yields)
    current.on_broken_store = end
    learned = job.progress.with_name("traps.json")
    if learned.is_file():
        current.traps.restore(read_json(learned))
    process = CrawlerProcess(Settings(scrapy_settings(settings, job.log)))
    crawler = process.create_crawler(CoweseSpider)
    process.crawl(crawler, current)
    report = Report(current)
    if settings.metrics_port is not None:
        from crawler.process.metrics import serve_metrics  # noqa: PLC0415 - few runs load Prometheus's client

        serve_metrics(report, settings.metrics_port)
    _when_running(task.LoopingCall(_beat, crawler, current, job, report), BEAT)
    _when_running(task.LoopingCall(report.tick), TICK)
    process.start()
    current.flush()
    current.figures.write(current.clock.now())
    write_json(learned, current.traps.as_json())
    warc.close()
    ended_by_itself = crawler.stats is not None and crawler.stats.get_value("finish_reason") == "finished"
    over = ended_by_itself and not current.stopping and current.is_over()
    current.roster.ownership.give_back()
    waits = False
    if over:
        waits = not Rounds(frontier).close(job.round, current.clock.now(), settings.breaker_patience)
    frontier.close()
    state = "waiting" if waits else "finished" if over else "stopped"
    write_json(job.progress, {**report.values(), "state": state})


def _about(settings: CrawlSettings) -> dict[str, str]:
    """The fields of the warcinfo record: the operator and the settings, without the DSN and the proxy."""
    return {
        "software": f"cowese/{code_version()}",
        "format": "WARC File Format 1.1",
        "http-header-user-agent": settings.user_agent,
        "robots": "RFC 9309",
        **({"operator": settings.contact} if settings.contact else {}),
        "description": json.dumps(settings.model_dump(mode="json", exclude={"dsn", "proxy"})),
    }


def _when_running(call: task.LoopingCall, interval: float) -> None:
    from twisted.internet import reactor  # noqa: PLC0415 - Scrapy installs the reactor first

    reactor.callWhenRunning(call.start, interval)


def _beat(crawler: Crawler, current: Round, job: Job, report: Report) -> None:
    try:
        current.flush()
        current.sync_with_peers()
        current.rules.reload_takedowns(Store(job.store))
        current.stop_at_limits()
        if report.beats % FIGURES == 0:
            current.figures.write(current.clock.now())
        wake(crawler)  # there may be new links, or the last response may have ended the round
        show(job.progress, {**report.values(), "state": "running"})
    except OSError as error:
        end(storage_error(error, job.progress))
    except StoreError as error:
        current.on_broken_store(error)
    except Exception:  # a LoopingCall stops when it raises, and a round without it may never end
        logger.exception("a beat failed")
        current.counts["crawl/failed/internal/beat"] += 1
    if os.getppid() != job.parent:
        os.kill(os.getpid(), PARENT_DIED)


def show(path: Path, values: Any) -> None:
    """Replace the progress file. No fsync: it need not survive a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(values), encoding="utf-8")
    temporary.replace(path)


if __name__ == "__main__":
    main()
