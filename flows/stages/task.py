"""Runs each stage as a Prefect task: a child process, progress artifacts, an asset with figures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from prefect import State, Task
from prefect.assets import Asset, AssetProperties
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.tasks import MaterializingTask
from pydantic import BaseModel

from crawler.process.summary import CrawlSummary
from flows.failed_states import fail_without_traceback
from flows.prefect_pages.corpus import show_corpus
from flows.prefect_pages.log_lines import in_one_line
from flows.prefect_pages.progress import StageProgress, ignore_server_errors
from flows.prefect_pages.store_links import StoreLinks
from flows.settings import Settings
from flows.stages.process import outcome_message, run_in_child

P = ParamSpec("P")
R = TypeVar("R")

CORPUS, TOKENIZER, MODEL = "cowese://corpus", "cowese://tokenizer", "cowese://model"
ASSETS = {
    "publish": Asset(key=CORPUS, properties=AssetProperties(name="CoWeSe", description="The corpus of this store")),
    "tokenizer": Asset(key=TOKENIZER, properties=AssetProperties(name="Tokenizer", description="Cased WordPiece")),
    "export": Asset(key=MODEL, properties=AssetProperties(name="BIOMEDTRA", description="ELECTRA for transformers")),
}
"""Stage → the asset that it makes."""
SHOWN = {
    "publish": ("version", "documents", "words", "path"),
    "tokenizer": ("entries", "digest", "path"),
    "export": ("step", "parameters", "path"),
}
"""Stage → figures in the asset's metadata."""
CORPUS_STAGES = ("archive", "crawl", "clean", "publish")
MADE_FROM = {"tokenizer": (CORPUS,), "export": (CORPUS, TOKENIZER)}


@dataclass(frozen=True, slots=True)
class StageTasks:
    """A ``flows.chain.Runner`` that makes each stage a task of its name."""

    settings: Settings

    @property
    def folder(self) -> Path:
        """Logs and progress of this flow run."""
        return self.settings.store.expanduser().absolute() / "serve" / "runs" / str(flow_run.get_id())

    def __call__(self, stage: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one stage. Prefect caches and persists nothing, since a stage finds finished work by itself."""
        kwargs.pop("progress", None)

        @fail_without_traceback
        def body() -> Any:
            return self._in_task(stage, function, args, kwargs)

        options: Any = {
            "name": stage,
            "task_run_name": stage,
            "persist_result": False,
            "cache_policy": NO_CACHE,
            "asset_deps": list(MADE_FROM.get(stage, ())),
        }
        as_task: Any = (
            MaterializingTask(body, assets=[ASSETS[stage]], **options) if stage in ASSETS else Task(body, **options)
        )
        result: Any = as_task()
        if isinstance(result, State):
            result.result()  # raises the error that the task ended with
        return cast("R", result)

    def _in_task(self, stage: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        logger, folder, progress = get_run_logger(), self.folder / stage, StageProgress(stage)
        try:
            summary = run_in_child(stage, folder, progress, function, *args, **kwargs)
        except Exception:
            raise
        except BaseException:  # cancelled, or ended by a signal
            words = outcome_message(folder) or "cut off; the next run goes on from what was finished"
            logger.warning("%s: %s", stage, words)
            raise
        progress.finish()
        links = StoreLinks(self.settings.store.expanduser().absolute(), self.settings.serve.links)
        with ignore_server_errors():
            show(stage, summary, links)
        tell_asset(stage, summary)
        logger.info("%s: %s. Log: %s", stage, in_one_line(summary), links.place(self._log(summary, folder)))
        return summary

    def _log(self, summary: Any, folder: Path) -> Path:
        """Scrapy writes a log of its own for each round; everything else is in the stage's."""
        if isinstance(summary, CrawlSummary):
            scrapy = self.settings.store.expanduser().absolute() / "crawl" / f"round-{summary.round:04d}.log"
            return scrapy if scrapy.is_file() else folder / "log.txt"
        return folder / "log.txt"


def show(stage: str, summary: Any, links: StoreLinks) -> None:
    """Create the artifacts of a stage, if it has any."""
    if stage == "publish":
        show_corpus(summary, links)
    elif stage not in CORPUS_STAGES:
        from flows.prefect_pages.model import PAGES  # noqa: PLC0415 - loads torch, which a corpus needs not

        if stage in PAGES:
            PAGES[stage](summary, links)


def tell_asset(stage: str, summary: BaseModel) -> None:
    """Add the figures to the stage's asset."""
    if stage in ASSETS:
        figures = summary.model_dump(mode="json")
        ASSETS[stage].add_metadata({name: figures[name] for name in SHOWN[stage]})
