"""What hosts and pages say about copying their texts to train models: the only reader of every signal.

``signals.GRAMMARS`` is the table of carriers. Crawling refuses by it, cleaning judges by it, publishing counts by it.
"""
