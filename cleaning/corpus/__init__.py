"""Documents → immutable versions: which pages live, in which part; and what is asked of a version."""
