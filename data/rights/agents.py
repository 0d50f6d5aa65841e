"""Agents that only gather training data; ``training_agents.tsv`` lists them with the source and date of each."""

from importlib.resources import files


def _read() -> frozenset[str]:
    lines = files("data.rights").joinpath("training_agents.tsv").read_text("utf-8").splitlines()
    return frozenset(line.split("\t")[0].lower() for line in lines if line and not line.startswith("#"))


TRAINING_AGENTS = _read()
"""Product tokens in lower case."""
