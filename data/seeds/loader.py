"""Read start URLs from TSV files and check every field of every line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from data.errors import InputError

SEED_FOLDER = Path(__file__).parent
"""The list that comes with the project."""

COLUMNS = ("url", "name", "country", "category", "scope")

CATEGORIES = (
    "ministry",
    "health-service",
    "society",
    "college",
    "hospital",
    "research",
    "university",
    "journal",
    "association",
    "pharma",
    "insurer",
    "portal",
    "media",
    "other",
)
"""By rank: the keeper of a duplicate cluster is the page of the first category, so that the issuer of a text comes
before those who repeat it."""

Scope = Literal["host", "prefix"]

_COUNTRY = re.compile(r"(?:[A-Z]{2}|INT)?")


@dataclass(frozen=True, slots=True)
class Seed:
    """One start URL."""

    url: str
    """As curated; the crawler uses its canonical form."""
    name: str
    country: str
    """ISO 3166 alpha-2, ``INT`` for international bodies, empty where unknown."""
    category: str
    scope: Scope
    """``host``: the whole host. ``prefix``: only URLs that begin with ``url``, as a string."""


def load_seeds(path: Path | None = None) -> list[Seed]:
    """Load one TSV file, or every one in a folder; without a path, the list that comes with the project.

    Raises:
        InputError: no such file, no seeds in it, or a malformed line (named with its file, line and field).
    """
    path = path or SEED_FOLDER
    files = sorted(path.glob("*.tsv")) if path.is_dir() else [path]
    seeds = [seed for file in files for seed in _read(file)]
    if not seeds:
        raise InputError(f"{path}: no start URLs in it. A seed file is a TSV with the columns {', '.join(COLUMNS)}.")
    first: dict[str, Seed] = {}
    for seed in seeds:
        if seed.url in first:
            raise InputError(f"{path}: field url: {seed.url} is listed twice. Delete one of the two lines.")
        first[seed.url] = seed
    return seeds


def _read(path: Path) -> Iterator[Seed]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such seed file. `cowese seeds` shows the built-in list.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start}). Save the seed file as UTF-8.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from error
    if not lines or tuple(lines[0].split("\t")) != COLUMNS:
        raise InputError(f"{path}, line 1: the header must be the tab-separated columns {', '.join(COLUMNS)}.")
    for number, line in enumerate(lines[1:], start=2):
        if line.strip():
            yield _parse(line, f"{path}, line {number}")


def _parse(line: str, place: str) -> Seed:
    fields = line.split("\t")
    if len(fields) != len(COLUMNS):
        raise InputError(f"{place}: {len(fields)} fields where {len(COLUMNS)} are due ({', '.join(COLUMNS)}).")
    url, name, country, category, scope = (field.strip() for field in fields)
    if not _is_web_address(url):
        raise InputError(f"{place}, field url: {url!r} is not an http or https URL with a host.")
    if not name:
        raise InputError(f"{place}, field name: empty. Give the body's name.")
    if not _COUNTRY.fullmatch(country):
        raise InputError(f"{place}, field country: {country!r} is not a two-letter code, INT or empty.")
    if category not in CATEGORIES:
        raise InputError(f"{place}, field category: {category!r} is none of {', '.join(CATEGORIES)}.")
    if scope not in ("host", "prefix"):
        raise InputError(f"{place}, field scope: {scope!r} is neither host nor prefix.")
    return Seed(url, name, country, category, cast("Scope", scope))


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(c.isspace() for c in url)
