"""Preferences about training as values of a field: AIPREF's dictionary and Content Signals."""

from collections.abc import Mapping

_TRAINING = ("train-ai", "ai-train", "train-genai")
"""Keys of the category: the draft's, the one of Content Signals (which some sites write), and an earlier draft's."""
_WIDER = ("bots", "tdm")
"""Keys of earlier drafts (draft-ietf-aipref-vocab-02 and before) whose category includes training."""
_NO, _YES = frozenset({"n", "no", "?0"}), frozenset({"y", "yes", "?1", ""})
_FULL = "full"
MAX_FIELD = 8_192
"""Characters of a value that are read."""


def usage_reserves(value: str) -> bool | None:
    """Whether a Content-Usage value forbids training; None if it does not say.

    A dictionary (RFC 9651, 3.2): of two equal keys the last holds, parameters are ignored. Only the member
    that is malformed is skipped, so that a mistake beside a reservation does not void it.

    >>> usage_reserves("train-ai=y, train-ai=n;x=1"), usage_reserves("search=n"), usage_reserves('x="a, train-ai=n"')
    (True, None, None)
    """
    said = _dictionary(value)
    for key in (*_TRAINING, *_WIDER):
        answer = said.get(key)
        if answer in _NO or answer in _YES:
            return answer in _NO
    return None


def signal_reserves(value: str) -> bool | None:
    """Whether a Content-Signal value forbids training; None if it does not say.

    ``use`` (since July 2026) says how much of a page may be kept; anything less than ``full`` excludes it from a
    corpus.

    >>> signal_reserves("search=yes,ai-train=no"), signal_reserves("ai-train=yes, use=reference"), signal_reserves("")
    (True, True, None)
    """
    said = _dictionary(value.replace(";", ","))  # no parameters are defined, and some sites write semicolons
    training, use = said.get("ai-train", said.get("train-ai")), said.get("use")
    if training in _NO or (use is not None and use != _FULL):
        return True
    return False if training in _YES or use == _FULL else None


def _dictionary(value: str) -> Mapping[str, str]:
    """Keys and bare values in lower case; a key without a value has the empty value, which means true."""
    found: dict[str, str] = {}
    for member in _outside_quotes(value[:MAX_FIELD], ","):
        bare = next(iter(_outside_quotes(member, ";")), "")
        key, _, said = bare.partition("=")
        found[key.strip().lower()] = said.strip().lower()
    return found


def _outside_quotes(value: str, separator: str) -> list[str]:
    """Split a value at separators outside quoted strings."""
    parts, begin, quoted, escaped = [], 0, False, False
    for place, sign in enumerate(value):
        if escaped:
            escaped = False
        elif sign == "\\" and quoted:
            escaped = True
        elif sign == '"':
            quoted = not quoted
        elif sign == separator and not quoted:
            parts.append(value[begin:place])
            begin = place + 1
    return [*parts, value[begin:]]
