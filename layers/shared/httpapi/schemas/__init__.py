"""What the operations take in bodies and queries, as pydantic models; items have theirs in `knowledge.items`."""
