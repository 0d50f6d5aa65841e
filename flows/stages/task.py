"""One Prefect task a stage: its function runs in a child process, its pages move, its asset is told of."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prefect import Task
from prefect.assets import Asset, AssetProperties
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.tasks import MaterializingTask

from cleaning.publish import PublishSummary
from flows.pages.corpus import show_corpus
from flows.pages.links import Links
from flows.pages.model import show_evaluation, show_model, show_run
from flows.pages.progress import StageProgress, tolerated
from flows.pages.words import in_one_line
from flows.settings import Settings
from flows.stages.process import last_words, run_in_child
from training.evaluate import EvaluationSummary
from training.export import ExportSummary
from training.pretrain import PretrainSummary
from training.tokenizer import TokenizerSummary

P = ParamSpec("P")
R = TypeVar("R")

CORPUS, TOKENIZER, MODEL = "cowese://corpus", "cowese://tokenizer", "cowese://model"
ASSETS = {
    "publish": Asset(key=CORPUS, properties=AssetProperties(name="CoWeSe", description="The corpus of this store")),
    "tokenizer": Asset(key=TOKENIZER, properties=AssetProperties(name="Tokenizer", description="Cased WordPiece")),
    "export": Asset(key=MODEL, properties=AssetProperties(name="BIOMEDTRA", description="ELECTRA for transformers")),
}
"""What stages make that others build on, by stage."""
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
        """Run one stage; nothing is cached or persisted, since a stage finds by itself what is finished."""
        kwargs.pop("progress", None)

        def body() -> R:
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
        result: R = as_task()
        return result

    def _in_task(self, stage: str, function: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        logger, folder, progress = get_run_logger(), self.folder / stage, StageProgress(stage)
        try:
            summary = run_in_child(stage, folder, progress, function, *args, **kwargs)
        except Exception:
            raise
        except BaseException:  # cancelled, or ended by a signal
            words = last_words(folder) or "cut off; the next run goes on from what was finished"
            logger.warning("%s: %s", stage, words)
            raise
        progress.finish()
        links = Links(self.settings.store.expanduser().absolute(), self.settings.serve.links)
        with tolerated():
            show(summary, links)
        tell_asset(stage, summary)
        logger.info("%s: %s. Log: %s", stage, in_one_line(summary), folder / "log.txt")
        return summary


def show(summary: Any, links: Links) -> None:
    """Make the pages of a stage's summary, where it has any."""
    match summary:
        case PublishSummary():
            show_corpus(summary, links)
        case PretrainSummary():
            show_run(summary, links)
        case EvaluationSummary():
            show_evaluation(summary)
        case ExportSummary():
            show_model(summary, links)


def tell_asset(stage: str, summary: Any) -> None:
    """Put the figures of what was made onto its asset."""
    match summary:
        case PublishSummary():
            figures = {"version": summary.version, "documents": summary.documents, "words": summary.words}
        case TokenizerSummary():
            figures = {"name": summary.path.name, "entries": summary.entries, "digest": summary.digest}
        case ExportSummary():
            figures = {"name": summary.path.name, "step": summary.step, "parameters": summary.parameters}
        case _:
            return
    ASSETS[stage].add_metadata({**figures, "path": str(summary.path)})
