"""`cowese forget` and `cowese audit`: the steps, the receipt and the proof; each room removes its own data."""
