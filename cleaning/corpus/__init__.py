"""Documents → immutable corpus versions: live pages, splits, part files; and queries of a version."""
