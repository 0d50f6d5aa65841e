"""Numbers that the tables of the crawl state keep for words. Apart from them: they load SQLAlchemy."""

QUEUED, DONE, REFUSED = 0, 1, 2
"""States of a URL in the current round."""
PAGE, SITEMAP = 0, 1
"""Kinds of a URL."""
