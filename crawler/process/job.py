"""The job that the parent gives to the crawl's own process."""

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from crawler.settings import CrawlSettings

DISK_FULL, STORE_BROKEN = 75, 74
"""Exit codes of the child: on a full disk it has no other way to report (sysexits.h: EX_TEMPFAIL, EX_IOERR)."""


class Job(BaseModel):
    """The job, passed as JSON on standard input."""

    model_config = ConfigDict(frozen=True)

    settings: CrawlSettings
    dsn: str
    store: Path
    warc_folder: Path
    warc_prefix: str
    progress: Path
    log: Path
    round: int
    as_of: datetime | None
    parent: int
