"""Deletions: a source is deleted with everything that is kept of it."""
