"""The commands that remove pages from everything in a store, and prove it: forget, audit."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import InputError
from data.store import Store
from flows.commands.options import (
    ConfigOption,
    JsonOption,
    SetOption,
    StoreOption,
    command_here,
    read_settings,
    shown_progress,
)
from flows.commands.targets import TargetsArgument, TargetsFileOption, read_targets
from flows.console import show_summary

if TYPE_CHECKING:
    from flows.forgetting.plan import Plan

_SHOWN = 10


def forget(
    targets: TargetsArgument = None,
    file: TargetsFileOption = None,
    copies: Annotated[
        bool, typer.Option("--copies", help="Other pages that hold at least half of such a text as well.")
    ] = False,
    foreign: Annotated[
        bool, typer.Option("--foreign", help="Blank records in WARC files of others too, where they lie.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it only what would be done is told.")] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take pages out of everything that the store holds, for good.

    WARC records are blanked. Texts, documents and versions are written again, packed tokens deleted, models marked. A
    signed receipt says so. `cowese forget --yes` continues an interrupted run.

    Example: cowese forget https://www.example.org/page --yes
    """
    from flows.forgetting.forget import carry_out, lock_every_stage, prepare
    from flows.forgetting.plan import Plan

    asked = read_targets(targets, file)
    settings = read_settings(config, store, assign)
    opened = Store.open_for_reading(settings.store)
    with lock_every_stage(opened), shown_progress() as progress:
        plan = Plan.unfinished(opened)
        if plan is not None and asked:
            raise InputError(
                f"receipt {plan.receipt} is not finished. First run `cowese forget --yes` without a target."
            )
        if plan is None and not asked:
            raise InputError("nothing to forget. Name URLs, patterns or hosts, or a --file with one a line.")
        plan = plan or prepare(
            opened,
            settings,
            asked,
            copies=copies,
            foreign=foreign,
            day=datetime.now(UTC).date(),
            keep=yes,
            progress=progress,
        )
        receipt = carry_out(opened, settings, plan, progress) if yes else None
    if as_json:
        typer.echo(receipt.model_dump_json(indent=1) if receipt else plan.model_dump_json(indent=1))
        return
    for line in _inventory(plan):
        typer.echo(line)
    if receipt is None:
        again = command_here(store, config, assign)("cowese forget … --yes")
        typer.echo(f"nothing was changed; to do it: {again}")
    else:
        typer.echo(f"forgotten; receipt: {opened.forgotten / plan.receipt / 'receipt.json'}")


def audit(
    url: Annotated[str | None, typer.Option("--url", help="Is this page among what was forgotten?")] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove that what was forgotten is in no file of the store.

    Every file is read and searched for runs of 13 words of it. Ends with exit code 1 where something is found.

    Example: cowese audit
    """
    from flows.forgetting.forget import audit as search
    from flows.forgetting.receipt import read_receipt, receipts

    opened = Store.open_for_reading(read_settings(config, store, None).store)
    if url is not None:
        found = [folder.name for folder in receipts(opened) if read_receipt(folder).holds(url)]
        typer.echo(f"forgotten under {', '.join(found)}" if found else "under no receipt")
        raise typer.Exit(0 if found else 1)
    with shown_progress() as progress:
        done = search(opened, progress)
    if as_json:
        typer.echo(done.model_dump_json(indent=1))
    else:
        show_summary(done, "audit")
    if not done.is_clean:
        raise typer.Exit(1)


def _inventory(plan: "Plan") -> list[str]:
    """The places that hold the pages, and what happens to each."""
    records = sum(map(len, plan.blanks.values()))
    lines = [
        f"pages: {len(plan.urls):,}",
        f"WARC records to be blanked: {records:,} in {len(plan.blanks):,} files",
        f"WARC files whose texts and documents are written again: {len(plan.records):,}",
        "versions that are written again: "
        + (", ".join(f"{name} ({rows:,} rows)" for name, rows in plan.versions.items()) or "none"),
        f"packed tokens that are deleted: {', '.join(plan.deleted) or 'none'}",
        f"made from these texts, to be marked: {', '.join(plan.marked) or 'none'}",
        f"runs of 13 words: {plan.runs:,} of these texts alone, {plan.shared_runs:,} that other pages have too",
    ]
    for what, urls in (("hold at least half of such a text", plan.copies), ("hold an excerpt", plan.excerpts)):
        if urls:
            lines.append(f"other pages that {what}, and keep it: {len(urls):,}")
            lines += [f"  {url}" for url in urls[:_SHOWN]]
            lines += [f"  and {len(urls) - _SHOWN:,} more"] if len(urls) > _SHOWN else []
    return lines


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(forget)
    app.command()(audit)
