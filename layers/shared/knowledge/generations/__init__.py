"""Generations: built from a run, published by one write, read, restored, and settled afterwards."""
