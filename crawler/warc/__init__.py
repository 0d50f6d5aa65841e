"""What is written: WARC files, their rows and indexes."""
