"""What may be fetched: robots.txt, reservations, private networks, scope, traps."""
