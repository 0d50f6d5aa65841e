"""The commands that remove pages from everything in a store, and prove it: forget, audit."""

from collections.abc import Iterator, Sequence
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
    from cleaning.forgetting.audit import Audit
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

    WARC records are blanked. Texts, documents and versions are written again, tokens packed again, models marked. A
    signed receipt says so. `cowese forget --yes` continues an interrupted run. Where the audit found other pages with
    such texts, naming these extends the forgetting.

    Example: cowese forget https://www.example.org/page --yes
    """
    from flows.forgetting.forget import carry_out, lock_every_stage, prepare
    from flows.forgetting.plan import Plan

    asked = read_targets(targets, file)
    settings = read_settings(config, store, assign)
    opened = Store.open_for_reading(settings.store)
    with lock_every_stage(opened), shown_progress() as progress:
        plan = Plan.unfinished(opened)
        if plan is None and not asked:
            raise InputError("nothing to forget. Name URLs, patterns or hosts, or a --file with one a line.")
        if plan is None or asked:
            plan = prepare(
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
        for folder, reason in plan.not_packed.items():
            typer.echo(f"{folder}: deleted and not packed again ({reason}); `cowese pack` makes new ones.")
        typer.echo(f"forgotten; receipt: {opened.forgotten / plan.receipt / 'receipt.json'}")


def audit(
    url: Annotated[str | None, typer.Option("--url", help="Is this page among what was forgotten?")] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove that what was forgotten is in no file of the store.

    Every file is read and searched for runs of 13 words of it. Ends with exit code 1 where something is found, or where
    a file cannot be searched.

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
        for line in _verdict(done):
            typer.echo(line)
    if not done.is_clean:
        raise typer.Exit(1)


def _verdict(done: "Audit") -> Iterator[str]:
    """What an audit proves, and what it does not."""
    if done.hits:
        yield f"found: {len(done.hits):,} files still hold what was forgotten."
    if done.not_searched:
        yield f"not searched: {len(done.not_searched):,} files; unpack or delete them, then run it again."
    if done.is_clean:
        yield "clean: every file was searched, and none holds a run of what was forgotten."
    for receipt, pages in done.unproved.items():
        yield f"{receipt}: for {pages:,} pages this proves nothing: they have no run of 13 words of their own."


def _inventory(plan: "Plan") -> list[str]:
    """The places that hold the pages, and what happens to each."""
    records = sum(map(len, plan.blanks.values()))
    lines = [
        f"pages: {len(plan.urls):,}",
        f"WARC records to be blanked: {records:,} in {len(plan.blanks):,} files",
        f"WARC files whose texts and documents are written again: {len(plan.records):,}",
        *(f"  {rows:,} rows of texts under {recipe}" for recipe, rows in sorted(plan.text_rows.items())),
        *(
            f"  {rows:,} rows of documents and dropped pages under {recipe}"
            for recipe, rows in sorted(plan.pair_rows.items())
        ),
        "versions that are written again: "
        + (", ".join(f"{name} ({rows:,} rows)" for name, rows in plan.versions.items()) or "none"),
        f"memories that are deleted and computed again: {', '.join(plan.memories) or 'none'}",
        f"packed tokens that are deleted and packed again: {', '.join(plan.deleted) or 'none'}",
        f"made from these texts, to be marked: {', '.join(plan.marked) or 'none'}",
        f"runs of 13 words: {plan.runs:,} of these texts alone, {plan.shared_runs:,} that other pages have too",
    ]
    if plan.without_runs:
        lines.append(f"pages without a run of their own, for which an audit proves nothing: {plan.without_runs:,}")
    if plan.by_hand:
        lines.append(f"files that hold such texts and that you must delete by hand: {len(plan.by_hand):,}")
        lines += _some(plan.by_hand)
    if plan.not_searched:
        lines.append(f"files that cannot be searched; unpack or delete them: {len(plan.not_searched):,}")
        lines += _some([f"{name} ({reason})" for name, reason in plan.not_searched.items()])
    for what, urls in (("hold at least half of such a text", plan.copies), ("hold an excerpt", plan.excerpts)):
        if urls:
            lines.append(f"other pages that {what}, and keep it: {len(urls):,}")
            lines += _some(urls)
    return lines


def _some(names: Sequence[str]) -> list[str]:
    more = [f"  and {len(names) - _SHOWN:,} more"] if len(names) > _SHOWN else []
    return [f"  {name}" for name in names[:_SHOWN]] + more


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(forget)
    app.command()(audit)
