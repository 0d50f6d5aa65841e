"""The Wayback Machine: what it has of start URLs whose host is gone."""
