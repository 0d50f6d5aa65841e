"""Settings of exported models; apart from their code, so that reading them loads no library."""

from pydantic import BaseModel, ConfigDict


class ExportSettings(BaseModel):
    """What an exported model's cards say that no run knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str | None = None
    """Of the weights, as the hub writes it (apache-2.0), or a name of your own. Unset: the cards name none; it is
    for you to say, since the corpus is of many owners."""
