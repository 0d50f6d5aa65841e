"""Held-out documents: whole hosts for test, single documents for validation, chosen by hashes."""

import hashlib
from collections import Counter
from collections.abc import Mapping

SPLITS = ("train", "validation", "test")
ENOUGH = 20
"""Documents from which on no split is left empty."""
LEAST_VALIDATION = 10
"""Documents of a small corpus that are held out all the same, or a tenth of it where that is less."""
LEAST_TEST = 20
"""Documents of a small corpus that are for test all the same, or a tenth of it where that is less."""
LARGEST_TEST_HOST = (0.2, 0.5)
"""A host with a larger share of a small corpus is not taken for test; where all are larger, one up to the half is."""


def fraction(text: str) -> float:
    """A number in [0, 1) that a text always has."""
    return int.from_bytes(hashlib.sha256(f"split:{text}".encode()).digest()[:8], "big") / 2**64


def assign(hosts_by_id: Mapping[str, str], *, validation_share: float, test_share: float) -> dict[str, str]:
    """Give each document its split.

    A host is for test where its hash is below ``test_share``; where these hold too few documents, further hosts in
    the order of their hashes that hold no large share. Validation likewise by the hash of the id.
    """
    sizes = Counter(hosts_by_id.values())
    test = {host for host in sizes if fraction(site_of(host)) < test_share}
    if len(hosts_by_id) >= ENOUGH and len(sizes) > 1:
        test = _enough(test, sizes)
    rest = sorted((fraction(identity), identity) for identity, host in hosts_by_id.items() if host not in test)
    chosen = sum(share < validation_share for share, _ in rest)
    if len(hosts_by_id) >= ENOUGH:
        chosen = max(chosen, min(LEAST_VALIDATION, len(rest) // 10))
    validation = {identity for _, identity in rest[:chosen]}
    return {
        identity: "test" if host in test else "validation" if identity in validation else "train"
        for identity, host in hosts_by_id.items()
    }


def _enough(test: set[str], sizes: Mapping[str, int]) -> set[str]:
    """``test`` and as many hosts more as bring it to the least number of documents; smaller hosts first."""
    total = sum(sizes.values())
    for largest in LARGEST_TEST_HOST:
        for host in sorted(sizes, key=lambda host: (fraction(site_of(host)), host)):
            if sum(sizes[one] for one in test) >= min(LEAST_TEST, total // 10):
                return test
            if sizes[host] <= largest * total and len(test) + 1 < len(sizes):
                test = test | {host}
    return test


def folder_of_split(split: str) -> str:
    """Where a split's part files lie in a version."""
    return f"data/{split}"


def folder_of_side(language: str) -> str:
    """Where a side corpus's part files lie: apart from the splits, so that nobody reads it unasked."""
    return f"side/{language}"


def site_of(host: str) -> str:
    """The host by which a site is known, with ``www.`` or without."""
    return host.removeprefix("www.")
