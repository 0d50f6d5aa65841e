"""The permissions of hosts in the month of a crawl: robots.txt, tdmrep.json and ai.txt from Common Crawl."""

import functools
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin

from fastwarc.warc import ArchiveIterator, WarcRecordType

from crawler.permissions.robots import CLIENT_ERROR, OK, REDIRECT, Robots
from data.errors import InputError
from data.rights.files import AI_TXT_PATHS, READERS, ROBOTS_PATH, TDMREP_PATH, file_of
from data.rights.ledger import host_key
from data.rights.signals import Signal, reserving_signal
from data.urls import canonical_url

REASONS = {TDMREP_PATH: "rights/tdmrep", **dict.fromkeys(AI_TXT_PATHS, "rights/ai_txt")}
_PARSED = 256
"""Parsed files in the cache; rows of the index come host by host."""

_Said = tuple[datetime, int, bytes]
"""Fetch time, status and body of a file."""


class Permissions:
    """The permissions that apply to a page: of the last response before its fetch, or else of the first after it."""

    def __init__(self, said: Mapping[tuple[str, str], list[_Said]]) -> None:
        self._said = {key: sorted(answers) for key, answers in said.items()}
        self._robots = functools.lru_cache(_PARSED)(self._read_robots)
        self._words = functools.lru_cache(_PARSED)(self._read_words)

    @classmethod
    def of_files(cls, files: Iterable[Path]) -> "Permissions":
        """Read WARC files of permissions.

        Raises:
            InputError: one is damaged.
        """
        said: dict[tuple[str, str], list[_Said]] = defaultdict(list)
        for file in files:
            try:
                _take_file(file, said)
            except (OSError, ValueError) as error:
                raise InputError(f"{file}: damaged ({error}). Delete it and run the same command again.") from error
        return cls(said)

    def licences(self) -> set[str]:
        """The canonical addresses of the licences (RSL) that robots.txt files name."""
        found: set[str] = set()
        for (host, file), answers in self._said.items():
            if file == ROBOTS_PATH:
                for number in range(len(answers)):
                    found |= _addresses(self._robots(host, number).licences, f"https://{host}/")
        return found

    def refusal(self, url: str, when: datetime) -> str | None:
        """The reason why a page must not be fetched; None if it may. ``url`` is canonical."""
        host = host_key(url)
        number = self._current(host, ROBOTS_PATH, when)
        if number is not None:
            refused = self._robots(host, number).refusal(url)
            if refused is not None:
                return refused
        for file, reason in REASONS.items():
            number = self._current(host, file, when)
            if number is not None and reserving_signal(self._words(host, file, number), url) is not None:
                return reason
        return None

    def _current(self, host: str, file: str, when: datetime) -> int | None:
        """The number of the response that applies; responses without information count only if there are no others."""
        answers = self._said.get((host, file), [])
        telling = [number for number, (_, status, _) in enumerate(answers) if _tells(status)]
        telling = telling or [number for number, (_, status, _) in enumerate(answers) if not _moved(status)]
        if not telling:
            return None
        before = bisect_right(telling, when, key=lambda number: answers[number][0])
        return telling[max(before - 1, 0)]

    def _read_robots(self, host: str, number: int) -> Robots:
        when, status, body = self._said[host, ROBOTS_PATH][number]
        return Robots.read(status, body, when.timestamp())

    def _read_words(self, host: str, file: str, number: int) -> list[Signal]:
        _, status, body = self._said[host, file][number]
        return READERS[file](body) if OK <= status < REDIRECT else []


def _take_file(file: Path, said: dict[tuple[str, str], list[_Said]]) -> None:
    with file.open("rb") as opened:
        for record in ArchiveIterator(opened, record_types=WarcRecordType.response, parse_http=True, auto_decode="all"):
            try:
                url = canonical_url((record.headers.get("WARC-Target-URI") or "").strip("<>"))
            except InputError:
                continue
            path, http, when = file_of(url), record.http_headers, record.record_date
            if path is None or http is None or when is None:
                continue
            status = (http.status_line or "").split(" ")[1:2]
            is_page = path != ROBOTS_PATH and "html" in (http.get("Content-Type") or "").lower()
            if status and status[0].isdigit() and not is_page:
                said[host_key(url), path].append((when, int(status[0]), record.reader.read()))


def _tells(status: int) -> bool:
    return not Robots(status, 0.0).unreachable and not _moved(status)


def _moved(status: int) -> bool:
    """Whether a status is a redirect; its target has a response of its own."""
    return REDIRECT <= status < CLIENT_ERROR


def _addresses(targets: Iterable[str], base: str) -> set[str]:
    found = set()
    for target in targets:
        try:
            found.add(canonical_url(urljoin(base, target)))
        except (InputError, ValueError):
            continue
    return found
