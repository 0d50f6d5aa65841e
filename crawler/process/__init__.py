"""The crawl's own process: Scrapy's parts, the round that they share, its start and its report."""
