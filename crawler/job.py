"""What the parent asks of the crawl's own process."""

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from crawler.settings import CrawlSettings


class Job(BaseModel):
    """What the parent asks for, as JSON on standard input."""

    model_config = ConfigDict(frozen=True)

    settings: CrawlSettings
    dsn: str
    warc_folder: Path
    warc_prefix: str
    progress: Path
    log: Path
    round: int
    as_of: datetime | None
    parent: int
