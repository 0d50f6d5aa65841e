"""Sources: archives and open corpora. Each writes records into ``store/warc/<source>/``, permissions before pages.

A source appends records with ``SourceWriter``; WARC records are copied byte for byte. Each record gets an origin, so
that a later run knows which records are in the store. Cleaning, publishing and ``cowese why`` read the folder like a
round of the crawl; ``data.sources.source_of`` names the source in the corpus.
"""
