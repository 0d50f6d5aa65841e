"""Hosts of start URLs that no longer answer, according to the crawl."""

from crawler.permissions.scope import Scope
from crawler.settings import CrawlSettings
from crawler.views.hosts import host_views
from data.errors import InputError
from data.seeds import load_seeds
from data.store import Store
from data.urls import host_of


def dead_hosts(store: Store, settings: CrawlSettings) -> list[str]:
    """The hosts of start URLs that were unreachable in the last run and have no page.

    Raises:
        InputError: there is no crawl yet, or bad seeds.
        StoreError: the crawl state cannot be read.
    """
    if settings.dsn is None and not store.crawl_state.exists():
        raise InputError(f"{store.root}: no crawl yet, so no host is known to be gone. `cowese crawl`, or --host NAME.")
    starts = {host_of(url) for url, _ in Scope(load_seeds(settings.seeds)).start_urls()}
    views = host_views(store, settings)
    return sorted(one.host for one in views if one.state == "unreachable" and not one.pages and one.host in starts)
