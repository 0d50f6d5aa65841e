"""``cowese serve``: a Prefect server, work pools, deployments and workers on this machine, without Docker."""
