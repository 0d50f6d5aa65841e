"""What a rule measures, apart from what it makes of it: measured once, held against as many bounds as are tried."""

Figures = tuple[float, ...]
"""All that a rule decides on. The first is the one that is shown; none depends on a setting."""
