"""What an operator sees of a host: a line of it, and its whole story."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

from crawler.settings import Override

OperatorState = Literal[
    "paused",
    "taken_down",
    "out_of_scope",
    "unreachable",
    "blocked",
    "sick",
    "resting",
    "opted_out",
    "over_budget",
    "queued",
    "done",
    "new",
]
"""The state of a host for an operator; where several apply, the first of this list is shown."""


class HostView(BaseModel):
    """One host."""

    model_config = ConfigDict(frozen=True)

    host: str
    state: OperatorState
    why: str | None = None
    rests_until: datetime | None = None
    pages: int = 0
    """Pages that answered with a document, or had not changed."""
    queued: int = 0
    done_in_round: int = 0
    """Pages of the last round, of the budget."""
    page_cap: int | None = None
    """The budget of a round."""
    statuses: dict[str, int] = {}
    """URLs by the HTTP status of their last answer."""
    failed: dict[str, int] = {}
    """URLs whose last attempts failed, by reason."""
    opt_outs: dict[str, int] = {}
    """URLs that robots.txt or a reservation keeps out."""
    refused: dict[str, int] = {}
    """URLs refused for another reason."""
    traps: dict[str, int] = {}
    """Links refused by each trap; they are not kept."""
    answers: int = 0
    """Since the first run, robots.txt and sitemaps included."""
    megabytes: float = 0.0
    """Bodies over the wire."""
    answers_a_second: float | None = None
    """At the pace of the last answers, rests included."""
    latency: float | None = None
    """Seconds from a request to its answer."""
    last_answer: datetime | None = None
    next_due: datetime | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def standing(self) -> OperatorState:
        """The former name of ``state``, for scripts that read the JSON."""
        return self.state


class HostUrl(BaseModel):
    """One URL in the story of a host."""

    model_config = ConfigDict(frozen=True)

    url: str
    status: int | None
    reason: str | None
    fetched_at: datetime | None
    due_at: datetime | None


class HostStory(HostView):
    """One host in full."""

    start_urls: list[str] = []
    """Those that its URLs were found from, and those that name it."""
    override: Override | None = None
    """What the settings say of this host alone."""
    rounds: dict[int, int] = {}
    """URLs by the last round that they were asked for in."""
    bad_runs: int = 0
    """Runs in a row that ended with the host unreachable, blocked or sick."""
    last: list[HostUrl] = []
    next: list[HostUrl] = []
