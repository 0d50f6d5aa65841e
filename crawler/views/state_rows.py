"""Rows of a few URLs in the crawl state, by Python's own SQLite where that can read them.

SQLAlchemy takes longer to load than all else of ``cowese why``. It is asked for PostgreSQL, and for a file of SQLite
that may not be written or that an older version left.
"""

import os
import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from data.errors import StoreError

_URLS = """SELECT urls.*, hosts.rest_until FROM urls LEFT JOIN hosts ON hosts.host = urls.host
WHERE urls.url IN ({}) ORDER BY urls.id"""
_HOSTS = "SELECT host FROM hosts WHERE host IN ({}) LIMIT 1"
_NEWEST_COLUMN = "SELECT text_digest FROM urls LIMIT 0"
"""A state with it has all others."""

Rows = list[Mapping[str, Any]]


def rows_of(state: Path | str, urls: Collection[str], hosts: Collection[str]) -> tuple[Rows, bool]:
    """The rows of some URLs, and whether a URL of these hosts was ever queued. A text is a DSN.

    Raises:
        StoreError: the state cannot be opened or read.
    """
    if isinstance(state, Path) and os.access(state, os.W_OK) and os.access(state.parent, os.W_OK):
        try:
            return _by_sqlite(state, urls, hosts)
        except sqlite3.Error:
            pass  # of an older version, or damaged: the other way mends it or says what is wrong
    return _by_sqlalchemy(state, urls, hosts)


def _by_sqlite(state: Path, urls: Collection[str], hosts: Collection[str]) -> tuple[Rows, bool]:
    with closing(sqlite3.connect(f"file:{quote(str(state.absolute()))}?mode=rw", timeout=60, uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute(_NEWEST_COLUMN)
        rows: Rows = [dict(row) for row in connection.execute(*_asked(_URLS, urls))]
        return rows, bool(rows) or connection.execute(*_asked(_HOSTS, hosts)).fetchone() is not None


def _by_sqlalchemy(state: Path | str, urls: Collection[str], hosts: Collection[str]) -> tuple[Rows, bool]:
    import sqlalchemy as sa  # noqa: PLC0415 - see above

    from crawler.frontier.database import open_engine  # noqa: PLC0415

    engine = open_engine(f"sqlite:///{state}" if isinstance(state, Path) else state, to_write=False)
    try:
        with engine.connect() as connection:
            found, values = _asked(_URLS, urls)
            rows: Rows = [dict(row) for row in connection.execute(sa.text(found), values).mappings()]
            known, values = _asked(_HOSTS, hosts)
            return rows, bool(rows) or connection.execute(sa.text(known), values).first() is not None
    except sa.exc.SQLAlchemyError as error:
        raise StoreError(f"{engine.url}: the crawl state cannot be read ({str(error).splitlines()[0]}).") from error
    finally:
        engine.dispose()


def _asked(question: str, values: Collection[str]) -> tuple[str, dict[str, str]]:
    """With named places, which both ways understand."""
    named = {f"one{number}": value for number, value in enumerate(values)}
    return question.format(", ".join(f":{name}" for name in named)), named
