"""The connection to a crawl state: SQLite tuned for it, or PostgreSQL."""

from typing import Any

import sqlalchemy as sa

from crawler.tables import METADATA
from data.errors import StoreError


def open_engine(dsn: str, *, to_write: bool = True) -> sa.Engine:
    """Connect to a crawl state, and make its tables where they are missing and are to be written.

    Raises:
        StoreError: the DSN leads nowhere.
    """
    try:
        engine = sa.create_engine(dsn)
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", _tune_sqlite)
        if to_write:
            _make_tables(engine)
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        shown = str(error).splitlines()[0] if str(error) else type(error).__name__
        where = sa.engine.make_url(dsn).render_as_string(hide_password=True) if "://" in dsn else dsn
        raise StoreError(f"{where}: the crawl state cannot be opened ({shown}). Check the path or the DSN.") from error
    return engine


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
