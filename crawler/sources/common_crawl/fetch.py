"""Fetches records of Common Crawl's WARC files. Neighbouring ones share a request; each gzip member is copied as is."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from crawler.sources.common_crawl.plan import PlannedRecord
from crawler.sources.member import Member, NotARecordError
from crawler.sources.remote import NotThereError, Remote
from crawler.sources.settings import CommonCrawlSettings
from crawler.sources.writer import Origin, SourceWriter

TRUNCATED = "WARC-Truncated"
DOUBT = "CoWeSe-Doubt"
"""Field of the metadata record: what is inconsistent in the record, as ``digest``."""
_AHEAD = 2
"""Fetched requests that wait to be written, for each one in flight."""


@dataclass(slots=True)
class Fetched:
    """The result for some records."""

    records: int = 0
    groups: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """truncated, doubtful."""
    wrong: list[str] = field(default_factory=list)
    """Records that are not where the index says, with the reason."""


Group = list[PlannedRecord]


def groups_of(records: Sequence[PlannedRecord], settings: CommonCrawlSettings) -> Iterator[Group]:
    """Group records that one request fetches; ``records`` are sorted by file and offset."""
    group: Group = []
    for one in records:
        if group and not _belongs(group, one, settings):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _belongs(group: Group, one: PlannedRecord, settings: CommonCrawlSettings) -> bool:
    gap = one.offset - group[-1].offset - group[-1].length
    whole = one.offset + one.length - group[0].offset
    return one.file == group[0].file and 0 <= gap <= settings.merge_gap and whole <= settings.merge_max_bytes


def fetch(
    remote: Remote,
    records: Sequence[PlannedRecord],
    writer: SourceWriter,
    settings: CommonCrawlSettings,
    on_progress: Callable[[Fetched], None],
) -> Fetched:
    """Fetch and append records; each group is flushed before the next, so that a kill loses one group at most.

    Raises:
        StageError: a request failed too often.
        StoreError: the folder cannot be written.
    """
    done = Fetched()
    waiting: deque[tuple[Group, Future[list[bytes | str]]]] = deque()
    with ThreadPoolExecutor(settings.concurrency, "records") as pool:
        try:
            for group in groups_of(records, settings):
                waiting.append((group, pool.submit(_ask, remote, group)))
                if len(waiting) >= settings.concurrency * _AHEAD:
                    _take(*waiting.popleft(), writer, done, on_progress)
            while waiting:
                _take(*waiting.popleft(), writer, done, on_progress)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return done


def _ask(remote: Remote, group: Group) -> list[bytes | str]:
    """The members of a group; for a missing one, the reason."""
    first, last = group[0], group[-1]
    try:
        content = remote.span(first.file, first.offset, last.offset + last.length - first.offset)
    except NotThereError as error:
        return [str(error)] if len(group) == 1 else [member for one in group for member in _ask(remote, [one])]
    return [content[one.offset - first.offset :][: one.length] for one in group]


def _take(
    group: Group,
    asked: "Future[list[bytes | str]]",
    writer: SourceWriter,
    done: Fetched,
    on_progress: Callable[[Fetched], None],
) -> None:
    for wanted, content in zip(group, asked.result(), strict=True):
        try:
            member = _checked(wanted, content)
        except NotARecordError as error:
            done.wrong.append(f"{wanted.place}: {error}")
            continue
        fields = {}
        if wanted.truncated or member.truncated:
            fields[TRUNCATED] = wanted.truncated or member.truncated or ""
            done.counts["truncated"] += 1
        if member.digest is not None and member.digest != member.payload_digest:
            fields[DOUBT] = "digest"
            done.counts["doubtful"] += 1
        writer.copy(member, Origin(wanted.place, wanted.seed, fields))
        done.records += 1
    writer.flush()
    done.groups += 1
    on_progress(done)


def _checked(wanted: PlannedRecord, content: bytes | str) -> Member:
    """Parse a member and check that it is the record of the index.

    Raises:
        NotARecordError: it is not.
    """
    if isinstance(content, str):
        raise NotARecordError(content)
    member = Member.read(content)
    if member.url != wanted.url:
        raise NotARecordError(f"the record of {member.url[:200]} is there, not that of {wanted.url[:200]}")
    return member
