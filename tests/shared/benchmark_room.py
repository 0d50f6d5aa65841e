"""Made-up case notes with mentions, in brat's form, and a tiny model that has read nothing yet."""

import random
from collections.abc import Sequence
from pathlib import Path

import torch

from training.benchmark.brat import write_document
from training.benchmark.documents import Document, Mention
from training.tokens.tokenizer import write_tokenizer

DRUGS = ("ibuprofeno", "furosemida", "enalapril", "ácido fólico", "metformina")
PROTEINS = ("albúmina", "ferritina", "proteína C reactiva", "troponina")
OPENINGS = ("Varón de {n} años.", "Mujer de {n} años con fiebre.", "Niño de {n} años, sin alergias.")
SENTENCES = (
    "Se pauta {drug} {n} mg/día.",
    "La {protein} era de {n} mg/dl; se inició {drug}.",
    "Tras {drug} bajó la {protein}.",
    "No toma {drug} ni otros fármacos.",
    "La exploración fue normal.",
)
LETTERS = "abcdefghijklmnñopqrstuvwxyzáéíóúüABCDEFGHIJKLMNÑOPQRSTUVWXYZ0123456789.,;:/()-"


def note(name: str, draw: random.Random, sentences: int = 6) -> Document:
    """One case note and its mentions."""
    text, mentions = draw.choice(OPENINGS).format(n=draw.randint(2, 90)), []
    for _ in range(sentences):
        text += "\n" if draw.random() < 0.2 else " "
        for piece in draw.choice(SENTENCES).replace("}", "{").split("{"):
            chosen = {"drug": draw.choice(DRUGS), "protein": draw.choice(PROTEINS), "n": str(draw.randint(1, 80))}
            said = chosen.get(piece, piece)
            if piece in ("drug", "protein"):
                label = "FARMACO" if piece == "drug" else "PROTEINA"
                mentions.append(Mention.over(label, (len(text), len(text) + len(said))))
            text += said
    return Document(name, text, tuple(mentions))


def brat_corpus(folder: Path, counts: Sequence[int] = (12, 4, 4)) -> Path:
    """20 documents: train, dev and test."""
    draw = random.Random(8)
    for split, count in zip(("train", "dev", "test"), counts, strict=True):
        for number in range(count):
            document = note(f"{split}/nota-{number}", draw)
            write_document(folder, document, document.mentions)
    return folder


def tiny_model(folder: Path, *, positions: int = 64) -> Path:
    """A Hugging Face folder: ELECTRA of two layers, fresh weights, whole words for what the notes say."""
    from transformers import ElectraConfig, ElectraForPreTraining
    from transformers.utils import logging

    words = {word for line in (*OPENINGS, *SENTENCES, *DRUGS, *PROTEINS) for word in line.replace(".", " ").split()}
    pieces = [*LETTERS, *(f"##{letter}" for letter in LETTERS), *sorted(words - set(LETTERS))]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(pieces)]
    write_tokenizer(folder, vocabulary)
    torch.manual_seed(1)
    config = ElectraConfig(
        vocab_size=len(vocabulary), embedding_size=32, hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=positions,
    )  # fmt: skip
    logging.disable_progress_bar()
    ElectraForPreTraining(config).save_pretrained(folder)
    return folder


def byte_level(texts):
    """A tokenizer of RoBERTa's kind: bytes, spaces inside tokens, no token types."""
    from tokenizers import ByteLevelBPETokenizer, processors
    from transformers import PreTrainedTokenizerFast

    made = ByteLevelBPETokenizer()
    made.train_from_iterator(texts, vocab_size=400, special_tokens=["<s>", "<pad>", "</s>"], show_progress=False)
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return PreTrainedTokenizerFast(
        tokenizer_object=made._tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>", cls_token="<s>",
        sep_token="</s>", model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip


def tiny_roberta(folder: Path, texts: Sequence[str]) -> Path:
    """Another make: RoBERTa's positions, which begin after the padding's, and no token types."""
    from transformers import RobertaConfig, RobertaForMaskedLM
    from transformers.utils import logging

    tokenizer = byte_level(texts)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = RobertaConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=66, pad_token_id=1, bos_token_id=0, eos_token_id=2,
    )  # fmt: skip
    logging.disable_progress_bar()
    RobertaForMaskedLM(config).save_pretrained(folder)
    return folder


def scored_by_hand(gold: Path, predicted: Path) -> tuple[float, float, float]:
    """Precision, recall and F1 of two folders of .ann, written for the tests without a line of ours.

    As the shared tasks' scorers do it: sets of file, type and offsets.
    """

    def spans(folder):
        return {
            (file.relative_to(folder), *line.split("\t")[1].replace(";", " ").split())
            for file in folder.rglob("*.ann")
            for line in file.read_text(encoding="utf-8").splitlines()
            if line.startswith("T")
        }

    due, marked = spans(gold), spans(predicted)
    right = len(due & marked)
    precision = right / len(marked) if marked else 0.0
    recall = right / len(due) if due else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0
