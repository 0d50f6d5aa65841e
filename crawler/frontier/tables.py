"""The tables of the crawl state, in SQLite or PostgreSQL."""

import sqlalchemy as sa

from crawler.frontier.numbers import PAGE, QUEUED

METADATA = sa.MetaData()

rounds = sa.Table(
    "rounds",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("started_at", sa.Float, nullable=False),  # the crawl's clock, seconds since 1970
    sa.Column("finished_at", sa.Float),
    sa.Column("waiting_since", sa.Float),  # since when all hosts with work rest
    sa.Column("words", sa.Text),  # digest of the operator's rules that were applied last
)

urls = sa.Table(
    "urls",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("url", sa.Text, nullable=False, unique=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("seed", sa.Text, nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False, default=PAGE),
    sa.Column("depth", sa.SmallInteger, nullable=False, default=0),
    sa.Column("hops", sa.SmallInteger, nullable=False, default=0),  # redirects in a row before it
    sa.Column("state", sa.SmallInteger, nullable=False, default=QUEUED),
    sa.Column("attempts", sa.SmallInteger, nullable=False, default=0),  # failed ones in this round
    sa.Column("round", sa.Integer, nullable=False, default=0),  # the last one that it was done in
    sa.Column("status", sa.SmallInteger),  # HTTP status of the last answer
    sa.Column("reason", sa.Text),  # why it was refused or failed
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    sa.Column("digest", sa.Text),  # of the decoded body, to see that nothing changed
    sa.Column("warc_digest", sa.Text),  # WARC-Payload-Digest of the last full record
    sa.Column("fetched_at", sa.Float),
    sa.Column("due_at", sa.Float),
    sa.Column("interval_days", sa.Float),
    sa.Column("unchanged", sa.Integer, nullable=False, default=0),  # visits in a row
    sa.Column("doubts", sa.SmallInteger, nullable=False, default=0, server_default="0"),  # visits in a row, soft/…
    sa.Column("rank", sa.Integer, nullable=False, default=600, server_default="600"),  # small: asked for early (due.py)
    sa.Column("text_digest", sa.BigInteger),  # of the visible text, to see that nothing changed for a reader
)
sa.Index(
    "urls_ranked",
    urls.c.host,
    urls.c.rank,
    urls.c.id,
    sqlite_where=urls.c.state == QUEUED,
    postgresql_where=urls.c.state == QUEUED,
)
FORMER_INDEXES = ("urls_queued",)
"""Of earlier versions: dropped when a state is opened."""

hosts = sa.Table(
    "hosts",
    METADATA,
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False, default=0, server_default="0"),  # in a row
    sa.Column("rest_until", sa.Float),  # the crawl's clock: broken, or it asked us to wait
    # 304 for changed pages; the database keeps the column's first name
    sa.Column("lies", sa.Boolean, key="false_304", nullable=False, default=False, server_default=sa.false()),
    sa.Column("state", sa.Text),  # unreachable, blocked or sick; null: as it should be
    sa.Column("why", sa.Text),  # what told so
    sa.Column("bad_runs", sa.Integer, nullable=False, default=0, server_default="0"),  # in a row that ended in it
    sa.Column("dates_right", sa.Integer, nullable=False, default=0, server_default="0"),  # lastmod of changed pages
    sa.Column("dates_wrong", sa.Integer, nullable=False, default=0, server_default="0"),  # of pages that had not
    sa.Column("owner", sa.Text),  # process that holds the host (PostgreSQL)
    sa.Column("held_until", sa.Float),  # the database's clock
)

robots = sa.Table(
    "robots",
    METADATA,
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("status", sa.SmallInteger, nullable=False),
    sa.Column("fetched_at", sa.Float, nullable=False),  # the crawl's clock
    sa.Column("body", sa.LargeBinary, nullable=False),  # zlib; used while a newer one cannot be fetched (RFC 9309, 2.4)
)

host_figures = sa.Table(
    "host_figures",
    METADATA,
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("answers", sa.Integer, nullable=False),  # since the first run
    sa.Column("octets", sa.BigInteger, nullable=False),  # of bodies over the wire
    sa.Column("latency", sa.Float, nullable=False),  # seconds from a request to its answer, a moving mean
    sa.Column("cycle", sa.Float, nullable=False),  # seconds from a request to the next
    sa.Column("last_at", sa.Float, nullable=False),
    sa.Column("traps", sa.Text),  # JSON: links refused by each trap
)

adopted = sa.Table(
    "adopted",
    METADATA,
    sa.Column("host", sa.Text, primary_key=True),  # read only: a whole host, saved by earlier versions
    sa.Column("seed", sa.Text, nullable=False),
)

moves = sa.Table(
    "moves",
    METADATA,
    sa.Column("seed", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),  # host and path that the start URL redirects to
)
