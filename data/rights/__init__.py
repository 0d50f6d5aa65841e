"""Reads every signal by which hosts and pages allow or reserve their texts for training models.

``signals.GRAMMARS`` is the table of carriers. Crawling, cleaning and publishing use it.
"""
