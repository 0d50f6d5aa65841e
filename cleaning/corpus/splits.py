"""Held-out documents: whole registered domains for test, single documents for validation, chosen by hashes.

A registered domain is what its owner registered below a public suffix (example.es of blog.example.es), by the list of
publicsuffix.org that tldextract carries. Its private part counts: blogs of a host in it are sites of their own.
"""

import functools
import hashlib
from collections import Counter
from collections.abc import Mapping

from tldextract import TLDExtract

SPLITS = ("train", "validation", "test")
ENOUGH = 20
"""Documents from which on no split is left empty."""
LEAST_VALIDATION = 10
"""Documents of a small corpus that are held out all the same, or a tenth of it where that is less."""
LEAST_TEST = 20
"""Documents of a small corpus that are for test all the same, or a tenth of it where that is less."""
LARGEST_TEST_DOMAIN = (0.2, 0.5)
"""A domain with a larger share of a small corpus is not taken for test; where all are larger, one up to the half is."""
_SUFFIXES = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
"""The list that comes with the package: nothing is fetched, so every machine splits alike."""


def fraction(text: str) -> float:
    """A number in [0, 1) that a text always has."""
    return int.from_bytes(hashlib.sha256(f"split:{text}".encode()).digest()[:8], "big") / 2**64


def assign(hosts_by_id: Mapping[str, str], *, validation_share: float, test_share: float) -> dict[str, str]:
    """Give each document its split.

    A registered domain is for test where its hash is below ``test_share``; where these hold too few documents, further
    domains in the order of their hashes that hold no large share. Validation likewise by the hash of the id.
    """
    domains_by_id = {identity: domain_of(host) for identity, host in hosts_by_id.items()}
    sizes = Counter(domains_by_id.values())
    test = {domain for domain in sizes if fraction(domain) < test_share}
    if len(domains_by_id) >= ENOUGH and len(sizes) > 1:
        test = _enough(test, sizes)
    rest = sorted((fraction(identity), identity) for identity, domain in domains_by_id.items() if domain not in test)
    chosen = sum(share < validation_share for share, _ in rest)
    if len(domains_by_id) >= ENOUGH:
        chosen = max(chosen, min(LEAST_VALIDATION, len(rest) // 10))
    validation = {identity for _, identity in rest[:chosen]}
    return {
        identity: "test" if domain in test else "validation" if identity in validation else "train"
        for identity, domain in domains_by_id.items()
    }


def _enough(test: set[str], sizes: Mapping[str, int]) -> set[str]:
    """``test`` and as many domains more as bring it to the least number of documents."""
    total = sum(sizes.values())
    for largest in LARGEST_TEST_DOMAIN:
        for domain in sorted(sizes, key=lambda domain: (fraction(domain), domain)):
            if sum(sizes[one] for one in test) >= min(LEAST_TEST, total // 10):
                return test
            if sizes[domain] <= largest * total and len(test) + 1 < len(sizes):
                test = test | {domain}
    return test


@functools.cache
def domain_of(host: str) -> str:
    """The registered domain of a host; an address, or a name without a public suffix, stands for itself.

    >>> domain_of("blog.clinica.com.ar"), domain_of("uno.blogspot.com"), domain_of("192.0.2.7")
    ('clinica.com.ar', 'uno.blogspot.com', '192.0.2.7')
    """
    found = _SUFFIXES(host)
    if found.top_domain_under_public_suffix or found.ipv4 or found.ipv6:
        return found.top_domain_under_public_suffix or host
    return ".".join(host.split(".")[-2:])  # the list's own default rule: the last label is the suffix


def folder_of_split(split: str) -> str:
    """Where a split's part files lie in a version."""
    return f"data/{split}"


def folder_of_side(language: str) -> str:
    """Where a side corpus's part files lie: apart from the splits, so that nobody reads it unasked."""
    return f"side/{language}"


def site_of(host: str) -> str:
    """The host by which a site is known, with ``www.`` or without."""
    return host.removeprefix("www.")
