"""Which part of a site is asked first: the expected new words of a URL, by what cleaning kept of its neighbours."""

import math
from collections import Counter
from collections.abc import Mapping

from crawler.frontier.due import NEW_RANK, NEW_RANKS, USUAL_RANK
from data.yields import WHOLE_HOST, SectionYield, folder_of, sections_of

TRUST = 3
"""Requests of a section that weigh as much as what is known of the larger one around it."""
USUAL_WORDS, USUAL_REQUESTS = 200.0, 2
"""What is expected of a host of which nothing is known, and the requests that this weighs."""
TRIES = 1
"""URLs of an unknown section that are tried before others of the same promise, at a host whose sections differ: where
all give much the same, trying costs and gains nothing."""
STEPS_A_DOUBLING = 2
"""Ranks between a URL and one of which half the words are expected. Smaller differences, mostly chance in sections of a
few pages, leave the order in which pages were found; the rank between two is that of the first tries."""
BARREN_AFTER, BARREN_SHARE = 12, 0.1
"""Requests after which a host is barren that gave less than this share of the mean of all hosts."""


class Yields:
    """Ranks URLs that were never fetched."""

    def __init__(self, known: Mapping[tuple[str, str], SectionYield]) -> None:
        self._known = known
        self._tried: Counter[tuple[str, str]] = Counter()
        whole = [one for (_, section), one in known.items() if section == WHOLE_HOST and one.requests]
        self._best: dict[str, int] = {}  # of each host: how many times its best section doubles its mean
        for (host, section), one in known.items():
            if section != WHOLE_HOST:
                words = (one.words + TRUST * self._host(host)) / (one.requests + TRUST)
                self._best[host] = max(self._best.get(host, 0), self._doublings(words, host))
        self._mean = sum(one.words / one.requests for one in whole) / len(whole) if whole else 0.0

    def rank(self, url: str, host: str) -> int:
        """The rank of a canonical URL in its host's queue, small where it is asked for early."""
        if not self._known:
            return USUAL_RANK
        sections = sections_of(folder_of(url))
        words = self.expected(host, sections)
        folder, tries = sections[-2], 0
        if self._best.get(host, 0) > 0 and (host, folder) not in self._known and self._tried[host, folder] < TRIES:
            self._tried[host, folder] += 1
            tries = 1
        doublings = self._doublings(words, host)
        return NEW_RANK + min(max(NEW_RANKS // 2 - STEPS_A_DOUBLING * doublings - tries, 0), NEW_RANKS - 1)

    def expected(self, host: str, sections: tuple[str, ...]) -> float:
        """Kept new words of a URL: the host's mean, drawn towards that of each smaller section."""
        words = self._host(host)
        *larger, folder, name = sections  # a name that repeats says more than the folders above it
        for section in (*larger[1:], name, *((folder,) if larger else ())):
            one = self._known.get((host, section))
            if one is not None:
                words = (one.words + TRUST * words) / (one.requests + TRUST)
        return words

    def is_low_yield(self, host: str) -> bool:
        """Whether a host has shown that it gives next to nothing."""
        one = self._known.get((host, WHOLE_HOST))
        if one is None or one.requests < BARREN_AFTER:
            return False
        return one.words / one.requests < BARREN_SHARE * self._mean

    def _doublings(self, words: float, host: str) -> int:
        return round(math.log2((words + 1) / (self._host(host) + 1)))

    def _host(self, host: str) -> float:
        one = self._known.get((host, WHOLE_HOST))
        if one is None:
            return USUAL_WORDS
        return (one.words + USUAL_REQUESTS * USUAL_WORDS) / (one.requests + USUAL_REQUESTS)
