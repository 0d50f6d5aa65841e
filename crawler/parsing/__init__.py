"""What an answer says: links and sitemaps."""
