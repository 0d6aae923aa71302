"""Batch endpoints and deployments: kept and pinned, opened by keys, invoked as jobs."""
