"""Records of a WARC file → rows of the ledger: files of permissions, licences, and what pages say of themselves."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urljoin

from cleaning.pages.warc import Record
from data.errors import InputError
from data.rights.files import READERS, ROBOTS_PATH, file_of
from data.rights.ledger import LICENCE_FILE, PAGE_FILE, host_key
from data.rights.rsl import is_rsl, rsl_signals
from data.rights.signals import Signal
from data.urls import canonical_url

_SAYS_NOTHING = frozenset({408, 425, 429})
"""Client errors that tell nothing of the file (as ``crawler.permissions.robots.UNSURE``)."""
_OK, _REDIRECT, _CLIENT_ERROR, _SERVER_ERROR = 200, 300, 400, 500


class RightsRows:
    """Reads the records in their order; a file of permissions that moved is known by its redirect."""

    def __init__(self, warc_file: str) -> None:
        self._warc_file = warc_file
        self._moved: dict[str, tuple[str, str]] = {}
        """Where a file of permissions was said to be → host and file."""

    def rows_of(self, record: Record, signals: Sequence[Signal]) -> Iterator[dict[str, Any]]:
        """The rows of a record; ``signals`` is what it says of its own page."""
        try:
            url = canonical_url(record.url)
        except InputError:
            return
        if record.forgotten is not None or record.refusal is not None or record.revisit is not None:
            return
        file = file_of(url)
        host = host_key(url)
        owners = {(host, file)} if file is not None else set()
        owners |= {self._moved[url]} if url in self._moved else set()
        if owners:
            for owner, of in sorted(owners):
                yield from self._of_file(record, url, owner, of)
        elif _is_success(record.answer.status) and is_rsl(record.answer.content_type, record.answer.body):
            signals = rsl_signals(record.answer.body, url) or [_nothing(LICENCE_FILE, "no licence that can be read")]
            yield from (self._row(record, host, LICENCE_FILE, signal, url) for signal in signals)
        else:
            yield from (self._row(record, host, PAGE_FILE, signal) for signal in signals)

    def _of_file(self, record: Record, url: str, host: str, file: str) -> Iterator[dict[str, Any]]:
        answer = record.answer
        status = answer.status if answer.status is not None else _OK
        if _REDIRECT <= status < _CLIENT_ERROR and (location := answer.headers.get("location")):
            try:
                self._moved[canonical_url(urljoin(url, location))] = host, file
            except (InputError, ValueError):
                return
        elif _CLIENT_ERROR <= status < _SERVER_ERROR and status not in _SAYS_NOTHING:
            yield self._row(record, host, file, _nothing(file, f"HTTP {status}"))
        elif _is_success(status):
            is_page = file != ROBOTS_PATH and "html" in answer.content_type
            signals = [] if is_page else READERS[file](answer.body)
            yield from (
                self._row(record, host, file, signal) for signal in signals or [_nothing(file, "nothing about copying")]
            )

    def _row(self, record: Record, host: str, file: str, signal: Signal, licence: str | None = None) -> dict[str, Any]:
        return {
            "host": host,
            "file": file,
            "licence_url": licence,
            "carrier": signal.carrier,
            "path": signal.path,
            "line": signal.line,
            "verdict": signal.verdict,
            "target": signal.target,
            "seen_at": record.fetched_at,
            "warc_file": self._warc_file,
            "warc_offset": record.offset,
        }


def _nothing(file: str, why: str) -> Signal:
    """A word about no path: it ends what an earlier statement said."""
    return Signal(file.rpartition("/")[2], f"({why})", "allowed", "")


def _is_success(status: int | None) -> bool:
    return status is None or _OK <= status < _REDIRECT
