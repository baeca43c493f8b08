"""Segments: what an index consists of, an object each, written once; building, reading and merging them."""
