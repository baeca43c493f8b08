"""Searching what sources serve, by the segments that their manifests name."""
