"""Making packages: models with all that they need to be served elsewhere. Runs as a job."""
