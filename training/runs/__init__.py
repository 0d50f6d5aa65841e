"""A run: rows to the device, steps, checkpoints, metrics; cut off anywhere and taken up."""
