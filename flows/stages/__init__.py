"""Each stage of a flow in a process of its own, which ends with its parent and writes to files only."""
