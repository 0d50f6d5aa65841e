"""The progress of a stage on Prefect's pages, and in ``cowese watch``, which reads it from there."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectHTTPStatusError
from prefect.logging import get_run_logger
from prefect.runtime import flow_run, task_run

from flows.console import duration, readable

KEY_SUFFIX = "-progress"
FIRST_INTERVAL, LAST_INTERVAL = 3.0, 15.0
"""Seconds between two updates: a hundredth of the stage's time so far, within these bounds."""
RETRY_AFTER = 30.0
"""Seconds without updates after the server could not be reached."""
SHOWN_COUNTS = 8


@contextmanager
def ignore_server_errors() -> Iterator[None]:
    """A page that cannot be updated, since the server is away, is no reason for a run to fail."""
    try:
        yield
    except (httpx.HTTPError, PrefectHTTPStatusError) as error:
        get_run_logger().warning("a page could not be updated: %s", str(error).splitlines()[0] if str(error) else error)


class StageProgress:
    """A ``data.progress.Progress`` that shows a stage as a progress artifact, inside its task."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._artifact: UUID | None = None
        self._began = time.monotonic()
        self._first: int | None = None
        self._next = 0.0
        self._last: tuple[int, int | None, Mapping[str, float | str]] | None = None

    def __call__(self, stage: str, done: int, total: int | None, counts: Mapping[str, float | str]) -> None:
        """Show where the stage stands."""
        del stage
        self._last = (done, total, counts)
        self._first = done if self._first is None else self._first
        if time.monotonic() >= self._next:
            self._show(done, total, counts)

    def finish(self) -> None:
        """Show the end of a stage that came to its end."""
        if self._artifact is not None and self._last is not None:
            done, total, counts = self._last
            whole = max(done, total or 0)
            self._show(whole, whole, counts)

    def _show(self, done: int, total: int | None, counts: Mapping[str, float | str]) -> None:
        elapsed = time.monotonic() - self._began
        self._next = time.monotonic() + min(max(elapsed / 100, FIRST_INTERVAL), LAST_INTERVAL)
        share = 100.0 * min(done / total, 1.0) if total else 0.0
        words = describe(done, total, (done - (self._first or 0)) / max(elapsed, 0.001), counts)
        before = self._next
        self._next = time.monotonic() + RETRY_AFTER
        with ignore_server_errors():
            self._artifact = _shown(self._artifact, f"{self._stage}{KEY_SUFFIX}", round(share, 1), words)
            self._next = before


def _shown(artifact: UUID | None, key: str, percent: float, words: str) -> UUID:
    """Create a progress artifact or update it; its id.

    By the API itself: Prefect's functions for artifacts emit an event at each call, hundreds in a day.
    """
    shown = {"data": percent, "description": words}
    with get_client(sync_client=True) as client:
        if artifact is not None:
            client.request("PATCH", "/artifacts/{id}", path_params={"id": artifact}, json=shown)
            return artifact
        about = {"key": key, "type": "progress", "flow_run_id": flow_run.get_id(), "task_run_id": task_run.get_id()}
        return UUID(client.request("POST", "/artifacts/", json={**about, **shown}).json()["id"])


def describe(done: int, total: int | None, rate: float, counts: Mapping[str, float | str]) -> str:
    """How much of how much, how fast, how long still, and the counters."""
    parts = [f"{done:,} of {total:,}" if total else f"{done:,}"]
    if rate > 0:
        parts.append(f"{readable(rate)}/s")
        if total and total > done:
            parts.append(f"{duration((total - done) / rate)} left")
    shown = [f"{name.replace('_', ' ')} {readable(value)}" for name, value in list(counts.items())[:SHOWN_COUNTS]]
    return " · ".join(parts) + (f" — {', '.join(shown)}" if shown else "")
