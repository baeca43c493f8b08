"""What an answer weighs where Lambda bounds it. Pure.

A function that is behind a gateway returns JSON in which the body, JSON itself, is a string.
"""

from __future__ import annotations


def envelope_bytes(written: bytes) -> int:
    """The size of JSON text inside the JSON that a function returns: quotes and backslashes take two bytes there.

    Lambda escapes nothing else: control characters are escaped in the text already, and other characters stay as UTF-8.
    """
    return len(written) + written.count(b'"') + written.count(b"\\")
