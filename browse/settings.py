"""How the page is served."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class BrowseSettings(BaseModel):
    """Where `cowese browse` listens, and who may look."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: int = Field(default=4202, ge=0, le=65_535)
    """Port on which the page is served; 0 takes a free one."""
    address: str = "127.0.0.1"
    """Address that it listens on. Another than 127.0.0.1 needs a password: the page shows all texts of the store."""
    hosts: tuple[str, ...] = ()
    """Names, beside localhost, under which a browser may ask for it (a reverse proxy's, as corpus.example.org). A
    request under any other name is refused, so that no page of the web can reach it through DNS."""
    password: SecretStr | None = None
    """HTTP Basic authentication: the user's name is free, this is the password. None: no question is asked."""
