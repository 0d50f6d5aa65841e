"""Prefect flows that chain the rooms, their settings, and the `cowese` command."""

import os

os.environ.setdefault("DO_NOT_TRACK", "1")  # before Prefect is imported anywhere: no telemetry
