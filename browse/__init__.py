"""A page on which a corpus is read, questioned and judged: a local web application over one store.

It reads a store and writes two things: the index beside a version (``store/browse/``) and readers' labels
(``store/labels.tsv``). What pages of others contain is shown as text, or in a frame without scripts.
"""
