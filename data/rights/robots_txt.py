"""Parses robots.txt (RFC 9309) into groups; reads the signals about training in them and between them."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from data.charset import decode
from data.rights.agents import TRAINING_AGENTS
from data.rights.preferences import signal_reserves, usage_reserves
from data.rights.signals import (
    AGENT,
    AI_TXT,
    DISALLOW,
    MAX_LINE,
    ROBOTS_LICENCE,
    SIGNAL,
    TOKEN,
    USAGE,
    Signal,
    Verdict,
)

MAX_BYTES = 512 << 10
"""Bytes that are read; the RFC asks for at least 500 KiB (2.5)."""
ANOTHER = "another-agent"
_INVISIBLE = {0xFEFF: None, 0x200B: None, 0xA0: " "}
"""Byte order marks (of files put together, one a part), zero-width spaces, no-break spaces."""

_AGENT = re.compile(
    r"[ \t]*user[ -]?agent(?:[ \t]*[:=]|[ \t]++(?![^:]*:(?!//)))[ \t]*((\*|[a-z_-]*)[^\s#]*)", re.IGNORECASE
)
"""A User-agent line. As in Protego the colon may be missing, unless a later colon makes it another field."""
_FIELD = re.compile(r"[ \t]*(allow|diss?allow|content-usage|content-signal|license)[ \t]*:[ \t]*([^#]*)", re.IGNORECASE)
_LICENCE = re.compile(r"[ \t]*license[ \t]*:[ \t]*(\S+)", re.IGNORECASE)
"""The address of a licence may hold a ``#``."""
Rule = tuple[str, str, str]
"""Field in lower case, value, the original line."""


@dataclass(slots=True)
class Groups:
    """The rules of a file by agent."""

    rules: dict[str, list[Rule]] = field(default_factory=lambda: defaultdict(list))
    """By the agent's name in lower case; rules before the first group are under the empty name and apply to all."""
    licences: list[Rule] = field(default_factory=list)
    """RSL lines apply to the whole file, wherever they are."""
    token: str = TOKEN
    renamed: list[str] = field(default_factory=list)
    """The file's lines with every agent replaced by ours, ``*`` or ``ANOTHER``."""

    @property
    def ours(self) -> Sequence[Rule]:
        """The rules for us: those of our own groups or, if there are none, of ``*``."""
        return self.rules.get("", []) + (
            self.rules[self.token] if self.token in self.rules else self.rules.get("*", [])
        )


def groups_of(text: str, token: str = TOKEN) -> Groups:
    """Parse a file for an agent with this product token.

    By the RFC (2.2.1) ``cowese/1.0`` means us and ``co`` does not; groups of one agent are one group.
    """
    found = Groups(token=token)
    agents: set[str] = {""}
    in_names = False
    for line in text.splitlines():
        name = _AGENT.match(line)
        if name is not None:
            product = name[2].lower()
            called = product if product in (token, "*") else name[1].lower()
            agents = agents | {called} if in_names else {called}
            found.rules.setdefault(called, [])
            found.renamed.append(f"User-agent: {called if called in (TOKEN, '*') else ANOTHER}")
            in_names = True
            continue
        found.renamed.append(line)
        if line.strip() and not line.lstrip().startswith("#"):
            in_names = False
        if (licence := _LICENCE.match(line)) is not None:
            found.licences.append(("license", licence[1], line))
        elif (read := _FIELD.match(line)) is not None:
            for agent in agents:
                found.rules[agent].append((read[1].lower().replace("diss", "dis"), read[2].strip(), line))
    return found


def text_of(body: bytes) -> str:
    """The text of a file up to ``MAX_BYTES``. A last line that is cut is dropped: half a rule would be another rule.

    UTF-8, else UTF-16 by its mark, else windows-1252: a file that editors on Windows wrote says what it says.
    """
    if len(body) > MAX_BYTES:
        head = body[:MAX_BYTES]
        body = head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]
    return decode(body, None)[0].translate(_INVISIBLE)


def robots_signals(body: bytes) -> list[Signal]:
    """All signals of a robots.txt for us, and those for agents that gather training data."""
    groups = groups_of(text_of(body))
    return [*_paths(groups.ours, DISALLOW), *group_signals(groups), *_named(groups.rules)]


def group_signals(groups: Groups) -> list[Signal]:
    """The signals about training in our group and in lines for the whole file."""
    return [
        *_usage(groups.ours),
        *_signals(groups.ours),
        *(Signal(ROBOTS_LICENCE, shown(line), "licence", target=value) for _, value, line in groups.licences),
    ]


def ai_txt_signals(body: bytes) -> list[Signal]:
    """The signals of an ai.txt for us, in the grammar of robots.txt."""
    return list(_paths(groups_of(text_of(body)).ours, AI_TXT))


def shown(line: str) -> str:
    """A line in the form that the ledger keeps."""
    return " ".join(line.split())[:MAX_LINE]


def _paths(rules: Sequence[Rule], carrier: str) -> Iterator[Signal]:
    for name, value, line in rules:
        if name in ("allow", "disallow") and value:
            yield Signal(carrier, shown(line), "allowed" if name == "allow" else "reserved", value)


def _usage(rules: Sequence[Rule]) -> Iterator[Signal]:
    for name, value, line in rules:
        if name == "content-usage":
            path, _, preferences = value.replace("\t", " ").partition(" ")
            if not path.startswith(("/", "*")):
                path, preferences = "/", value
            yield Signal(USAGE, shown(line), _verdict(usage_reserves(preferences)), path)


def _signals(rules: Sequence[Rule]) -> Iterator[Signal]:
    for name, value, line in rules:
        reserves = signal_reserves(value) if name == "content-signal" else None
        if reserves is not None:
            yield Signal(SIGNAL, shown(line), _verdict(reserves))


def _named(rules: Mapping[str, Sequence[Rule]]) -> Iterator[Signal]:
    for agent, lines in rules.items():
        if agent.partition("/")[0] in TRAINING_AGENTS:
            for signal in _paths(lines, f"{AGENT}{agent.partition('/')[0]}"):
                yield Signal(
                    signal.carrier, f"User-agent: {agent} / {signal.line}"[:MAX_LINE], signal.verdict, signal.path
                )


def _verdict(reserves: bool | None) -> Verdict:  # noqa: FBT001 - the answer of a reader
    """A rule that does not mention training allows it: it is the rule that applies to its path."""
    return "reserved" if reserves else "allowed"
