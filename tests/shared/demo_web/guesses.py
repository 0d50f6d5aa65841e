"""What the demo's model has learnt, for a person to see: words hidden in ten sentences of the demo's own sites.

B sentences, L length.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import torch
from tokenizers import Tokenizer

from data.files import value_digest
from training.electra.model import Electra
from training.runs.beginning import first_model
from training.runs.run import TOKENIZER_FOLDER, Trained
from training.tokens.stream import TokenStream
from training.tokens.tokenizer import load_tokenizer

SENTENCES = 10
SENTENCE = re.compile(r"[A-ZÁÉÍÓÚÑ¿¡][^.!?\n]{40,110}[.!?]")
WORD = re.compile(r"[a-záéíóúüñ]{5,}")
HIDDEN = "____"


@dataclass(frozen=True, slots=True)
class Guess:
    """A sentence with a word hidden, the word, and what the generator says before and after it was trained."""

    sentence: str
    word: str
    before: str
    after: str


def guesses(corpus: Path, run: Path) -> list[Guess]:
    """Ten sentences of a corpus version's training split, filled in by a run's first weights and by its last."""
    trained = Trained(run)
    tokenizer = load_tokenizer(run / TOKENIZER_FOLDER)
    stream = TokenStream.open(trained.tokens, "train")
    first = first_model(trained.plan, stream).eval()
    found = []
    for sentence, word in _hidden(corpus, tokenizer):
        ids = [tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]", "[MASK]")]
        before, after = (_fill(model, tokenizer, sentence, ids) for model in (first, trained.model))
        found.append(Guess(sentence, word, before, after))
    return found


def lines_of(found: list[Guess], read: float) -> list[str]:
    """For a terminal; ``read`` is how often the model has read each sentence."""
    right = {kind: sum(getattr(one, kind) == one.word for one in found) for kind in ("before", "after")}
    lines = [f"A word hidden in ten sentences that the model has read about {read:.0f} times:"]
    for one in found:
        said = [f"{kind} {getattr(one, kind)}" + " (right)" * (getattr(one, kind) == one.word) for kind in right]
        lines += [f"  {one.sentence}", f"      {one.word}: {', '.join(said)}"]
    lines.append(f"Right: {right['before']} of {len(found)} before training, {right['after']} after it.")
    return lines


def _hidden(corpus: Path, tokenizer: Tokenizer) -> list[tuple[str, str]]:
    """Sentences, one a document and in an order that a digest makes, with one word of theirs that is one token."""
    vocabulary = tokenizer.get_vocab()
    found: dict[str, tuple[str, str]] = {}
    for text in sorted(_texts(corpus), key=value_digest):
        for match in SENTENCE.finditer(text):
            sentence = match.group()
            words = [word for word in WORD.finditer(sentence) if word.group() in vocabulary]
            words = [word for word in words if sentence.split().count(word.group()) == 1 and word.start() > 0]
            if words:
                word = words[len(words) // 2]
                hidden = sentence[: word.start()] + HIDDEN + sentence[word.end() :]
                found.setdefault(hidden, (hidden, word.group()))
                break
    return list(found.values())[:SENTENCES]


def _texts(corpus: Path) -> Iterator[str]:
    for file in sorted((corpus / "data" / "train").glob("*.parquet")):
        yield from pq.read_table(file, columns=["text"])["text"].to_pylist()


@torch.no_grad()
def _fill(model: Electra, tokenizer: Tokenizer, sentence: str, special: list[int]) -> str:
    """The generator's best token for the hidden word."""
    cls, sep, mask = special
    before, after = (tokenizer.encode(part, add_special_tokens=False).ids for part in sentence.split(HIDDEN))
    ids_BL = torch.tensor([[cls, *before, mask, *after, sep]])
    logits_V = model.generate(ids_BL, torch.tensor([[1 + len(before)]]))[0, 0]
    return str(tokenizer.id_to_token(int(logits_V.argmax())))
