"""Prefect artifacts: progress, tables, the curve of the loss, links."""
