"""What was taken down: URLs and hosts that no crawl fetches and no version holds again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from data.errors import InputError
from data.files import write_text
from data.store import Store
from data.urls import canonical_url, document_id, host_of

_HEADER = "target\tdate\n"
_NO_HOST = frozenset("@?#:/")
"""What an address of mail, a page or a port has and a host's name has not."""
PATIENCE = 60.0
"""Seconds to wait for another process that writes the list."""


@dataclass(slots=True)
class Takedowns:
    """The list in ``store/takedowns.tsv``: one URL or host a line, with its date."""

    store: Store
    targets: dict[str, str] = field(default_factory=dict)
    """Each with its date."""
    _of_host: dict[str, list[str]] = field(default_factory=dict)
    _of_id: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, store: Store) -> "Takedowns":
        """Read the list; empty where there is none yet.

        Raises:
            InputError: a line that names neither a URL nor a host: nothing may be published past it.
        """
        takedowns = cls(store)
        takedowns._read()
        return takedowns

    def only(self, targets: Iterable[str]) -> "Takedowns":
        """As if the list had these alone."""
        takedowns = Takedowns(self.store)
        for target in targets:
            takedowns._take(target, self.targets.get(target, ""))
        return takedowns

    def add(self, targets: Iterable[str], day: date) -> list[str]:
        """Take URLs and hosts down, all or none; those in their one form that were not before.

        Raises:
            InputError: one is neither a URL nor a host name.
            DiskFullError, StoreError: the list cannot be written; it stays as it was.
        """
        forms = dict.fromkeys(map(read_target, targets))
        if not forms.keys() - self.targets.keys():
            return []
        with self.store.exclusive("takedown", PATIENCE):
            self._read()  # another process may have written it since
            new = [form for form in forms if form not in self.targets]
            listed = self.targets | dict.fromkeys(new, day.isoformat())
            lines = sorted(f"{one}\t{when}\n" for one, when in listed.items())
            write_text(self.store.takedowns, _HEADER + "".join(lines))
        for form in new:
            self._take(form, day.isoformat())
        return new

    def covers(self, url: str) -> bool:
        """Whether a canonical URL is taken down, itself or with its host."""
        return bool(self.targets) and next(self.covering(url), None) is not None

    def covering(self, url: str) -> Iterator[str]:
        """The targets under which a canonical URL is taken down; the URL itself before its host."""
        yield from self._of_id.get(document_id(url), ())
        host = host_of(url)
        while host:
            yield from self._of_host.get(host, ())
            host = host.partition(".")[2]

    def _read(self) -> None:
        path = self.store.takedowns
        if not path.is_file():
            return
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not UTF-8 (byte {error.start:,}). Save it as UTF-8.") from error
        for number, line in enumerate(lines, 1):
            target, _, day = line.partition("\t")
            if line.strip() and line.rstrip() != _HEADER.rstrip():
                self._take(read_target(target, f"{path}:{number}: "), day)

    def _take(self, target: str, day: str) -> None:
        if target in self.targets:
            return
        self.targets[target] = day
        if "://" in target:
            self._of_id.setdefault(document_id(target), []).append(target)
        else:
            self._of_host.setdefault(target.removeprefix("www."), []).append(target)


def read_target(text: str, place: str = "") -> str:
    """A URL or a host in the one form that stands in the list; ``place`` is where it was read, for the message.

    Raises:
        InputError: it is neither.
    """
    target = text.strip()
    try:
        if "://" in target:
            return canonical_url(target)
        host = "" if _NO_HOST.intersection(target) else host_of(canonical_url(f"http://{target}/"))
    except InputError:
        host = ""
    if "." not in host:
        raise InputError(f"{place}{target!r}: neither a URL nor a host name. Write https://host/page or host.")
    return host
