"""The commands of the model: tokenizer, pack, pretrain, evaluate, export, report."""

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import InputError
from data.store import Store
from flows.artifacts import find_artifact, find_corpus
from flows.commands.options import (
    ConfigOption,
    JsonOption,
    SetOption,
    StoreOption,
    existing_store,
    read_settings,
    show,
    shown_progress,
)
from flows.console import show_comparison

if TYPE_CHECKING:
    from training.results.evaluate import EvaluationSummary

CorpusOption = Annotated[
    str, typer.Option("--corpus", help="A corpus version, or any Parquet file or folder with a text column.")
]
TokenizerOption = Annotated[str | None, typer.Option("--tokenizer", help="Name in the store or folder.  [the newest]")]
TokensOption = Annotated[str | None, typer.Option("--tokens", help="Name in the store or folder.  [the newest]")]
RunOption = Annotated[str | None, typer.Option("--run", help="Name in the store or folder.  [the newest]")]
StepOption = Annotated[int | None, typer.Option("--step", min=1, help="A kept checkpoint's step.  [the newest]")]
NameOption = Annotated[str | None, typer.Option("--name", help="Name of what is made.  [from its inputs]")]
PresetOption = Annotated[str | None, typer.Option("--preset", help="tiny, mini, small, small++ or base.")]
FromOption = Annotated[
    str | None,
    typer.Option("--from", help="A run, model, folder or hub name to go on from, or latest.  [first weights]"),
]
StepsOption = Annotated[int | None, typer.Option("--steps", min=1, help="Optimiser steps.")]
VocabularyOption = Annotated[int | None, typer.Option("--vocab-size", min=1, help="Entries, special ones included.")]


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


def checked_name(name: str | None, option: str = "--name") -> str | None:
    """Check a name from an option: it must be valid as a folder's name.

    Raises:
        InputError: it has other characters.
    """
    if name is not None and not _NAME.fullmatch(name):
        raise InputError(f"{option} {name!r}: use letters, digits and . _ + - only, beginning with a letter or digit.")
    return name


@contextlib.contextmanager
def lock_stage_once(store: Store, stage: str) -> Iterator[bool]:
    """Hold a stage lock once for all processes of torchrun; whether this is the first of them."""
    from training.runs.distributed import is_first_process

    if not is_first_process():
        yield False
        return
    with store.exclusive(stage):
        yield True


def tokenizer(
    corpus: CorpusOption = "latest",
    vocab_size: VocabularyOption = None,
    name: NameOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit a cased WordPiece tokenizer that keeps accents.

    Example: cowese tokenizer --corpus latest --vocab-size 31002
    """
    from training.tokens.tokenizer import fit_tokenizer

    settings = read_settings(config, store, assign, tokenizer__vocab_size=vocab_size)
    opened = Store.open(settings.store)
    with opened.exclusive("tokenizer"), shown_progress() as progress:
        summary = fit_tokenizer(
            opened,
            settings.tokenizer,
            corpus=find_corpus(opened, corpus),
            name=checked_name(name),
            engine=settings.engine,
            progress=progress,
        )
    show(summary, "tokenizer", as_json=as_json)


def pack(
    corpus: CorpusOption = "latest",
    tokenizer: TokenizerOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn a corpus into a stream of token ids.

    Example: cowese pack --corpus v0002
    """
    from training.tokens.pack import pack as pack_corpus

    settings = read_settings(config, store, assign)
    opened = Store.open(settings.store)
    chosen = find_artifact(opened.tokenizers, tokenizer, "cowese tokenizer")
    with opened.exclusive("pack"), shown_progress() as progress:
        summary = pack_corpus(
            opened,
            settings.pack,
            corpus=find_corpus(opened, corpus),
            tokenizer=chosen,
            engine=settings.engine,
            progress=progress,
        )
    show(summary, "pack", as_json=as_json)


def pretrain(
    tokens: TokensOption = None,
    preset: PresetOption = None,
    steps: StepsOption = None,
    origin: FromOption = None,
    name: NameOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pretrain ELECTRA, or go on from its last checkpoint.

    With --from another model's weights are the first ones, whatever its tokenizer: last month's go on with this
    month's text.

    Example: cowese pretrain --preset small --steps 1000000
    """
    from training.runs.pretrain import pretrain as pretrain_run

    settings = read_settings(
        config, store, assign, pretrain__preset=preset, pretrain__steps=steps, pretrain__initial_model=origin
    )
    opened = Store.open(settings.store)
    chosen = find_artifact(opened.tokens, tokens, "cowese pack")
    with lock_stage_once(opened, "pretrain") as is_first, shown_progress() as progress:
        summary = pretrain_run(opened, settings.pretrain, tokens=chosen, name=checked_name(name), progress=progress)
    if is_first:
        show(summary, "pretrain", as_json=as_json)


def evaluate(
    run: RunOption = None,
    tokens: Annotated[str | None, typer.Option("--tokens", help="Held-out tokens.  [those of the run]")] = None,
    split: Annotated[str, typer.Option(help="validation or test.")] = "validation",
    step: StepOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a run on held-out text, beside BIOMEDTRA's card.

    The figures follow the definitions of the card.

    Example: cowese evaluate --split test
    """
    from training.results.evaluate import evaluate as evaluate_run

    settings = read_settings(config, store, assign)
    opened = Store.open(settings.store)
    chosen = find_artifact(opened.runs, run, "cowese pretrain")
    held_out = find_artifact(opened.tokens, tokens, "cowese pack") if tokens else None
    with lock_stage_once(opened, "evaluate") as is_first, shown_progress() as progress:
        summary = evaluate_run(
            opened, settings.evaluate, run=chosen, tokens=held_out, split=split, step=step, progress=progress
        )
    if not is_first:
        return
    if as_json:
        show(summary, "evaluate", as_json=True)
    else:
        show_evaluation(summary)


def export(
    run: RunOption = None,
    name: NameOption = None,
    step: StepOption = None,
    onnx: Annotated[bool, typer.Option("--onnx", help="Write the discriminator as ONNX too.")] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a run as two Hugging Face folders with their cards.

    One is the discriminator, one the generator.

    Example: cowese export --name biomedtra-small
    """
    from training.results.export import export as export_run

    settings = read_settings(config, store, assign)
    opened = Store.open(settings.store)
    chosen = find_artifact(opened.runs, run, "cowese pretrain")
    with opened.exclusive("export"), shown_progress() as progress:
        summary = export_run(
            opened,
            run=chosen,
            name=checked_name(name),
            step=step,
            onnx=onnx,
            licence=settings.export.licence,
            progress=progress,
        )
    show(summary, "export", as_json=as_json)


def show_evaluation(summary: "EvaluationSummary") -> None:
    """Show the run beside BIOMEDTRA's card, by the card's definitions, then the other figures.

    The generator's nats stand beside those of counts, the discriminator's beside the prior: what knowing the rate of
    replaced tokens alone costs.
    """
    from training.tokens.known import RUN

    title = f"{summary.run}, step {summary.step:,}, on {summary.tokens:,} tokens of {summary.split}"
    card = {
        "this run": summary.discriminator,
        "BIOMEDTRA-small's card": summary.published,
        "all original": summary.all_original,
    }
    show_comparison(title, card)
    show_comparison("\nexact", {"words only": summary.content, "frozen corruption": summary.frozen})
    counts = {f"counts: {name.replace('_', ' ')}": {"hidden_loss": nats} for name, nats in summary.counts.items()}
    show_comparison("\ngenerator, and counts of the training text", {"this run": summary.generator, **counts})
    if summary.replaced_tokens:
        show_comparison("\ndiscriminator, nats a token", {"this run": summary.replaced_tokens})
    if summary.known is not None:
        typer.echo(
            f"\n{summary.known:.1%} of these tokens stand in runs of {RUN} tokens that the training text has too."
        )


def report(
    run: RunOption = None,
    version: Annotated[str | None, typer.Option("--version", help="A corpus version instead of a run.")] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
) -> None:
    """Draw a run, or a corpus version, as one HTML page.

    Prints where the page is.

    Example: cowese report --run biomedtra-small
    """
    from training.results.report import write_report

    opened = existing_store(config, store)
    if version is not None and run is not None:
        raise InputError("--run and --version name two pages: give one of them.")
    if version is not None:
        typer.echo(opened.corpus_version(version) / "report.html")
        return
    typer.echo(write_report(find_artifact(opened.runs, run, "cowese pretrain")))


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (tokenizer, pack, pretrain, evaluate, export, report):
        app.command()(command)
