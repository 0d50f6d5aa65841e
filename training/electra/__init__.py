"""ELECTRA as arithmetic: its sizes, masks and draws, two networks, two losses, one optimiser. No file, no clock."""
