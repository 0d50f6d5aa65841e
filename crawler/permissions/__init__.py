"""What may be asked for: robots.txt, reservations, private networks, scope, traps."""
