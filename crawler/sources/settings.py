"""Settings of archives: what is read, and the rate limits."""

from collections.abc import Mapping
from typing import ClassVar, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from data.settings_model import SettingsModel

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MOST_PER_MINUTE = {"lookups_per_minute": 24, "captures_per_minute": 120}


class CommonCrawlSettings(SettingsModel):
    """Settings of Common Crawl."""

    former_names: ClassVar[Mapping[str, str]] = {"merge_most": "merge_max_bytes"}

    base_url: str = "https://data.commoncrawl.org/"
    """Base URL of its files; s3://commoncrawl/ needs AWS credentials and cowese[s3]."""
    languages: tuple[str, ...] = ()
    """Only pages in which Common Crawl sees one of these languages, or none at all (ISO 639-3, as spa); empty: all."""
    requests_per_second: float = Field(default=10.0, gt=0)
    """Requests a second, over all connections; Common Crawl asks for less than 10 to 100."""
    concurrency: int = Field(default=8, gt=0, le=64)
    """Requests in flight."""
    merge_gap: int = Field(default=64 << 10, ge=0)
    """Two records of a file with fewer bytes between them share a request."""
    merge_max_bytes: int = Field(default=8 << 20, gt=0)
    """Largest request for several records, in bytes."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds that a server may be silent."""
    backoff: float = Field(default=10.0, gt=0)
    """Seconds to wait after a refusal (403, 429, 5xx), doubled each time up to 10 minutes; Retry-After where longer."""
    attempts: int = Field(default=8, gt=0)
    """Attempts at one request."""


class WaybackSettings(BaseModel):
    """Settings of the Wayback Machine. It answers 429 above 24 lookups a minute, and blocks clients that continue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = "https://web.archive.org/"
    """Base URL."""
    lookups_per_minute: float = Field(default=15.0, gt=0)
    """Requests to its index (CDX); 24 at most."""
    captures_per_minute: float = Field(default=30.0, gt=0)
    """Pages fetched; 120 at most."""
    page_size: int = Field(default=5_000, gt=0, le=100_000)
    """Captures of one lookup."""
    max_pages_per_host: int = Field(default=1_000, gt=0)
    """Pages of a host, at most; those with the shortest URLs are preferred."""
    timeout: float = Field(default=90.0, gt=0)
    """Seconds that it may be silent."""
    backoff: float = Field(default=60.0, gt=0)
    """Seconds to wait after 429, 5xx or a failed connection, doubled each time up to an hour; Retry-After if longer."""
    attempts: int = Field(default=6, gt=0)
    """Times that one request is tried."""

    @model_validator(mode="after")
    def _gentle(self) -> Self:
        if urlsplit(self.base_url).hostname in LOOPBACK:
            return self
        for name, most in _MOST_PER_MINUTE.items():
            if getattr(self, name) > most:
                raise ValueError(f"{name} is {most} at most: the archive blocks clients that are faster")
        return self


class ArchiveSettings(BaseModel):
    """Pages that others have archived."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    common_crawl: CommonCrawlSettings = Field(default_factory=CommonCrawlSettings)
    """`cowese archive common-crawl`."""
    wayback: WaybackSettings = Field(default_factory=WaybackSettings)
    """`cowese archive wayback`."""
