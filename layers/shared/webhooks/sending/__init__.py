"""One signed POST to a safe target. Knows nothing of tenants or tables."""
