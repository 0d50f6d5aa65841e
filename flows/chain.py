"""The whole story in one place: start URLs become pages, documents, a corpus, tokens, a model, figures.

Plain functions; ``cowese build`` calls them as they stand, a Prefect flow hands in a runner that makes each
stage a task.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Literal, ParamSpec, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from cleaning.clean import CleanSummary, clean
from cleaning.publish import PublishSummary, publish
from crawler.run import CrawlSummary, crawl
from data.progress import Progress, quiet
from data.store import Store
from flows.settings import Settings
from training.evaluate import EvaluationSummary, evaluate
from training.export import ExportSummary, export
from training.pack import PackSummary, pack
from training.pretrain import PretrainSummary, pretrain
from training.tokenizer import TokenizerSummary, fit_tokenizer

P = ParamSpec("P")
R = TypeVar("R")


class Runner(Protocol):
    """Runs one stage, its name given first, and returns what it returned."""

    def __call__(self, stage: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``function`` with its arguments."""


def plainly(stage: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call the stage in this process."""
    del stage
    return function(*args, **kwargs)


class CorpusBuilt(BaseModel):
    """What became of one round: pages, documents, a version, and how long each stage took."""

    model_config = ConfigDict(frozen=True)

    crawl: CrawlSummary
    clean: CleanSummary
    publish: PublishSummary
    seconds: dict[str, float]


class ModelBuilt(BaseModel):
    """What became of one corpus version: a tokenizer, tokens, a run, its figures, two models."""

    model_config = ConfigDict(frozen=True)

    tokenizer: TokenizerSummary
    pack: PackSummary
    pretrain: PretrainSummary
    evaluate: EvaluationSummary
    export: ExportSummary
    seconds: dict[str, float]


class Built(BaseModel):
    """What the whole chain made."""

    model_config = ConfigDict(frozen=True)

    corpus: CorpusBuilt
    model: ModelBuilt | None


def build_corpus(
    settings: Settings,
    *,
    revisit: Literal["due", "all"] = "due",
    as_of: datetime | None = None,
    run: Runner = plainly,
    progress: Progress = quiet,
) -> CorpusBuilt:
    """Crawl a round, clean what is new, publish a version where anything changed."""
    store = Store.open(settings.store)
    clock = Stopwatch(run, store)
    return CorpusBuilt(
        crawl=clock("crawl", crawl, store, settings.crawl, revisit=revisit, as_of=as_of, progress=progress),
        clean=clock("clean", clean, store, settings.clean, progress=progress),
        publish=clock("publish", publish, store, settings.clean, settings.publish, progress=progress),
        seconds=clock.seconds,
    )


def build_model(
    settings: Settings,
    *,
    corpus: str = "latest",
    run: Runner = plainly,
    progress: Progress = quiet,
) -> ModelBuilt:
    """Fit a tokenizer, pack, pretrain, evaluate on held-out text, export for Hugging Face."""
    store = Store.open(settings.store)
    clock = Stopwatch(run, store)
    version = store.corpus_version(corpus)
    tokenizer = clock("tokenizer", fit_tokenizer, store, settings.tokenizer, corpus=version, progress=progress)
    tokens = clock("pack", pack, store, settings.pack, corpus=version, tokenizer=tokenizer.path, progress=progress)
    trained = clock("pretrain", pretrain, store, settings.pretrain, tokens=tokens.path, progress=progress)
    return ModelBuilt(
        tokenizer=tokenizer,
        pack=tokens,
        pretrain=trained,
        evaluate=clock("evaluate", evaluate, store, settings.evaluate, run=trained.path, progress=progress),
        export=clock("export", export, store, run=trained.path, progress=progress),
        seconds=clock.seconds,
    )


class Stopwatch:
    """A runner that holds the stage's lock on the store and keeps the seconds that it took."""

    def __init__(self, run: Runner, store: Store) -> None:
        self._run = run
        self._store = store
        self.seconds: dict[str, float] = {}

    def __call__(self, stage: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one stage, alone on the store."""
        started = time.monotonic()
        with self._store.exclusive(stage):
            result = self._run(stage, function, *args, **kwargs)
        self.seconds[stage] = round(time.monotonic() - started, 1)
        return result
