"""Runs: what differs between the staging set and what is published, planned and reviewed."""
