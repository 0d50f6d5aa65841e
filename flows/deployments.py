"""The flows of ``prefect.yaml``: the chain of ``flows/chain.py`` with each stage as a Prefect task.

Each has a deployment with its name. Called without a server, they run in this process.
"""

from datetime import datetime
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from prefect import flow
from pydantic import Field

from data.store import Store
from flows.artifacts import find_artifact
from flows.chain import build_corpus
from flows.deployment_runs import is_deployed, run_deployment_and_wait, wait_for_identical_run
from flows.failed_states import fail_without_traceback
from flows.settings import Settings, load_settings
from flows.sources import CRAWL, Source
from flows.stages.task import StageTasks
from training.electra.choices import Begin
from training.electra.presets import PresetName

NO_MODEL = ""
"""Overrides an ``initial_model`` of the settings; None would leave it."""
Count = Annotated[int, Field(gt=0)]
PresetChoice = Literal["settings", PresetName]
"""``settings``: the preset of the settings. Prefect's form shows a menu only for choices that cannot be null."""


@flow(name="build-cowese", log_prints=False, validate_parameters=True, persist_result=False)
@fail_without_traceback
def build_cowese(
    contact: str | None = None,
    sources: tuple[Source, ...] = (CRAWL,),
    revisit: Literal["due", "all"] = "due",
    max_pages: Count | None = None,
    pretrain: bool = False,  # noqa: FBT001, FBT002 - a flow's parameter, given by name
    preset: PresetChoice = "settings",
    steps: Count | None = None,
    begin: str | None = None,
    seeds: Path | None = None,
    proxy: str | None = None,
    as_of: datetime | None = None,
    store: Path | None = None,
    config: Path | None = None,
) -> str:
    """Fetch pages, clean them, publish a corpus version; with ``pretrain`` continue to the model.

    Args:
        contact: Address or page that a webmaster can write to; a real crawl needs it, and so does Common Crawl.
        sources: Sources of pages: crawl (a round), common-crawl:CC-MAIN-2026-30 (a month of Common Crawl), or both.
        revisit: Which known pages a new round asks for: those due, or all.
        max_pages: Stop after so many pages; the next run goes on.
        pretrain: Continue to the model, by pretrain-biomedtra on the gpu pool.
        preset: Size of the model; settings: as the settings say.
        steps: Optimiser steps.
        begin: First weights: counts or random; or the model to go on from, with its tokenizer: latest, or a name.
        seeds: A seed file or folder instead of the built-in list.
        proxy: HTTP proxy, as http://127.0.0.1:8900.
        as_of: The crawl's clock, for catching up.
        store: The folder that holds everything; by default the one that is served.
        config: A TOML file of settings; by default the one that is served.

    Returns:
        The corpus version that is the newest now.
    """
    settings = _settings(
        store=store,
        config=config,
        crawl__seeds=seeds,
        crawl__proxy=proxy,
        crawl__contact=contact,
        crawl__max_pages=max_pages,
        pretrain__preset=_given(preset),
        **_begin(begin),
    )
    if wait_for_identical_run(build_cowese):
        return _newest(settings)
    built = build_corpus(
        settings, sources=sources, revisit=revisit, as_of=as_of, run=StageTasks(settings), patience=inf
    )
    if pretrain:
        _to_model(settings, built.publish.version, store=store, config=config, preset=preset, steps=steps, begin=begin)
    return built.publish.version


@flow(name="corpus-to-model", log_prints=False, validate_parameters=True, persist_result=False)
@fail_without_traceback
def corpus_to_model(
    corpus: str = "latest",
    preset: PresetChoice = "settings",
    steps: Count | None = None,
    begin: str | None = None,
    store: Path | None = None,
    config: Path | None = None,
) -> str:
    """Fit a tokenizer, pack a corpus version, and have pretrain-biomedtra make the model.

    Args:
        corpus: The corpus version, as v0002.
        preset: Size of the model; settings: as the settings say.
        steps: Optimiser steps.
        begin: First weights: counts or random; or the model to go on from, with its tokenizer: latest, or a name.
        store: The folder that holds everything; by default the one that is served.
        config: A TOML file of settings; by default the one that is served.

    Returns:
        The name of the newest model.
    """
    settings = _settings(store=store, config=config, pretrain__preset=_given(preset), **_begin(begin))
    if not wait_for_identical_run(corpus_to_model):
        _to_model(settings, corpus, store=store, config=config, preset=preset, steps=steps, begin=begin)
    return find_artifact(Store.open(settings.store).models, None, "cowese export").name


@flow(name="pretrain-biomedtra", log_prints=False, validate_parameters=True, persist_result=False)
@fail_without_traceback
def pretrain_biomedtra(
    tokens: str | None = None,
    preset: PresetChoice = "settings",
    steps: Count | None = None,
    begin: str | None = None,
    store: Path | None = None,
    config: Path | None = None,
) -> str:
    """Pretrain ELECTRA on packed tokens, evaluate it on held-out text, export it.

    Args:
        tokens: Packed tokens of the store by name; by default the newest.
        preset: Size of the model; settings: as the settings say.
        steps: Optimiser steps.
        begin: First weights: counts or random; or the model to go on from, with its tokenizer: latest, or a name.
        store: The folder that holds everything; by default the one that is served.
        config: A TOML file of settings; by default the one that is served.

    Returns:
        The name of the newest model.
    """
    settings = _settings(
        store=store, config=config, pretrain__preset=_given(preset), pretrain__steps=steps, **_begin(begin)
    )
    opened = Store.open(settings.store)
    if not wait_for_identical_run(pretrain_biomedtra):
        from flows.model_chain import train_model  # noqa: PLC0415 - loads torch

        chosen = find_artifact(opened.tokens, tokens, "cowese pack")
        train_model(settings, tokens=chosen, run=StageTasks(settings), patience=inf)
    return find_artifact(opened.models, None, "cowese export").name


@flow(name="benchmark", log_prints=False, validate_parameters=True, persist_result=False)
@fail_without_traceback
def benchmark(
    model: str,
    task: str,
    data: Path,
    name: str | None = None,
    seeds: Count | None = None,
    epochs: Count | None = None,
    store: Path | None = None,
    config: Path | None = None,
) -> dict[str, float]:
    """Fine-tune a model on a task over several seeds, score it, and put it into the table of all runs.

    Args:
        model: A Hugging Face folder or name, or an exported model's name.
        task: PharmaCoNER, CANTEMIST, CT-EBM-SP, MEDDOCAN, NUBes, E3C-es, or a name of your own.
        data: Its folder with train, dev, test: brat, CoNLL/IOB2, a TSV of label and text, or SQuAD's JSON.
        name: What it is called in tables; by default the model's name.
        seeds: Runs, 5 by default; those that are finished are not made again.
        epochs: Passes over the training split, 10 by default.
        store: The folder that holds everything; by default the one that is served.
        config: A TOML file of settings; by default the one that is served.

    Returns:
        The figures on the test split, means over the seeds.
    """
    from flows.model_chain import benchmark_model  # noqa: PLC0415 - loads torch

    settings = _settings(store=store, config=config, benchmark__seeds=seeds, benchmark__epochs=epochs)
    wait_for_identical_run(benchmark)  # finished seeds are found again
    summary = benchmark_model(
        settings, model=model, task=task, data=data, name=name, run=StageTasks(settings), patience=inf
    )
    return summary.mean


def _to_model(settings: Settings, corpus: str, **given: Any) -> None:
    """Make tokens here and the model by ``pretrain-biomedtra``: on the gpu pool, or here without a server."""
    from flows.model_chain import prepare_tokens  # noqa: PLC0415 - loads torch, which a run without a model needs not

    tokens = prepare_tokens(settings, corpus=corpus, run=StageTasks(settings), patience=inf)
    parameters = {**given, "tokens": tokens.pack.path.name}
    if is_deployed():
        run_deployment_and_wait("pretrain-biomedtra/pretrain-biomedtra", pretrain_biomedtra, parameters)
    else:
        pretrain_biomedtra(**parameters)


def _given(preset: PresetChoice) -> PresetName | None:
    """A flow's ``preset`` as a flag; None if the settings decide."""
    return None if preset == "settings" else preset


def _begin(begin: str | None) -> dict[str, str | None]:
    """A flow's ``begin`` as flags: the kind of initial weights, or a model by name. None: as the settings say."""
    if begin in get_args(Begin):
        return {"pretrain__initial_weights": begin, "pretrain__initial_model": NO_MODEL}
    return {"pretrain__initial_model": begin}


def _settings(store: Path | None, config: Path | None, **flags: Any) -> Settings:
    """The settings; ``flags`` are dotted names with ``__`` for the dot."""
    given = {name.replace("__", "."): value for name, value in flags.items()}
    return load_settings(config, {"store": store, **given})


def _newest(settings: Settings) -> str:
    return Store.open(settings.store).corpus_version("latest").name
