"""Prefect flows that chain the rooms, their settings, and the `cowese` command."""
