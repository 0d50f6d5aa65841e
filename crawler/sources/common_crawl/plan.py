"""Decides which records of the index are fetched, with the reason for each other one."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urljoin

import pyarrow as pa
import pyarrow.compute as pc

from crawler.permissions.operator_rules import OUT_OF_SCOPE, PAGE, TAKEDOWN, OperatorRules
from crawler.permissions.scope import bare_host
from crawler.sources.common_crawl.permissions import Permissions
from crawler.sources.left_out import LeftOut
from data.errors import InputError
from data.rights.files import READERS, ROBOTS_PATH, file_of
from data.seeds import Seed
from data.urls import canonical_url, document_id, host_of

KINDS = frozenset({"text/html", "application/xhtml+xml", "application/pdf"})
"""Media types that cleaning reads."""
OK, REDIRECT, CLIENT_ERROR = 200, 300, 400
_REMOVING = frozenset({301, 302, 303, 307, 308, 404, 410})
"""Statuses that end a page (``cleaning.corpus.live_pages``)."""
_UNSAID = frozenset({OUT_OF_SCOPE, TAKEDOWN, "kind/permissions", "kind/robots"})
"""Reasons that are counted but not listed: pages out of scope, and permission files."""
_PERMISSIONS = "|".join(rf"//[^/?#]+{re.escape(path)}$" for path in READERS)
_BATCH = 20_000


class PlannedRecord(NamedTuple):
    """A record of the index that will be fetched."""

    file: str
    offset: int
    length: int
    url: str
    """As the index has it."""
    seed: Seed | None
    truncated: str | None

    @property
    def place(self) -> str:
        """The record's origin (``crawler.sources.writer.Origin``)."""
        return f"{self.file} {self.offset}+{self.length}"


@dataclass(slots=True)
class Plan:
    """The records to fetch, and those left out."""

    records: list[PlannedRecord] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    reasons: list[LeftOut] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    """Without www."""

    def bytes(self) -> int:
        """Compressed bytes of all records."""
        return sum(one.length for one in self.records)


@dataclass(frozen=True, slots=True)
class RecordSelector:
    """Selects the records of an index by the operator's rules, date and language."""

    rules: OperatorRules
    since: datetime | None
    languages: frozenset[str]

    def rights(self, rows: pa.Table, licences: frozenset[str] = frozenset()) -> Plan:
        """The permission files among some rows, with all responses, and the named licences."""
        plan = Plan()
        if not licences:
            rows = rows.filter(pc.match_substring_regex(rows["url"], _PERMISSIONS))
        for row in _dicts(rows):
            url = _canonical(row["url"])
            if url is None or self.rules.is_taken_down(url):
                continue
            host = host_of(url)
            is_ours = file_of(url) is not None and self.rules.scope.covers_host(host)
            if (is_ours and self.rules.refusal_of_all(host, "") is None) or url in licences:
                plan.records.append(_planned(row, self.rules.scope.seed_of(url)))
                plan.hosts.add(bare_host(host))
        plan.records.sort(key=_by_place)
        return plan

    def pages(self, rows: pa.Table, permissions: Permissions) -> Plan:
        """The pages and the answers that end pages: of each page the newest, and an end that is newer."""
        plan = Plan()
        newest: dict[tuple[str, bool], tuple[datetime, PlannedRecord]] = {}
        for row in _dicts(rows):
            url = _canonical(row["url"])
            reason = "kind/no_url" if url is None else self._refusal(row, url, permissions)
            if url is None or reason is not None:
                plan.left_out[reason or ""] += 1
                if url is not None and reason is not None and reason not in _UNSAID:
                    plan.reasons.append(LeftOut(document_id(url), url, reason, row["fetch_time"]))
                continue
            key = document_id(url), _is_page(row)
            found = row["fetch_time"], _planned(row, self.rules.scope.seed_of(url))
            if key in newest:
                plan.left_out["superseded"] += 1
                found = max(found, newest[key], key=lambda one: (one[0], one[1][:3]))
            newest[key] = found
        for (identity, is_page), (when, wanted) in newest.items():
            page = newest.get((identity, True))
            if is_page or page is None or page[0] <= when:
                plan.records.append(wanted)
                plan.hosts.add(bare_host(host_of(wanted.url)))
            else:
                plan.left_out["superseded"] += 1
        plan.records.sort(key=_by_place)
        return plan

    def _refusal(self, row: dict[str, Any], url: str, permissions: Permissions) -> str | None:
        """The reason why a record is left out; files of permissions were fetched before."""
        if file_of(url) is not None:
            return "kind/permissions" if file_of(url) != ROBOTS_PATH else "kind/robots"
        refused = self.rules.refusal(url, host_of(url), "", PAGE, 1)
        if refused is not None:
            return refused
        if self.since is not None and row["fetch_time"] < self.since:
            return "since"
        if _is_page(row):
            refused = self._refusal_of_kind(row)
        elif row["fetch_status"] not in _REMOVING:
            refused = f"http/{row['fetch_status']}"
        elif _leads_to_itself(row, url):
            refused = "redirect/same_page"
        return refused or permissions.refusal(url, row["fetch_time"])

    def _refusal_of_kind(self, row: dict[str, Any]) -> str | None:
        mime = row["content_mime_detected"] or ""
        if mime and mime not in KINDS:
            return f"kind/{mime.rpartition('/')[2].partition('+')[0][:40]}"
        seen = {one for one in (row["content_languages"] or "").split(",") if one}
        if self.languages and seen and not seen & self.languages:
            return f"language/{(row['content_languages'] or '').partition(',')[0]}"
        return None


def _dicts(rows: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in rows.to_batches(_BATCH):
        yield from batch.to_pylist()


def _canonical(url: str | None) -> str | None:
    try:
        return canonical_url(url or "")
    except InputError:
        return None


def _is_page(row: dict[str, Any]) -> bool:
    status = row["fetch_status"]
    return status is None or OK <= status < REDIRECT


def _leads_to_itself(row: dict[str, Any], url: str) -> bool:
    """Whether a redirect leads to another spelling of its address: http to https, to www."""
    target = row["fetch_redirect"]
    if target is None or row["fetch_status"] >= CLIENT_ERROR:
        return False
    try:
        return document_id(canonical_url(urljoin(url, target))) == document_id(url)
    except (InputError, ValueError):
        return False


def _by_place(one: PlannedRecord) -> tuple[str, int, int]:
    return one[:3]


def _planned(row: dict[str, Any], seed: Seed | None) -> PlannedRecord:
    return PlannedRecord(
        row["warc_filename"],
        row["warc_record_offset"],
        row["warc_record_length"],
        row["url"],
        seed,
        row["content_truncated"],
    )
