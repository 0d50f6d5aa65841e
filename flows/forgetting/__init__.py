"""`cowese forget` and `cowese audit`: every room forgets what is its own; here the steps, the receipt, the proof."""
