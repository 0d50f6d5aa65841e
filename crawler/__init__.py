"""Start URLs → WARC files and the state of every URL, on Scrapy."""
