"""Tokenizers of others, also those of before ``tokenizer.json``: a ``vocab.txt`` and a few settings."""

from pathlib import Path

from tokenizers import Tokenizer, models
from tokenizers.implementations.bert_wordpiece import BertWordPieceTokenizer

from data.errors import InputError
from data.files import read_json
from training.tokens.tokenizer import load_tokenizer, special_of

VOCABULARY = "vocab.txt"
CONFIG = "tokenizer_config.json"


def open_tokenizer(folder: Path) -> Tokenizer:
    """A folder's ``tokenizer.json``, or else what transformers makes of its ``vocab.txt``.

    Not for tokenizers of ours: one without its ``tokenizer.json`` was not written to the end.

    Raises:
        InputError: it has neither, or one that cannot be read.
    """
    path = folder / VOCABULARY
    if (folder / "tokenizer.json").is_file() or not path.is_file():
        return load_tokenizer(folder)
    config = read_json(folder / CONFIG) if (folder / CONFIG).is_file() else {}
    try:
        made = BertWordPieceTokenizer(
            models.WordPiece.read_file(str(path)),
            lowercase=config.get("do_lower_case", True),
            strip_accents=config.get("strip_accents"),
            handle_chinese_chars=config.get("tokenize_chinese_chars", True),
        )
    except Exception as error:
        raise InputError(f"{path}: cannot be read as a vocabulary, one token a line ({error}).") from error
    tokenizer = Tokenizer.from_str(made.to_str())
    special_of(tokenizer, path)
    tokenizer.encode_special_tokens = True
    return tokenizer
