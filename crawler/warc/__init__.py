"""WARC files, their row logs and indexes."""
