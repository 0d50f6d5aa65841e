"""The crawl's own process: Twisted's reactor cannot start twice in one. Run as ``python -m crawler.child``."""

import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings
from twisted.internet import task

from crawler.archive import KeepWireBytes
from crawler.frontier import Frontier
from crawler.guard import GuardedResolver
from crawler.job import Job
from crawler.round import Round
from crawler.scheduler import FrontierScheduler
from crawler.scope import Scope
from crawler.settings import CrawlSettings
from crawler.spider import CoweseSpider
from crawler.warc import WarcWriter
from data.errors import CoweseError
from data.files import write_json
from data.manifest import code_version
from data.seeds import load_seeds

BEAT = 0.5
"""Seconds between two writes of what is pending and of the progress."""
PARENT_DIED = signal.SIGTERM
_PR_SET_PDEATHSIG = 1


def scrapy_settings(settings: CrawlSettings, log: Path) -> dict[str, Any]:
    """Scrapy as we need it: nothing that calls home, waits, follows or remembers by itself."""
    off = (
        "offsite.OffsiteMiddleware",
        "robotstxt.RobotsTxtMiddleware",
        "httpauth.HttpAuthMiddleware",
        "retry.RetryMiddleware",
        "redirect.MetaRefreshMiddleware",
        "redirect.RedirectMiddleware",
        "cookies.CookiesMiddleware",
        "httpproxy.HttpProxyMiddleware",
        "stats.DownloaderStats",
        "httpcache.HttpCacheMiddleware",
    )
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
        "CONCURRENT_REQUESTS": settings.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_TIMEOUT": settings.timeout,
        "DOWNLOAD_MAXSIZE": settings.max_body,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOADER_MIDDLEWARES": {
            **{f"scrapy.downloadermiddlewares.{name}": None for name in off},
            KeepWireBytes: 950,
        },
        "SPIDER_MIDDLEWARES": {f"scrapy.spidermiddlewares.{name}": None for name in spider_off},
        "DOWNLOAD_HANDLERS": {"file": None, "ftp": None, "s3": None, "data": None},
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/pdf;q=0.9,application/xml;q=0.8,*/*;q=0.1",
            "Accept-Language": "es",
        },
        "TWISTED_DNS_RESOLVER": GuardedResolver,
        "GUARD_ALLOWED": list(settings.allow_private),
        "GUARD_TRUSTED": [settings.proxy.partition("://")[2].partition(":")[0]] if settings.proxy else [],
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "ROBOTSTXT_OBEY": False,  # crawler.robots does it, by the RFC
        "LOG_LEVEL": "INFO",
        "LOG_FILE": str(log),
        "LOGSTATS_INTERVAL": 0,
        "MEMUSAGE_ENABLED": False,
    }


def main() -> None:
    """Run one job and write its end into the progress file."""
    job = Job.model_validate_json(sys.stdin.buffer.read())
    _die_with(job.parent)
    try:
        run(job)
    except CoweseError as error:
        write_json(job.progress, {"state": "failed", "error": str(error), "exit_code": error.exit_code})
        sys.exit(error.exit_code)


def run(job: Job) -> None:
    """Crawl until the round is over, its budget is spent or a signal says stop."""
    settings = job.settings
    frontier = Frontier(job.dsn)
    scope = Scope(load_seeds(settings.seeds), frontier.adopted_hosts())
    about = {
        "software": f"cowese/{code_version()}",
        "format": "WARC File Format 1.1",
        "http-header-user-agent": settings.user_agent,
        "robots": "RFC 9309",
        "description": json.dumps(settings.model_dump(mode="json", exclude={"dsn", "proxy"}, exclude_defaults=True)),
    }
    warc = WarcWriter(job.warc_folder, f"cowese-{job.round:04d}", settings.warc_bytes, about)
    current = Round(job.round, settings, frontier, scope, warc, job.as_of)
    process = CrawlerProcess(Settings(scrapy_settings(settings, job.log)))
    crawler = process.create_crawler(CoweseSpider)
    process.crawl(crawler, current)
    started = time.monotonic()
    reporter = task.LoopingCall(_beat, current, job, started)
    _when_running(reporter)
    process.start()
    current.flush()
    warc.close()
    ended_by_itself = crawler.stats is not None and crawler.stats.get_value("finish_reason") == "finished"
    finished = ended_by_itself and not current.stopping and current.is_over()
    if finished:
        frontier.finish_round(job.round, current.now())
    frontier.close()
    write_json(job.progress, {**_report(current, started), "state": "finished" if finished else "stopped"})


def _when_running(reporter: task.LoopingCall) -> None:
    from twisted.internet import reactor  # noqa: PLC0415 - Scrapy installs the reactor first

    reactor.callWhenRunning(reporter.start, BEAT)


def _beat(current: Round, job: Job, started: float) -> None:
    current.flush()
    write_json(job.progress, {**_report(current, started), "state": "running"})
    if os.getppid() != job.parent:
        os.kill(os.getpid(), PARENT_DIED)


def _report(current: Round, started: float) -> dict[str, Any]:
    return {
        "round": current.number,
        "seconds": round(time.monotonic() - started, 1),
        "queued": current.queued(),
        "hosts": current.hosts.counts(),
        "counts": dict(sorted(current.counts.items())),
    }


def _die_with(parent: int) -> None:
    """End when the parent does, however it ends (Linux: prctl(2); elsewhere the beat sees it)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(PARENT_DIED))
    if os.getppid() != parent:
        sys.exit(1)


if __name__ == "__main__":
    main()
