"""A WARC record with a signal of a host or a page."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class ReservationRecord(BaseModel):
    """Where the line lies that reserves a page."""

    model_config = ConfigDict(frozen=True)

    file: str
    """Path of the permission file, ``licence``, or ``page`` if the page itself has the signal."""
    seen_at: datetime
    warc_file: str
    warc_offset: int
