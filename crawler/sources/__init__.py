"""Archives and corpora of others: each brings records into ``store/warc/<source>/``, permissions before pages.

A source appends with ``SourceWriter``, byte for byte where it has WARC records, and gives each its origin, by which
a later run knows what is there. Cleaning, publishing and ``cowese why`` find the folder as they find a round of the
crawl; ``data.sources.source_of`` names the source in the corpus.
"""
