"""What was taken down: URLs and hosts that no crawl fetches and no version holds again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from data.errors import InputError
from data.files import write_text
from data.store import Store
from data.urls import canonical_url, document_id, host_of

_HEADER = "target\tdate\n"


@dataclass(slots=True)
class Takedowns:
    """The list in ``store/takedowns.tsv``: one URL or host a line, with its date."""

    path: Path
    targets: dict[str, str] = field(default_factory=dict)
    _hosts: set[str] = field(default_factory=set)
    _ids: set[str] = field(default_factory=set)

    @classmethod
    def load(cls, store: Store) -> "Takedowns":
        """Read the list; empty where there is none yet.

        Raises:
            InputError: a line that names neither a URL nor a host: nothing may be published past it.
        """
        takedowns = cls(store.takedowns)
        if store.takedowns.is_file():
            for number, line in enumerate(store.takedowns.read_text(encoding="utf-8").splitlines(), 1):
                target, _, day = line.partition("\t")
                if line.strip() and line.rstrip() != _HEADER.rstrip():
                    takedowns._take(read_target(target, f"{store.takedowns}:{number}: "), day)
        return takedowns

    def add(self, targets: Iterable[str], day: date) -> list[str]:
        """Take URLs and hosts down, all or none; those in their one form that were not before.

        Raises:
            InputError: one is neither a URL nor a host name.
            DiskFullError, StoreError: the list cannot be written; it stays as it was.
        """
        forms = dict.fromkeys(map(read_target, targets))
        new = [form for form in forms if form not in self.targets]
        if new:
            listed = self.targets | dict.fromkeys(new, day.isoformat())
            write_text(self.path, _HEADER + "".join(sorted(f"{one}\t{when}\n" for one, when in listed.items())))
        for form in new:
            self._take(form, day.isoformat())
        return new

    def covers(self, url: str) -> bool:
        """Whether a canonical URL is taken down, itself or with its host."""
        if not self.targets:
            return False
        return document_id(url) in self._ids or any(_lies_at(url, one) for one in self._hosts)

    def covering(self, url: str) -> str | None:
        """The target under which a canonical URL is taken down; the URL itself before its host."""
        if not self.covers(url):
            return None
        alone = (one for one in self.targets if "://" in one and document_id(one) == document_id(url))
        hosts = (one for one in self.targets if "://" not in one and _lies_at(url, one))
        return next(alone, None) or next(hosts)

    def _take(self, target: str, day: str) -> None:
        self.targets[target] = day
        if "://" in target:
            self._ids.add(document_id(target))
        else:
            self._hosts.add(target.removeprefix("www."))


def _lies_at(url: str, target: str) -> bool:
    host, name = host_of(url), target.removeprefix("www.")
    return host == name or host.endswith(f".{name}")


def read_target(text: str, place: str = "") -> str:
    """A URL or a host in the one form that stands in the list; ``place`` is where it was read, for the message.

    Raises:
        InputError: it is neither.
    """
    target = text.strip()
    try:
        if "://" in target:
            return canonical_url(target)
        host = host_of(canonical_url(f"http://{target}/"))
    except InputError:
        host = ""
    if "." not in host or "/" in target:
        raise InputError(f"{place}{target!r}: neither a URL nor a host name. Write https://host/page or host.")
    return host
