"""The flows of ``prefect.yaml``: the chain of ``flows/chain.py`` with each stage as a Prefect task."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

from prefect import flow, task
from prefect.logging import get_run_logger

from data.progress import quiet
from flows.chain import build_corpus, build_model
from flows.settings import load_settings

P = ParamSpec("P")
R = TypeVar("R")


def as_task(stage: str, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run one stage as a Prefect task of its name; its inputs are settings, so nothing is cached or persisted."""
    logger = get_run_logger()
    as_named_task: Any = task(name=stage, task_run_name=stage, persist_result=False)
    result: R = as_named_task(function)(*args, **kwargs)
    logger.info("%s: %s", stage, result)
    return result


@flow(name="build-cowese", log_prints=False, validate_parameters=True)
def build_cowese(
    store: Path | None = None,
    config: Path | None = None,
    seeds: Path | None = None,
    proxy: str | None = None,
    contact: str | None = None,
    max_pages: int | None = None,
    revisit: Literal["due", "all"] = "due",
    as_of: datetime | None = None,
    pretrain: bool = False,  # noqa: FBT001, FBT002 - a flow's parameter, given by name
    preset: str | None = None,
    steps: int | None = None,
) -> str:
    """Crawl a round, clean it, publish a corpus version; with ``pretrain`` go on to the model.

    Args:
        store: The folder that holds everything; by default the settings' own.
        config: A TOML file of settings.
        seeds: A seed file or folder instead of the built-in list.
        proxy: HTTP proxy, as http://127.0.0.1:8900.
        contact: Address or page that a webmaster can write to; a real crawl needs it.
        max_pages: Stop after so many pages.
        revisit: Which known pages a new round asks for: those due, or all.
        as_of: The crawl's clock.
        pretrain: Go on to tokenizer, pretraining, evaluation and export.
        preset: Size of the model: tiny, mini, small, small++ or base.
        steps: Optimiser steps.

    Returns:
        The corpus version that is the newest now.
    """
    settings = load_settings(
        config,
        {
            "store": store,
            "crawl.seeds": seeds,
            "crawl.proxy": proxy,
            "crawl.contact": contact,
            "crawl.max_pages": max_pages,
            "pretrain.preset": preset,
            "pretrain.steps": steps,
        },
    )
    built = build_corpus(settings, revisit=revisit, as_of=as_of, run=as_task, progress=quiet)
    if pretrain:
        build_model(settings, run=as_task, progress=quiet)
    return built.publish.version
