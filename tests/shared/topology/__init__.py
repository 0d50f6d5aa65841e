"""docker-compose.yml run for real without Docker: the same commands, settings and health checks as processes."""
