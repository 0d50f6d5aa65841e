"""How doubtful signals of a host are decided: the table ``[rights]`` of the settings."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class RightsSettings(BaseModel):
    """How doubtful signals are decided when a version is published."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    named_agents: Literal["ignore", "reserve"] = "reserve"
    """Whether a robots.txt reserves the paths that it forbids to agents which gather training data (GPTBot, CCBot …;
    the list is data/rights/training_agents.tsv)."""
    missing_licence: Literal["ignore", "reserve"] = "reserve"
    """Whether a page is reserved when its RSL licence is in no WARC file."""


RIGHTS = RightsSettings()
"""The defaults."""
