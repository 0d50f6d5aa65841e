"""Exact and near duplicates, and who keeps a cluster."""
