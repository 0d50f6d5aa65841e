"""Settings of a crawl."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from data.manifest import code_version
from data.settings_model import SettingsModel

_CONTACT = re.compile(r"(mailto:)?[^\s@:/()<>]+@[^\s@:/()<>]+\.[^\s@:/()<>.]+|https?://[^\s/()<>]+(/[^\s()<>]*)?")
"""A valid +contact of a user agent, without blanks and brackets, which would end the comment."""


class Override(BaseModel):
    """Limits for one host or one start URL."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delay: float | None = Field(default=None, ge=0)
    """Seconds between two requests, at least, in place of delay_min."""
    max_pages: int | None = Field(default=None, gt=0)
    """Pages in a round, in place of max_pages_per_host."""
    max_depth: int | None = Field(default=None, ge=0)
    """Links between the start URL and a page."""
    include: tuple[str, ...] = ()
    """Regular expressions; a page's URL must match one of them."""
    exclude: tuple[str, ...] = ()
    """Regular expressions; a page whose URL matches one of them is not fetched."""
    pause: bool = False
    """Nothing is fetched; queued URLs wait."""

    @field_validator("include", "exclude")
    @classmethod
    def _patterns_are_regular(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is not a regular expression ({error})") from error
        return patterns


class CrawlSettings(SettingsModel):
    """Start URLs, politeness, budgets and limits of a crawl."""

    former_names: ClassVar[Mapping[str, str]] = {
        "breaker_first": "breaker_base_delay",
        "interval_first": "interval_initial",
    }

    seeds: Path | None = None
    """Seed file or folder; without one, the list that comes with the project."""
    contact: str | None = None
    """Mail address or page that a webmaster can write to; part of the user agent."""
    proxy: str | None = None
    """HTTP proxy, as http://127.0.0.1:8900."""
    dsn: str | None = None
    """SQLAlchemy URL of the crawl state, as postgresql+psycopg://…; without one, SQLite in the store."""

    max_pages: int | None = Field(default=None, gt=0)
    """Stop a run after this many pages; the next run continues."""
    max_hours: float | None = Field(default=None, gt=0)
    """Stop a run after this many hours; the next run continues."""
    max_gigabytes: float | None = Field(default=None, gt=0)
    """Stop a run after this many gigabytes of bodies over the wire; the next run continues."""
    max_pages_per_host: int | None = Field(default=20_000, gt=0)
    """Pages of one host in a round; at one page a second, a quarter of a day."""
    max_depth: int = Field(default=25, gt=0)
    """Links between a start URL and a page."""
    max_redirects: int = Field(default=5, ge=0)
    """Redirects in a row (RFC 9309 asks for at least five for robots.txt)."""

    delay_min: float = Field(default=0.25, ge=0)
    """Seconds between two requests to a host, at least."""
    delay_factor: float = Field(default=5.0, ge=0)
    """The delay after a response is its latency times this factor (Heritrix's delay-factor)."""
    delay_max: float = Field(default=30.0, gt=0)
    """Seconds between two requests to a host, at most, even if Crawl-delay asks for more."""
    concurrency: int = Field(default=64, gt=0, le=1024)
    """Requests in flight over all hosts, one for each host."""
    max_per_address: int = Field(default=8, gt=0)
    """Requests in flight at one IP address, over all its hosts. Behind a proxy addresses are unknown."""
    timeout: float = Field(default=30.0, gt=0)
    """Seconds for a whole response."""
    max_body: int = Field(default=10 << 20, gt=0)
    """Bytes of a body after decompression; a longer one is not kept."""
    max_failures: int = Field(default=3, gt=0)
    """Attempts at a page with transient failures, and failures in a row after which a host counts as broken."""
    breaker_base_delay: float = Field(default=60.0, gt=0)
    """First backoff of a broken host, in seconds; doubled at each further failure, up to 7 days."""
    breaker_patience: float = Field(default=300.0, ge=0)
    """Seconds that a round waits for a resting host; a host that rests longer is left for a later run."""
    max_bytes_per_host: int = Field(default=2 << 30, gt=0)
    """Bytes of bodies taken from one host in a run."""

    interval_initial: float = Field(default=30.0, gt=0)
    """Days until a new page is due again. The interval is halved after a change and grows by 1.5 without one."""
    interval_min: float = Field(default=1.0, gt=0)
    """Days between two visits of a page, at least."""
    interval_max: float = Field(default=180.0, gt=0)
    """Days between two visits of a page, at most."""

    per_host: dict[str, Override] = Field(default={})
    """Other limits for single hosts: ``[crawl.per_host."www.example.org"]`` with delay, max_pages, max_depth, include,
    exclude, pause. A host stands for itself with and without www."""
    per_seed: dict[str, Override] = Field(default={})
    """The same for single start URLs, by their URL in the seed list; if both are set, both apply."""

    warc_bytes: int = Field(default=1 << 30, gt=0)
    """Bytes at which a WARC file is closed."""
    partition: str | None = None
    """K/N: this process crawls the K-th of N parts of the registered domains (SQLite; PostgreSQL leases hosts)."""
    metrics_port: int | None = Field(default=None, gt=0, le=65535)
    """Port on 127.0.0.1 for Prometheus."""
    allow_private: tuple[str, ...] = ()
    """Networks in CIDR notation that may be reached although they are private."""

    @field_validator("contact")
    @classmethod
    def _contact_can_be_written_to(cls, contact: str | None) -> str | None:
        if contact and not _CONTACT.fullmatch(contact):
            raise ValueError("a contact is a mail address or a page, as you@example.org or https://example.org/crawl")
        return contact

    @field_validator("proxy")
    @classmethod
    def _proxy_is_http(cls, proxy: str | None) -> str | None:
        if proxy is not None and not proxy.startswith(("http://", "https://")):
            raise ValueError("a proxy is written http://HOST:PORT")
        return proxy

    @field_validator("partition")
    @classmethod
    def _partition_is_a_part(cls, partition: str | None) -> str | None:
        if partition is None:
            return None
        part, slash, parts = partition.partition("/")
        if not (slash and part.isdigit() and parts.isdigit() and 1 <= int(part) <= int(parts)):
            raise ValueError("a partition is written K/N with 1 <= K <= N, as 2/4")
        return f"{int(part)}/{int(parts)}"

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.delay_min > self.delay_max:
            raise ValueError("delay_min is larger than delay_max")
        if self.interval_min > self.interval_max:
            raise ValueError("interval_min is larger than interval_max")
        return self

    @property
    def user_agent(self) -> str:
        """The user agent: name, version, contact."""
        where = f" (+{self.contact})" if self.contact else ""
        return f"cowese/{code_version()}{where}"
