"""``cowese seeds``: list, filter and check start URLs."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from data.errors import InputError
from data.seeds import Seed, load_seeds
from flows.commands.options import ConfigOption, JsonOption, SetOption, read_settings


def seeds(
    seeds: Annotated[Path | None, typer.Option(help="A seed file or folder.  [the built-in list]")] = None,
    country: Annotated[str | None, typer.Option(help="Only this country, as ES, or INT.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category, as hospital.")] = None,
    match: Annotated[str | None, typer.Option(help="Only where URL or name contain this.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say whether every line is well-formed.")] = False,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """List, filter and check start URLs.

    --check also holds the limits of single hosts and start URLs (crawl.per_host, crawl.per_seed) against the list.

    Example: cowese seeds --country CL --category hospital
    """
    if seeds is None and (config is not None or assign):
        seeds = read_settings(config, None, assign).crawl.seeds
    every = load_seeds(seeds)
    for name, value, known in (
        ("--country", country, {seed.country for seed in every}),
        ("--category", category, {seed.category for seed in every}),
    ):
        if value is not None and value not in known:
            raise InputError(
                f"{name} {value}: none of the {len(every)} seeds. Known: {', '.join(sorted(known - {''}))}."
            )
    chosen = [
        seed
        for seed in every
        if (country is None or seed.country == country)
        and (category is None or seed.category == category)
        and (match is None or match.lower() in f"{seed.url} {seed.name}".lower())
    ]
    if as_json:
        typer.echo(json.dumps([asdict(seed) for seed in chosen], ensure_ascii=False, indent=1))
        return
    if check:
        _check_overrides(every, config, assign)
    else:
        for seed in chosen:
            typer.echo(f"{seed.url}\t{seed.name}\t{seed.country}\t{seed.category}\t{seed.scope}")
    by_category = ", ".join(f"{name} {count:,}" for name, count in Counter(s.category for s in chosen).most_common())
    typer.echo(
        f"{len(chosen):,} of {len(every):,} start URLs, all well-formed ({by_category or 'none'})", err=not check
    )


def _check_overrides(every: list[Seed], config: Path | None, assign: list[str] | None) -> None:
    """Check that the limits in the settings name hosts and start URLs of the list.

    Raises:
        InputError: some do not; the message has a line for each.
    """
    from crawler.permissions.operator_rules import OperatorRules, unknown_overrides
    from crawler.permissions.scope import Scope

    settings = read_settings(config, None, assign).crawl
    wrong = unknown_overrides(OperatorRules(settings, Scope(every)), settings.per_host, settings.per_seed)
    if wrong:
        raise InputError("\n".join(f"setting crawl.{one}" for one in wrong))


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(seeds)
