"""The operator's rules: scope, budgets, patterns, depths, pauses, takedowns. They are applied before each request.

A changed rule takes effect at the next run, also for URLs that are queued already.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from crawler.permissions.scope import Scope, bare_host
from crawler.settings import CrawlSettings, Override
from data.store import Store
from data.takedowns import Takedowns

PAGE_BUDGET, BYTE_BUDGET = "budget/host_pages", "budget/host_bytes"
OUT_OF_SCOPE, PAUSED, TOO_DEEP, EXCLUDED = "scope/out_of_scope", "scope/paused", "scope/too_deep", "scope/excluded"
TAKEDOWN = "takedown"
PAGE = 0
"""The kind of a URL that is not a sitemap (``crawler.frontier.numbers``)."""


@dataclass(frozen=True, slots=True)
class _Patterns:
    include: tuple[re.Pattern[str], ...]
    exclude: tuple[re.Pattern[str], ...]

    def refuse(self, url: str) -> bool:
        if any(pattern.search(url) for pattern in self.exclude):
            return True
        return bool(self.include) and not any(pattern.search(url) for pattern in self.include)


class OperatorRules:
    """Applies the settings, the seeds and the takedown list to URLs and hosts."""

    def __init__(self, settings: CrawlSettings, scope: Scope, takedowns: Takedowns | None = None) -> None:
        self.scope = scope
        self.takedowns = takedowns
        self._takedowns_written: tuple[int, int] | None = None
        self._settings = settings
        self._of_host = {bare_host(host): override for host, override in settings.per_host.items()}
        self._of_seed = dict(settings.per_seed)
        every = {**{f"host {name}": one for name, one in self._of_host.items()}, **self._of_seed}
        self._patterns = {
            name: _Patterns(tuple(map(re.compile, one.include)), tuple(map(re.compile, one.exclude)))
            for name, one in every.items()
            if one.include or one.exclude
        }

    @cached_property
    def digest(self) -> str:
        """A digest of all rules; it changes with each of them."""
        settings = self._settings
        said = {
            "seeds": sorted((seed.url, seed.scope) for seed in self.scope.seeds.values()),
            "overrides": settings.model_dump(mode="json", include={"per_host", "per_seed"}),
            "limits": [settings.max_pages_per_host, settings.max_depth, settings.max_bytes_per_host],
            "takedowns": sorted(self.takedowns.targets) if self.takedowns is not None else [],
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]

    def refusal(self, url: str, host: str, seed: str, kind: int, depth: int) -> str | None:
        """The reason why the operator's rules exclude a canonical URL; None if it may be fetched.

        ``seed`` is the start URL that it was found from. A sitemap may be on any host; a start URL need not match the
        patterns.
        """
        if self.is_taken_down(url):
            return TAKEDOWN
        if kind != PAGE:
            return self.refusal_of_all(host, seed)
        owner = self.scope.seed_of(url)
        if owner is None:
            return OUT_OF_SCOPE
        if not self._of_host and not self._of_seed:
            return TOO_DEEP if depth > self._settings.max_depth else None
        return self._override_refuses(url, host, owner.url, depth)

    def is_taken_down(self, url: str) -> bool:
        """Whether a canonical URL is taken down."""
        return self.takedowns is not None and self.takedowns.covers(url)

    def reload_takedowns(self, store: Store) -> None:
        """Read the takedown list again if it has changed."""
        try:
            stat = store.takedowns.stat()
            written: tuple[int, int] | None = (stat.st_mtime_ns, stat.st_size)
        except FileNotFoundError:
            written = None
        if written != self._takedowns_written:
            self._takedowns_written = written
            self.takedowns = Takedowns.load(store)

    def refusal_of_all(self, host: str, seed: str) -> str | None:
        """The reason why all URLs of a host and start URL are excluded; None if some may be fetched."""
        if self._of(host).pause or (seed in self._of_seed and self._of_seed[seed].pause):
            return PAUSED
        if seed not in self.scope.seeds and not self.scope.covers_host(host):
            return OUT_OF_SCOPE
        return None

    def has_budget(self, host: str, done: int, reason: str) -> bool:
        """Whether a host that was refused for ``reason`` has budget left after ``done`` pages of this round."""
        cap = self.page_cap(host)
        return reason == BYTE_BUDGET or cap is None or done < cap

    def page_cap(self, host: str) -> int | None:
        """Pages of a host in a round."""
        own = self._of(host).max_pages
        return own if own is not None else self._settings.max_pages_per_host

    def delay(self, host: str) -> float | None:
        """Seconds between two requests to a host, at least, if the operator set them."""
        return self._of(host).delay

    def override(self, host: str) -> Override:
        """The override of a host, or of the start URL that covers the whole host."""
        return self._of(host)

    def _of(self, host: str) -> Override:
        found = self._of_host.get(bare_host(host))
        if found is None and self._of_seed:
            whole = self.scope.whole_host(host)
            found = self._of_seed.get(whole.url) if whole is not None else None
        return found or _NONE

    def _override_refuses(self, url: str, host: str, seed: str, depth: int) -> str | None:
        for name, override in (
            (f"host {bare_host(host)}", self._of_host.get(bare_host(host))),
            (seed, self._of_seed.get(seed)),
        ):
            if override is None:
                continue
            if override.pause:
                return PAUSED
            if override.max_depth is not None and depth > override.max_depth:
                return TOO_DEEP
            patterns = self._patterns.get(name)
            if depth > 0 and patterns is not None and patterns.refuse(url):
                return EXCLUDED
        return TOO_DEEP if depth > self._settings.max_depth else None


_NONE = Override()


def unknown_overrides(
    rules: OperatorRules, per_host: Mapping[str, Override], per_seed: Mapping[str, Override]
) -> list[str]:
    """Errors of overrides, one sentence for each."""
    wrong = [
        f"per_host {host}: no start URL leads to this host." for host in per_host if not rules.scope.covers_host(host)
    ]
    for url, override in per_seed.items():
        seed = rules.scope.seeds.get(url)
        if seed is None:
            wrong.append(f"per_seed {url}: no such start URL in the list.")
        elif seed.scope == "prefix" and (override.delay is not None or override.max_pages is not None):
            wrong.append(
                f"per_seed {url}: delay and max_pages hold for a host; this start URL has a part of one. Use per_host."
            )
    return wrong
