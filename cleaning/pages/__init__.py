"""One fetched page → a document's text, or the reason why it is dropped."""
