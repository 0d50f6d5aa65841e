"""Packing that takes its time. A spawned process must be able to import what it runs."""

import time

from data.store import Store
from training.tokens import corpus as corpus_reading
from training.tokens.encode import Encoder
from training.tokens.pack import pack
from training.tokens.settings import PackSettings


def pack_slowly(root, corpus, fitted):
    corpus_reading.PART_ROWS = 10
    encode = Encoder.encode

    def slow(self, texts):
        time.sleep(0.3)
        return encode(self, texts)

    Encoder.encode = slow
    corpus_reading.BATCH = 10
    pack(Store.open(root), PackSettings(), corpus=corpus, tokenizer=fitted)
