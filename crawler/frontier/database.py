"""The connection to a crawl state: SQLite tuned for it, or PostgreSQL."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from crawler.frontier.tables import FORMER_INDEXES, METADATA
from data.errors import StoreError

_LOCKS = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(20201)"}
"""The statement that takes a lock until the transaction ends. Without it two processes that open a new state at the
same moment both try to create its tables, and one of them fails."""
PATIENCE = 10.0
"""Seconds to wait for another process that locks a new SQLite file."""


def open_engine(dsn: str, *, to_write: bool = True) -> sa.Engine:
    """Connect to a crawl state; with ``to_write`` missing tables are created.

    Raises:
        StoreError: the DSN cannot be opened.
    """
    try:
        url = sa.make_url(dsn) if to_write else _readable(sa.make_url(dsn))
        engine = sa.create_engine(url)
        if engine.dialect.name == "sqlite" and "mode" not in url.query:
            sa.event.listen(engine, "connect", _tune_sqlite)
        if to_write or engine.url.database is None:
            _make_tables(engine)
        if to_write or url.query.get("mode") != "ro":
            _add_columns(engine)
            _renew_indexes(engine)
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        shown = str(error).splitlines()[0] if str(error) else type(error).__name__
        where = sa.engine.make_url(dsn).render_as_string(hide_password=True) if "://" in dsn else dsn
        raise StoreError(f"{where}: the crawl state cannot be opened ({shown}). Check the path or the DSN.") from error
    return engine


def _readable(url: sa.URL) -> sa.URL:
    """The URL that opens a SQLite file without write permission (https://sqlite.org/uri.html); other URLs unchanged.

    SQLite keeps two files beside a database with a write-ahead log and cannot create them here. If they do not exist,
    nobody has the database open, and it can be read as immutable.
    """
    if url.get_backend_name() != "sqlite" or not url.database:
        return url
    path = Path(url.database).absolute()
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return url  # a read-only connection would leave two files behind
    still = {} if path.with_name(f"{path.name}-wal").exists() else {"immutable": "1"}
    return sa.URL.create("sqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"} | still)


def _make_tables(engine: sa.Engine) -> None:
    """Create missing tables under a lock: another process may open the same state at this moment."""
    if set(sa.inspect(engine).get_table_names()) >= METADATA.tables.keys():
        return
    with engine.begin() as connection:
        connection.exec_driver_sql(_LOCKS.get(engine.dialect.name, "SELECT 1"))
        METADATA.create_all(connection)


def _add_columns(engine: sa.Engine) -> None:
    """Add columns that are newer than the state; every one is nullable or has a default."""
    missing = _missing_columns(engine)
    if not missing:
        return
    with engine.begin() as connection:
        connection.exec_driver_sql(_LOCKS.get(engine.dialect.name, "SELECT 1"))
        for column in _missing_columns(connection):  # another process may have added them
            words = str(sa.schema.CreateColumn(column).compile(dialect=engine.dialect))
            connection.exec_driver_sql(f"ALTER TABLE {column.table.name} ADD COLUMN {words}")


def _renew_indexes(engine: sa.Engine) -> None:
    """Create indexes that are newer than the state, drop the indexes of earlier versions."""
    inspector = sa.inspect(engine)
    if "urls" not in inspector.get_table_names():
        return
    there = {index["name"] for index in inspector.get_indexes("urls")}
    table = METADATA.tables["urls"]
    if there >= {index.name for index in table.indexes} and not there & set(FORMER_INDEXES):
        return
    with engine.begin() as connection:
        connection.exec_driver_sql(_LOCKS.get(engine.dialect.name, "SELECT 1"))
        for index in table.indexes:
            index.create(connection, checkfirst=True)
        for name in FORMER_INDEXES:
            connection.exec_driver_sql(f"DROP INDEX IF EXISTS {name}")


def _missing_columns(connection: sa.Engine | sa.Connection) -> list[sa.Column[Any]]:
    inspector = sa.inspect(connection)
    there = set(inspector.get_table_names())
    missing: list[sa.Column[Any]] = []
    for table in METADATA.sorted_tables:
        if table.name in there:
            known = {column["name"] for column in inspector.get_columns(table.name)}
            missing += [column for column in table.columns if column.name not in known]
    return missing


def _tune_sqlite(connection: Any, _: Any) -> None:
    """Use a write-ahead log. Without it readers (`cowese status`) and the crawl would block each other."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=60000")
    _log_ahead(cursor)
    for pragma in ("synchronous=NORMAL", "temp_store=MEMORY", "cache_size=-32768"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _log_ahead(cursor: Any) -> None:
    """Turn the write-ahead log on, with retries: SQLite's own timeout does not apply to this lock."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return
