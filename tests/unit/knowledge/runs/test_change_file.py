"""Parts of a plan read back as they were, and foreign formats are refused."""

from __future__ import annotations

import gzip
import json

import pytest
from knowledge.index.trie import Entry
from knowledge.model import ChangeKind, ObjectRef
from knowledge.runs.change_file import DROP, ChangeLine, ChangePart, ChangeRow, Was, decode_part, encode_part
from knowledge.storage.format import FORMAT, UnknownFormatError

A, B = "a" * 64, "b" * 64


def test_change_part_reads_back() -> None:
    pack = ObjectRef("runs/x/pack-0000.gz", A)
    lines = [
        ChangeLine("a\n", ChangeKind.ADDED, 5, "T", Entry("a\n", A, "T", pack.key, 0, 9, 3, None), None),
        ChangeLine("b", ChangeKind.REMOVED, 6, "U", Entry("b", B, "U", "old", 1, 2, 3, 99), Was(B, "old", 1, 2)),
        ChangeLine("c", ChangeKind.TOMBSTONED, None, "V", None, Was(B, "older", 1, 2)),
        ChangeLine("d", DROP, 7, "W", None, None),
    ]
    rows: list[ChangeRow] = [
        ("a\n", "added", 5, "T", (A, 0, 0, 9, 3, None), None),
        ("b", "removed", 6, "U", (B, None, 1, 2, 3, 99), (B, 1, 1, 2)),
        ("c", "tombstoned", None, "V", None, (B, 0, 1, 2)),
        ("d", DROP, 7, "W", None, None),
    ]
    written = encode_part(3, [pack], ["older", "old"], ["jrn_1", "jrn_2"], rows)
    assert decode_part(written) == ChangePart(3, (pack,), ("jrn_1", "jrn_2"), lines)


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2500])
def test_change_part_of_any_length_reads_back_in_order(count: int) -> None:
    rows: list[ChangeRow] = [(f"item-{number}", DROP, number, "", None, None) for number in range(count)]
    assert [line.rev for line in decode_part(encode_part(0, [], [], [], rows)).lines] == list(range(count))


def test_part_of_another_format_is_refused() -> None:
    header = {"format": FORMAT + 1, "part": 0, "packs": [], "older": [], "covered": []}
    with pytest.raises(UnknownFormatError):
        decode_part(gzip.compress(json.dumps(header).encode() + b"\n"))
