"""Corpus → tokenizer → packed tokens → ELECTRA → evaluated and exported models."""
