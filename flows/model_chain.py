"""The second half of the chain: corpus → tokenizer → tokens → model → evaluation → Hugging Face folders."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data.progress import Progress, no_progress
from data.store import Store
from flows.chain import CorpusBuilt, Runner, Stopwatch, run_in_this_process
from flows.settings import Settings
from training.benchmark.run import BenchmarkSummary, benchmark
from training.benchmark.table import TableSummary, write_table
from training.results.evaluate import EvaluationSummary, evaluate
from training.results.export import ExportSummary, export
from training.runs.kept_tokenizer import tokenizer_for
from training.runs.pretrain import PretrainSummary, pretrain
from training.tokens.pack import PackSummary, pack
from training.tokens.tokenizer import TokenizerSummary


class TokensBuilt(BaseModel):
    """Tokenizer and tokens of one corpus version."""

    model_config = ConfigDict(frozen=True)

    tokenizer: TokenizerSummary
    pack: PackSummary
    seconds: dict[str, float]


class ModelTrained(BaseModel):
    """The result of training: a run, its figures, two models."""

    model_config = ConfigDict(frozen=True)

    pretrain: PretrainSummary
    evaluate: EvaluationSummary
    export: ExportSummary
    seconds: dict[str, float]


class ModelBuilt(BaseModel):
    """The result for one corpus version: tokenizer, tokens, a run, its figures, two models."""

    model_config = ConfigDict(frozen=True)

    tokenizer: TokenizerSummary
    pack: PackSummary
    pretrain: PretrainSummary
    evaluate: EvaluationSummary
    export: ExportSummary
    seconds: dict[str, float]


class Built(BaseModel):
    """The result of the whole chain."""

    model_config = ConfigDict(frozen=True)

    corpus: CorpusBuilt
    model: ModelBuilt | None


def prepare_tokens(
    settings: Settings,
    *,
    corpus: str = "latest",
    run: Runner = run_in_this_process,
    patience: float = 0.0,
    progress: Progress = no_progress,
) -> TokensBuilt:
    """Fit a tokenizer on a corpus version, or use that of the initial model, and pack the version."""
    store = Store.open(settings.store)
    clock = Stopwatch(run, store, patience)
    version = store.corpus_version(corpus)
    engine = settings.engine
    tokenizer = clock(
        "tokenizer",
        tokenizer_for,
        store,
        settings.tokenizer,
        settings.pretrain,
        corpus=version,
        engine=engine,
        progress=progress,
    )
    packed = clock(
        "pack", pack, store, settings.pack, corpus=version, tokenizer=tokenizer.path, engine=engine, progress=progress
    )
    return TokensBuilt(
        tokenizer=tokenizer,
        pack=packed,
        seconds=clock.seconds,
    )


def train_model(
    settings: Settings,
    *,
    tokens: Path,
    run: Runner = run_in_this_process,
    patience: float = 0.0,
    progress: Progress = no_progress,
) -> ModelTrained:
    """Pretrain on packed tokens, evaluate on held-out text, export for Hugging Face."""
    store = Store.open(settings.store)
    clock = Stopwatch(run, store, patience)
    trained = clock("pretrain", pretrain, store, settings.pretrain, tokens=tokens, progress=progress)
    return ModelTrained(
        pretrain=trained,
        evaluate=clock("evaluate", evaluate, store, settings.evaluate, run=trained.path, progress=progress),
        export=clock("export", export, store, run=trained.path, licence=settings.export.licence, progress=progress),
        seconds=clock.seconds,
    )


def build_model(settings: Settings, *, corpus: str = "latest", progress: Progress = no_progress) -> ModelBuilt:
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


def benchmark_model(
    settings: Settings,
    *,
    model: str,
    task: str,
    data: Path,
    name: str | None = None,
    run: Runner = run_in_this_process,
    patience: float = 0.0,
    progress: Progress = no_progress,
) -> BenchmarkSummary:
    """Fine-tune and score a model on a task, then write the table of all runs and put it into the model cards."""
    store = Store.open(settings.store)
    clock = Stopwatch(run, store, patience)
    chosen = settings.benchmark
    summary = clock(
        "benchmark", benchmark, store, chosen, model=model, task=task, data=data, name=name, progress=progress
    )
    clock("benchmark-table", _table, store, progress=progress)
    return summary


def _table(store: Store, *, progress: Progress) -> TableSummary:
    """The table as a stage."""
    summary = write_table(store)
    progress("benchmark-table", summary.runs, summary.runs, {})
    return summary
