"""WARC files → documents → a deduplicated, versioned Parquet corpus."""
