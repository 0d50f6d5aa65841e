"""How a store is served."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Pool = Literal["cpu", "gpu"]
WebAddress = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
HostAndPort = Annotated[str, Field(pattern=r"^[^\s:/]+:[0-9]{1,5}$")]


class AlertSettings(BaseModel):
    """Whom to tell when a run failed or did not start, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    webhook: WebAddress | None = None
    """Receives each alert by POST as JSON (`text`, `subject`, `kind`, `run`, `url`, `store`)."""
    email_to: tuple[str, ...] = ()
    """Receive each alert by e-mail."""
    email_from: str = "cowese@localhost"
    """The sender of these e-mails."""
    smtp: HostAndPort = "127.0.0.1:25"
    """The mail server, as host:port."""
    smtp_security: Literal["none", "starttls", "tls"] = "none"
    """Encryption to the mail server: none, STARTTLS (port 587), or TLS from the start (port 465)."""
    smtp_user: str | None = None
    """User name at the mail server."""
    smtp_password_file: Path | None = None
    """A file with the password at the mail server."""
    about: Literal["scheduled", "all"] = "scheduled"
    """Alert about failed runs of the schedule only, or about every failed run of our deployments."""
    late_minutes: float = Field(default=30.0, gt=0)
    """A run is late when it has not started this long after its time."""

    @field_validator("email_to")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if "@" not in address:
                raise ValueError("an e-mail address has an @")
        return value

    @model_validator(mode="after")
    def _user_and_password(self) -> "AlertSettings":
        if (self.smtp_user is None) != (self.smtp_password_file is None):
            raise ValueError("set smtp_user and smtp_password_file together")
        return self

    @property
    def channels(self) -> list[str]:
        """How alerts leave; empty where nobody is told."""
        return (["webhook"] if self.webhook else []) + (["e-mail"] if self.email_to else [])


class ServeSettings(BaseModel):
    """The Prefect server of this machine and what stands beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: int = Field(default=4200, ge=1, le=65_533)
    """The server's port on 127.0.0.1; reports and logs are shown on the next one, the
    corpus (`cowese browse`) on the one after it."""
    links: str | None = None
    """Where a browser finds the store's reports and logs, as http://127.0.0.1:4201; `cowese serve` sets it. Without it
    Prefect's pages name the files."""
    pools: tuple[Pool, ...] = ("cpu", "gpu")
    """Work pools that have a worker on this machine."""
    beside: dict[str, tuple[str, ...]] = {}
    """Commands, by name, that `cowese serve` starts and stops with the server, such as a proxy to crawl through."""
    password_file: Path | None = None
    """A file with the password of Prefect's page, the store's files and the corpus's page (user admin). `cowese serve`
    makes a missing one. Without this setting there is no password."""
    restart: bool = True
    """Start the server, a worker or another served process again when it has died."""
    look_seconds: float = Field(default=30.0, gt=0)
    """Time between two looks at processes and runs."""
    keep_days: float = Field(default=90.0, ge=1)
    """Delete runs, their logs and Prefect's records of them after this many days. The store itself keeps everything."""
    log_megabytes: float = Field(default=20.0, gt=0)
    """Rotate a log of a served process at this size; three older ones are kept, compressed."""
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    """Whom to tell when a run failed or did not start."""
