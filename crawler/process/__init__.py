"""The crawl's own process: the parts of Scrapy, the round that they share, start and report."""
