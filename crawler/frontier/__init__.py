"""The frontier: the state of every URL and host, the rate limit, due dates and leases."""
