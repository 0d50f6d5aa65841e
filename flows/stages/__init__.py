"""Runs each stage of a flow in its own process, which ends with its parent and communicates by files."""
