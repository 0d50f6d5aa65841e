"""Common Crawl by host: its columnar index, then the records, permissions first."""
