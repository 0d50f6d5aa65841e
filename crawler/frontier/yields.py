"""Ranks URLs by their expected yield: the new words that cleaning kept of pages in the same sections."""

import math
from collections import Counter
from collections.abc import Mapping

from crawler.frontier.due import NEW_RANK, NEW_RANKS, USUAL_RANK
from data.yields import WHOLE_HOST, SectionYield, folder_of, sections_of

TRUST = 3
"""Prior weight, in requests, of the enclosing section's mean."""
USUAL_WORDS, USUAL_REQUESTS = 200.0, 2
"""Prior mean (words a request) and prior weight (requests) of a host without data."""
TRIES = 1
"""URLs of an unknown section that are tried before others with the same expected yield, at hosts whose sections differ.
If all sections yield about the same, trying gains nothing."""
STEPS_A_DOUBLING = 2
"""Ranks between a URL and one with half its expected words. Smaller differences are mostly chance in sections of a few
pages: they leave the order of discovery. First tries use the rank between."""
BARREN_AFTER, BARREN_SHARE = 12, 0.1
"""A host is low-yield after this many requests if it gave less than this share of the mean of all hosts."""


class Yields:
    """Ranks URLs that were never fetched."""

    def __init__(self, known: Mapping[tuple[str, str], SectionYield]) -> None:
        self._known = known
        self._tried: Counter[tuple[str, str]] = Counter()
        whole = [one for (_, section), one in known.items() if section == WHOLE_HOST and one.requests]
        self._best: dict[str, int] = {}  # by host: doublings from its mean to its best section
        for (host, section), one in known.items():
            if section != WHOLE_HOST:
                words = (one.words + TRUST * self._host(host)) / (one.requests + TRUST)
                self._best[host] = max(self._best.get(host, 0), self._doublings(words, host))
        self._mean = sum(one.words / one.requests for one in whole) / len(whole) if whole else 0.0

    def rank(self, url: str, host: str) -> int:
        """The rank of a canonical URL in its host's queue; small: fetched early."""
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
        """Expected new words of a URL: the host's mean, shrunk towards the mean of each smaller section."""
        words = self._host(host)
        *larger, folder, name = sections  # a folder name that repeats over the site says more than the folders above it
        for section in (*larger[1:], name, *((folder,) if larger else ())):
            one = self._known.get((host, section))
            if one is not None:
                words = (one.words + TRUST * words) / (one.requests + TRUST)
        return words

    def is_low_yield(self, host: str) -> bool:
        """Whether a host's pages have given almost no new text so far."""
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
