"""Segments: what a state's contents are found by, written beside its packs and named by its manifest."""
