"""Names of the sources of pages: ``crawl`` or ``common-crawl:CC-MAIN-2026-30``."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from data.errors import InputError

CRAWL = "crawl"
COMMON_CRAWL = "common-crawl"
Source = Annotated[str, Field(pattern=r"^(crawl|common-crawl:CC-MAIN-\d{4}-\d{2})$")]
"""A source, as a flow's parameter."""


def check_sources(sources: Sequence[str]) -> None:
    """Check that each source is known.

    Raises:
        InputError: one is not, or there is none.
    """
    if not sources:
        raise InputError("sources: none. Name at least one: crawl, or common-crawl:CC-MAIN-2026-30.")
    for one in sources:
        name, colon, part = one.partition(":")
        if one != CRAWL and not (name == COMMON_CRAWL and colon and part):
            raise InputError(f"source {one}: not known. Write crawl, or common-crawl:CC-MAIN-2026-30.")


def crawls_of(sources: Sequence[str]) -> list[str]:
    """The crawls of Common Crawl among them.

    >>> crawls_of(["crawl", "common-crawl:CC-MAIN-2026-30"])
    ['CC-MAIN-2026-30']
    """
    return [one.partition(":")[2] for one in sources if one.startswith(f"{COMMON_CRAWL}:")]
