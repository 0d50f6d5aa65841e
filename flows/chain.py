"""The whole story in one place: start URLs become pages, documents, a corpus, tokens, a model, figures.

Plain functions; ``cowese build`` calls them as they stand, a Prefect flow hands in a runner that makes each
stage a task.
"""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Literal, ParamSpec, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from cleaning.clean import CleanSummary, clean
from cleaning.publish import PublishSummary, publish
from crawler.run import CrawlSummary, crawl
from data.progress import Progress, quiet
from data.store import Store
from flows.alone import Alone
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


class TokensBuilt(BaseModel):
    """What training reads, made from one corpus version."""

    model_config = ConfigDict(frozen=True)

    tokenizer: TokenizerSummary
    pack: PackSummary
    seconds: dict[str, float]


class ModelTrained(BaseModel):
    """What became of one set of tokens: a run, its figures, two models."""

    model_config = ConfigDict(frozen=True)

    pretrain: PretrainSummary
    evaluate: EvaluationSummary
    export: ExportSummary
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
    patience: float = 0.0,
    progress: Progress = quiet,
) -> CorpusBuilt:
    """Crawl a round, clean what is new, publish a version where anything changed."""
    store = Store.open(settings.store)
    clock = Stopwatch(run, store, patience)
    return CorpusBuilt(
        crawl=clock("crawl", crawl, store, settings.crawl, revisit=revisit, as_of=as_of, progress=progress),
        clean=clock("clean", clean, store, settings.clean, progress=progress),
        publish=clock("publish", publish, store, settings.clean, settings.publish, progress=progress),
        seconds=clock.seconds,
    )


def prepare_tokens(
    settings: Settings,
    *,
    corpus: str = "latest",
    run: Runner = plainly,
    patience: float = 0.0,
    progress: Progress = quiet,
) -> TokensBuilt:
    """Fit a tokenizer on a corpus version and pack the version with it."""
    store = Store.open(settings.store)
    clock = Stopwatch(run, store, patience)
    version = store.corpus_version(corpus)
    tokenizer = clock("tokenizer", fit_tokenizer, store, settings.tokenizer, corpus=version, progress=progress)
    return TokensBuilt(
        tokenizer=tokenizer,
        pack=clock("pack", pack, store, settings.pack, corpus=version, tokenizer=tokenizer.path, progress=progress),
        seconds=clock.seconds,
    )


def train_model(
    settings: Settings,
    *,
    tokens: Path,
    run: Runner = plainly,
    patience: float = 0.0,
    progress: Progress = quiet,
) -> ModelTrained:
    """Pretrain on packed tokens, evaluate on held-out text, export for Hugging Face."""
    store = Store.open(settings.store)
    clock = Stopwatch(run, store, patience)
    trained = clock("pretrain", pretrain, store, settings.pretrain, tokens=tokens, progress=progress)
    return ModelTrained(
        pretrain=trained,
        evaluate=clock("evaluate", evaluate, store, settings.evaluate, run=trained.path, progress=progress),
        export=clock("export", export, store, run=trained.path, progress=progress),
        seconds=clock.seconds,
    )


def build_model(settings: Settings, *, corpus: str = "latest", progress: Progress = quiet) -> ModelBuilt:
    """From a corpus version to an evaluated, exported model, in this process."""
    tokens = prepare_tokens(settings, corpus=corpus, progress=progress)
    trained = train_model(settings, tokens=tokens.pack.path, progress=progress)
    return ModelBuilt(
        tokenizer=tokens.tokenizer,
        pack=tokens.pack,
        pretrain=trained.pretrain,
        evaluate=trained.evaluate,
        export=trained.export,
        seconds={**tokens.seconds, **trained.seconds},
    )


class Stopwatch:
    """A runner that keeps the seconds that each stage took, and runs it alone on the store."""

    def __init__(self, run: Runner, store: Store, patience: float = 0.0) -> None:
        self._run = run
        self._store = store
        self._patience = patience
        self.seconds: dict[str, float] = {}

    def __call__(self, stage: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one stage; whichever process the runner takes holds the lock."""
        started = time.monotonic()
        alone = Alone(self._store, stage, self._patience, function)
        result = self._run(stage, alone, *args, **kwargs)
        self.seconds[stage] = round(time.monotonic() - started, 1)
        return result
