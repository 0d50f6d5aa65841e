"""What archives are asked for, and how gently."""

from pydantic import BaseModel, ConfigDict, Field


class CommonCrawlSettings(BaseModel):
    """How Common Crawl is read."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    base_url: str = "https://data.commoncrawl.org/"
    """Where its files lie; s3://commoncrawl/ takes AWS credentials and cowese[s3]."""
    languages: tuple[str, ...] = ()
    """Only pages in which Common Crawl sees one of these languages, or none at all (ISO 639-3, as spa); empty: all."""
    requests_per_second: float = Field(default=10.0, gt=0)
    """Requests a second, over all connections; Common Crawl asks for less than 10 to 100."""
    concurrency: int = Field(default=8, gt=0, le=64)
    """Requests in flight."""
    merge_gap: int = Field(default=64 << 10, ge=0)
    """Two records of a file with fewer bytes between them are asked for together."""
    merge_most: int = Field(default=8 << 20, gt=0)
    """Bytes of a request for several records, at most."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds that a server may be silent."""
    backoff: float = Field(default=10.0, gt=0)
    """Seconds to wait after a refusal (403, 429, 5xx), doubled each time up to 10 minutes; Retry-After where longer."""
    attempts: int = Field(default=8, gt=0)
    """Times that one request is tried."""


class ArchiveSettings(BaseModel):
    """Pages that others have archived."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    common_crawl: CommonCrawlSettings = Field(default_factory=CommonCrawlSettings)
    """`cowese archive common-crawl`."""
