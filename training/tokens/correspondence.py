"""What the tokens of one tokenizer are in another's: by their text, piece by piece."""

from pathlib import Path

from tokenizers import Tokenizer

from training.tokens.stream import SPECIAL_TOKENS
from training.tokens.tokenizer import load_tokenizer
from training.tokens.vocab_file import open_tokenizer
from training.tokens.wordpiece import PREFIX


def pieces_of(new: Path, old: Path) -> list[tuple[int, ...]]:
    """For each id of the new tokenizer the old one's ids that spell the same; none where it has no part of it.

    Raises:
        InputError: a folder has no tokenizer, or one that cannot be read.
    """
    ours, theirs = load_tokenizer(new), open_tokenizer(old)
    vocabulary = theirs.get_vocab()
    entries = max(ours.get_vocab().values(), default=-1) + 1
    found: list[tuple[int, ...]] = [()] * entries
    for token, number in ours.get_vocab().items():
        found[number] = (vocabulary[token],) if token in vocabulary else _spelt(token, theirs, vocabulary)
    return found


def _spelt(token: str, theirs: Tokenizer, vocabulary: dict[str, int]) -> tuple[int, ...]:
    """The longest pieces from the left, as WordPiece reads a word; nothing where one is missing."""
    inside = token.startswith(PREFIX)
    if token in SPECIAL_TOKENS:
        return ()
    text = token.removeprefix(PREFIX)
    text = theirs.normalizer.normalize_str(text) if theirs.normalizer else text
    parts: list[int] = []
    at = 0
    while at < len(text):
        prefix = PREFIX if inside or at else ""
        ends = (end for end in range(len(text), at, -1) if prefix + text[at:end] in vocabulary)
        end = next(ends, None)
        if end is None:
            return ()
        parts.append(vocabulary[prefix + text[at:end]])
        at = end
    return tuple(parts)
