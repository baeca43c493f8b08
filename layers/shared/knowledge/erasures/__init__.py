"""Erasures: content that is taken back from everything that is kept."""
