"""Parts of a plan read back as they were, member by member, and foreign formats are refused."""

from __future__ import annotations

import gzip
import hashlib
import json
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.model import ChangeKind
from knowledge.runs import change_file
from knowledge.runs.change_file import (
    DROP,
    ChangeLine,
    EncodedPart,
    decode_changes,
    decode_covered,
    decode_directory,
    encode_part,
)
from knowledge.storage.format import FORMAT, ObjectGoneError, UnknownFormatError

A, B = "a" * 64, "b" * 64
LINES = [
    ChangeLine("a\u2028", ChangeKind.ADDED, 5, "Ünï", A, None, None, 0),
    ChangeLine("b", ChangeKind.UPDATED, 6, "U", A, B, None, 3),
    ChangeLine("c", ChangeKind.REMOVED, 7, "V", B, B, 99, 0),
    ChangeLine("d", ChangeKind.RESTORED, 8, "W", B, B, None, 0),
    ChangeLine("e", ChangeKind.TOMBSTONED, None, "X", None, B, None, 0),
    ChangeLine("f", DROP, 9, "Y", None, None, None, 0),
]


def read_back(part: EncodedPart) -> tuple[int, list[ChangeLine], list[str]]:
    directory = decode_directory(part.data[-part.directory_bytes :], part.digest)
    changes = [
        line
        for member in directory.changes
        for line in decode_changes(part.data[member.offset :][: member.length], member.digest)
    ]
    covered = [
        entry
        for member in directory.covered
        for entry in decode_covered(part.data[member.offset :][: member.length], member.digest)
    ]
    return directory.number, changes, covered


def test_part_reads_back() -> None:
    found = read_back(encode_part(3, ["jrn_1", "jrn_2"], LINES))
    assert found == (3, LINES, ["jrn_1", "jrn_2"])
    assert all(isinstance(line.kind, ChangeKind) for line in found[1] if line.kind != DROP)


@given(st.integers(0, 12), st.integers(0, 12))
def test_part_of_any_length_reads_back_in_order(lines: int, entries: int) -> None:
    changes = [ChangeLine(f"item-{number}", DROP, number, "", None, None, None, 0) for number in range(lines)]
    covered = [f"jrn_{number}" for number in range(entries)]
    with (
        mock.patch.object(change_file, "CHANGES_A_MEMBER", 3),
        mock.patch.object(change_file, "_ENTRIES_A_MEMBER", 4),
    ):
        assert read_back(encode_part(0, covered, changes)) == (0, changes, covered)


@pytest.mark.parametrize(("count", "members"), [(0, 0), (1, 1), (1_000, 1), (1_001, 2), (2_500, 3)])
def test_member_holds_a_thousand_changes(count: int, members: int) -> None:
    part = encode_part(0, [], [LINES[number % len(LINES)] for number in range(count)])
    directory = decode_directory(part.data[-part.directory_bytes :], part.digest)
    assert len(directory.changes) == members
    assert sum(member.lines for member in directory.changes) == count
    assert sum(sum(member.kinds.values()) for member in directory.changes) == count
    assert all(member.kinds == {} or set(member.kinds) <= {line.kind for line in LINES} for member in directory.changes)


def test_part_is_gzip_that_any_reader_decompresses_whole() -> None:
    part = encode_part(0, ["jrn_1"], LINES)
    values = [json.loads(line) for line in gzip.decompress(part.data).decode().removesuffix("\n").split("\n")]
    assert [row[0] for row in values[0]] == [line.external_item_id for line in LINES]
    assert values[1] == ["jrn_1"]
    assert values[2]["format"] == FORMAT


def test_same_changes_are_the_same_bytes() -> None:
    """Whoever is the second to write a part finds it there under the same digest."""
    assert encode_part(1, ["jrn_1"], LINES) == encode_part(1, ["jrn_1"], LINES)


@pytest.mark.parametrize("place", [0, 40, -1, -40])
def test_part_of_which_a_byte_is_another_is_refused(place: int) -> None:
    part = encode_part(0, ["jrn_1"], LINES)
    data = bytearray(part.data)
    data[place] ^= 1
    with pytest.raises(ObjectGoneError):
        read_back(part._replace(data=bytes(data)))


def test_digest_names_the_whole_part() -> None:
    digests = {
        encode_part(0, ["jrn_1"], LINES).digest,
        encode_part(1, ["jrn_1"], LINES).digest,
        encode_part(0, ["jrn_2"], LINES).digest,
        encode_part(0, ["jrn_1"], LINES[1:]).digest,
    }
    assert len(digests) == 4


def test_part_of_another_format_is_refused() -> None:
    written = gzip.compress(json.dumps({"format": FORMAT + 1, "part": 0, "changes": [], "covered": []}).encode())
    with pytest.raises(UnknownFormatError):
        decode_directory(written, hashlib.sha256(written).hexdigest())
