"""``cowese browse``: the page on which a corpus is read, questioned and judged."""

from typing import Annotated

import typer

from flows.commands.options import (
    ConfigOption,
    JsonOption,
    SetOption,
    StoreOption,
    existing_store,
    read_settings,
    shown_progress,
)


def browse(
    version: Annotated[str, typer.Option("--version", help="The version that is shown first.")] = "latest",
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1; 0: a free one.  [4202]")
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
) -> None:
    """Read, question and judge a corpus on a local page.

    On 127.0.0.1, until Ctrl-C. The first time it builds an index beside the version.

    Example: cowese browse --store store
    """
    from browse.server import listening, serve
    from flows.browsing import library_of

    settings = read_settings(config, store, assign, browse__port=port)
    opened = existing_store(config, settings.store)
    library = library_of(opened, settings)
    with listening(settings.browse) as socket:
        if library.versions():
            with shown_progress() as progress:
                library.prepare(library.version(version), progress)
        serve(
            library,
            settings.browse,
            socket,
            lambda address: typer.echo(f"{opened.root} at {address}  (Ctrl-C ends it)"),
        )


def rules(
    version: Annotated[str, typer.Option("--version", help="A corpus version.")] = "latest",
    precision: Annotated[
        float, typer.Option("--precision", min=0.01, max=1.0, help="Share of a rule's drops that must not be good.")
    ] = 0.95,
    changes: Annotated[
        bool,
        typer.Option("--changes", help="Say instead what these settings would change of the version, and why."),
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the samples of --changes.")] = 1,
    store: StoreOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what each rule drops, how often wrongly, and more.

    Wrong drops as readers labelled them (`cowese browse`), with Wilson's interval; what other bounds would do, without
    cleaning again; bounds under which the stated share of drops is right.

    Example: cowese rules --precision 0.98; cowese rules --changes --set clean.min_chars=500
    """
    from browse.library import Library
    from browse.rules import RulesReport
    from browse.rules_page import report_of
    from browse.rules_words import rules_lines
    from browse.settings_page import changes_of
    from browse.settings_words import settings_lines

    settings = read_settings(config, store, assign)
    library = Library(existing_store(config, settings.store), settings.clean, lambda _: [])
    name = library.version(version)
    with shown_progress() as progress:
        index = library.prepare(name, progress)
        changed = changes_of(library, name, index, seed, progress) if changes else None
    report = changed or report_of(library, name, index, precision)
    if as_json:
        typer.echo(report.model_dump_json(indent=1))
        return
    for line in rules_lines(report) if isinstance(report, RulesReport) else settings_lines(report):
        typer.echo(line)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(browse)
    app.command()(rules)
