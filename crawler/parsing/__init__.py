"""Parses responses: links, sitemaps, header fields, block pages."""
