"""Imports: files of items, read a bounded piece at a time and staged in turns."""
