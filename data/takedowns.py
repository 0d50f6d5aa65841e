"""What was taken down: URLs and hosts that no crawl fetches and no version holds again."""

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
        """Read the list; empty where there is none yet."""
        takedowns = cls(store.takedowns)
        if store.takedowns.is_file():
            for line in store.takedowns.read_text(encoding="utf-8").splitlines()[1:]:
                target, _, day = line.partition("\t")
                takedowns._take(target, day)
        return takedowns

    def add(self, target: str, day: date) -> bool:
        """Take a URL or a host down; say whether it was not before.

        Raises:
            InputError: neither a URL nor a host name.
        """
        form = canonical_url(target) if "://" in target else _host(target)
        if form in self.targets:
            return False
        self._take(form, day.isoformat())
        lines = sorted(f"{one}\t{when}\n" for one, when in self.targets.items())
        write_text(self.path, _HEADER + "".join(lines))
        return True

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


def _host(text: str) -> str:
    host = host_of(canonical_url(f"http://{text.strip()}/"))
    if "." not in host or "/" in text:
        raise InputError(f"{text!r}: neither a URL nor a host name. Write https://host/page or host.")
    return host
