"""How a store is served."""

from pydantic import BaseModel, ConfigDict, Field


class ServeSettings(BaseModel):
    """The Prefect server of this machine and what stands beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    port: int = Field(default=4200, ge=1, le=65_533)
    """The server's port on 127.0.0.1; reports and logs are shown on the next one, the
    corpus (`cowese browse`) on the one after it."""
    links: str | None = None
    """Where a browser finds the store's reports and logs, as http://127.0.0.1:4201; `cowese serve` sets it. Without it
    Prefect's pages name the files."""
    beside: dict[str, tuple[str, ...]] = {}
    """Commands, by name, that `cowese serve` starts and stops with the server, such as a proxy to crawl through."""
