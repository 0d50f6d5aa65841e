"""``cowese build``: the whole chain in this process, no server needed."""

from typing import Annotated

import typer

from flows.commands.crawl import ContactOption, MaxPagesOption, MaxPerHostOption, ProxyOption
from flows.commands.model import FromOption, PresetOption, StepsOption, show_evaluation
from flows.commands.options import (
    AsOfOption,
    ConfigOption,
    JsonOption,
    RevisitOption,
    SeedsOption,
    SetOption,
    StoreOption,
    read_date,
    read_settings,
    shown_progress,
)
from flows.console import out, show_summary


def build(
    store: StoreOption = None,
    seeds: SeedsOption = None,
    proxy: ProxyOption = None,
    contact: ContactOption = None,
    max_pages: MaxPagesOption = None,
    max_pages_per_host: MaxPerHostOption = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", help="crawl or common-crawl:CC-MAIN-2026-30; may be given again.  [crawl]"),
    ] = None,
    revisit: RevisitOption = "due",
    as_of: AsOfOption = None,
    preset: PresetOption = None,
    steps: StepsOption = None,
    origin: FromOption = None,
    train: Annotated[bool, typer.Option("--train/--no-train", help="Go on to the model.")] = True,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the whole chain, from the crawl to the exported model.

    Crawl, clean, deduplicate, publish; then fit a tokenizer, pretrain, evaluate and export. Run again, it goes on from
    what is finished, or starts the next round.

    Example: cowese build --contact me@example.org --no-train
    """
    from pydantic import BaseModel

    from flows.chain import build_corpus
    from flows.model_chain import Built, build_model

    settings = read_settings(
        config,
        store,
        assign,
        crawl__seeds=seeds,
        crawl__proxy=proxy,
        crawl__contact=contact,
        crawl__max_pages=max_pages,
        crawl__max_pages_per_host=max_pages_per_host,
        pretrain__preset=preset,
        pretrain__steps=steps,
        pretrain__initial_model=origin,
    )
    with shown_progress() as progress:
        corpus = build_corpus(
            settings, sources=source or ["crawl"], revisit=revisit, as_of=read_date(as_of), progress=progress
        )
        model = build_model(settings, progress=progress) if train else None
    built = Built(corpus=corpus, model=model)
    if as_json:
        typer.echo(built.model_dump_json(indent=1))
        return
    for part in (corpus, model):
        for stage, summary in part or ():
            if isinstance(summary, BaseModel):
                out().print()
                show_summary(summary, f"{stage}, {part.seconds[stage]} s" if part else stage)
    if model is not None:
        out().print()
        show_evaluation(model.evaluate)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(build)
