"""The connection to a crawl state: SQLite tuned for it, or PostgreSQL."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from crawler.tables import METADATA
from data.errors import StoreError


def open_engine(dsn: str, *, to_write: bool = True) -> sa.Engine:
    """Connect to a crawl state; its tables are made where they are missing, unless it is only read.

    Raises:
        StoreError: the DSN leads nowhere.
    """
    try:
        url = sa.make_url(dsn)
        is_file = url.get_backend_name() == "sqlite" and bool(url.database)
        engine = sa.create_engine(url if to_write or not is_file else _only_read(Path(url.database or "")))
        if engine.dialect.name == "sqlite" and to_write:
            sa.event.listen(engine, "connect", _tune_sqlite)
        if to_write or engine.url.database is None:
            _make_tables(engine)
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        shown = str(error).splitlines()[0] if str(error) else type(error).__name__
        where = sa.engine.make_url(dsn).render_as_string(hide_password=True) if "://" in dsn else dsn
        raise StoreError(f"{where}: the crawl state cannot be opened ({shown}). Check the path or the DSN.") from error
    return engine


def _only_read(path: Path) -> sa.URL:
    """A SQLite file that is opened without the right to write it, by https://sqlite.org/uri.html.

    Beside a database with a write-ahead log SQLite makes two files. Where it may not, and no crawl has left them there,
    nobody can be writing the database either: it is read as immutable.
    """
    still = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    query = {"mode": "ro", "uri": "true"} | ({"immutable": "1"} if still else {})
    return sa.URL.create("sqlite", database=f"file:{quote(str(path.absolute()))}", query=query)


def _make_tables(engine: sa.Engine) -> None:
    try:
        METADATA.create_all(engine)
    except sa.exc.OperationalError:
        METADATA.create_all(engine)  # another process made a table between our look and our making


def _tune_sqlite(connection: Any, _: Any) -> None:
    """Write-ahead log: readers see a whole state while the crawl writes; a commit survives the process's death."""
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=60000",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "temp_store=MEMORY",
        "cache_size=-32768",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
