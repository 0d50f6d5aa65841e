"""What is decided where a host's words leave it open: the table ``[rights]`` of the settings."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class RightsSettings(BaseModel):
    """How words in doubt are taken when a version is cut."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    named_agents: Literal["ignore", "reserve"] = "reserve"
    """Whether a robots.txt that shuts out agents that gather training data by name (GPTBot, CCBot …: the list is
    data/rights/training_agents.tsv) reserves those paths."""
    missing_licence: Literal["ignore", "reserve"] = "reserve"
    """Whether a page is reserved by an RSL licence that no WARC file holds."""


RIGHTS = RightsSettings()
"""The defaults."""
