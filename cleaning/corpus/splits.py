"""Splits: whole registered domains for test, single documents for validation, both chosen by hashes.

A registered domain is the part of a host below a public suffix (example.es of blog.example.es), by the list of
publicsuffix.org in tldextract. Its private section applies: blogs of a hosting service are separate sites.
"""

import functools
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    from tldextract import TLDExtract

SPLITS = ("train", "validation", "test")
ENOUGH = 20
"""With at least this many documents, no split is empty."""
LEAST_VALIDATION = 10
"""Documents held out for validation even in a small corpus, or a tenth of it if that is less."""
LEAST_TEST = 20
"""Documents held out for test even in a small corpus, or a tenth of it if that is less."""
LARGEST_TEST_DOMAIN = (0.2, 0.5)
"""A domain with more than this share of a small corpus is not used for test; if all are larger, up to half is
allowed."""


@functools.cache
def _suffixes() -> "TLDExtract":
    """The list inside the package: nothing is fetched, so that every machine splits alike."""
    from tldextract import TLDExtract  # noqa: PLC0415 - loads requests, and looking a page up needs neither

    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def fraction(text: str) -> float:
    """A number in [0, 1) that depends only on the text."""
    return int.from_bytes(hashlib.sha256(f"split:{text}".encode()).digest()[:8], "big") / 2**64


def assign(hosts_by_id: Mapping[str, str], *, validation_share: float, test_share: float) -> dict[str, str]:
    """Id → split, by ``assigned``."""
    ids = sorted(hosts_by_id)
    hosts = pa.array([hosts_by_id[identity] for identity in ids], pa.large_string()).dictionary_encode()
    fractions = np.array([fraction(identity) for identity in ids])
    numbers = assigned(hosts, fractions, validation_share=validation_share, test_share=test_share)
    return {identity: SPLITS[number] for identity, number in zip(ids, numbers.tolist(), strict=True)}


def assigned(
    hosts: pa.DictionaryArray, fractions: npt.NDArray[np.float64], *, validation_share: float, test_share: float
) -> npt.NDArray[np.int8]:
    """The index in SPLITS of each document, from its host and the ``fraction`` of its id, in the order of ids.

    A registered domain is for test if its hash is below ``test_share``. If these have too few documents, further
    domains without a large share follow in the order of their hashes. Validation uses the hash of the id in the same
    way.
    """
    domains, domain_of_host = np.unique([domain_of(host) for host in hosts.dictionary.to_pylist()], return_inverse=True)
    domain = domain_of_host[hosts.indices.to_numpy()] if len(hosts) else np.zeros(0, np.int64)
    counts = np.bincount(domain, minlength=len(domains)).tolist()
    sizes = {name: count for name, count in zip(domains.tolist(), counts, strict=True) if count}
    test = {name for name in sizes if fraction(name) < test_share}
    if len(hosts) >= ENOUGH and len(sizes) > 1:
        test = _enough(test, sizes)
    splits = np.where(np.isin(domain, np.flatnonzero([name in test for name in domains])), np.int8(2), np.int8(0))
    rest = np.flatnonzero(splits == 0)
    chosen = int((fractions[rest] < validation_share).sum())
    if len(hosts) >= ENOUGH:
        chosen = max(chosen, min(LEAST_VALIDATION, len(rest) // 10))
    splits[rest[np.argsort(fractions[rest], kind="stable")[:chosen]]] = 1
    return splits


def _enough(test: set[str], sizes: Mapping[str, int]) -> set[str]:
    """Add domains to ``test`` until it has the minimum number of documents."""
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
    """The registered domain of a host; an IP address or a name without a public suffix is returned unchanged.

    >>> domain_of("blog.clinica.com.ar"), domain_of("uno.blogspot.com"), domain_of("192.0.2.7")
    ('clinica.com.ar', 'uno.blogspot.com', '192.0.2.7')
    """
    found = _suffixes()(host)
    if found.top_domain_under_public_suffix or found.ipv4 or found.ipv6:
        return found.top_domain_under_public_suffix or host
    return ".".join(host.split(".")[-2:])  # the default rule of the list: the last label is the suffix


def folder_of_split(split: str) -> str:
    """The folder of a split's part files in a version."""
    return f"data/{split}"


def folder_of_side(language: str) -> str:
    """The folder of a side corpus, apart from the splits, so that no one reads it by accident."""
    return f"side/{language}"


def site_of(host: str) -> str:
    """A site's host without ``www.``."""
    return host.removeprefix("www.")
