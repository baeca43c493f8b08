"""Exports: what a generation serves as one file, written a bounded part at a time, that an import takes back."""
