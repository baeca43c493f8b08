"""A fingerprint of each field of an item, which tells without its content in which fields two editions differ. Pure.

A record is one byte with a bit for each field that is there, the first field's lowest, and then 4 bytes of each of
these fields: the beginning of the SHA-256 of its value as canonical JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from knowledge.items.fields import DETAILS
from knowledge.storage.format import canonical_json

FIELDS = ("title", "content", *DETAILS.values())
"""The fields by their bits. An eighth fits in; a ninth needs a record with two bytes of bits."""
_PRINT_BYTES = 4


def _places(presence: int) -> dict[int, int]:
    """Where in a record the prints lie, by their bits."""
    bits = [bit for bit in range(8) if presence >> bit & 1]
    return {bit: 1 + _PRINT_BYTES * place for place, bit in enumerate(bits)}


_PLACES = tuple(map(_places, range(256)))


def fingerprint_fields(document: Mapping[str, Any]) -> bytes:
    """Make the record of an item, from its stored document."""
    presence, prints = 0, b""
    for bit, name in enumerate(FIELDS):
        if name in document:
            presence |= 1 << bit
            prints += hashlib.sha256(canonical_json(document[name])).digest()[:_PRINT_BYTES]
    return bytes((presence,)) + prints


def differing_fields(before: bytes, after: bytes) -> int:
    """Compare two records; returns a number with the bits of the fields that differ.

    0 says little: 4 bytes are the same by chance once in 4 billion times.
    """
    if not before or not after:
        return 0
    differing = before[0] ^ after[0]
    if not differing:
        # Nearly every update; a run compares records for each.
        for bit, at in _PLACES[before[0]].items():
            if before[at : at + _PRINT_BYTES] != after[at : at + _PRINT_BYTES]:
                differing |= 1 << bit
        return differing
    old, new = _PLACES[before[0]], _PLACES[after[0]]
    for bit in old.keys() & new.keys():
        if before[old[bit] : old[bit] + _PRINT_BYTES] != after[new[bit] : new[bit] + _PRINT_BYTES]:
            differing |= 1 << bit
    return differing


def differing_documents(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """Compare two stored documents, as `differing_fields` does records."""
    return sum(1 << bit for bit, name in enumerate(FIELDS) if before.get(name) != after.get(name))


def field_names(bits: int) -> tuple[str, ...]:
    """The names of fields by their bits, in the order of the alphabet."""
    return tuple(sorted(name for bit, name in enumerate(FIELDS) if bits >> bit & 1))
