"""Members in packs, and blank ones."""

from __future__ import annotations

import gzip

import pytest
from knowledge.items.members import NotMembersError, blank_member, members_in


@pytest.mark.parametrize("length", [22, 23, 40, 65_555, 65_556, 65_574, 65_575, 65_576, 131_110, 1_000_003])
def test_blank_member_has_its_length_and_no_content(length: int) -> None:
    blank = blank_member(length)
    assert len(blank) == length
    assert gzip.decompress(blank) == b""


def test_members_are_found_whatever_their_size() -> None:
    plain = [b"a\n", bytes(100_000), b"", b'{"a":1}\n' * 3000, b"z"]
    packed = [gzip.compress(each, 6, mtime=0) for each in plain]
    found = list(members_in(b"".join(packed)))
    assert [member.plain for member in found] == plain
    assert [(member.offset, member.length) for member in found] == [
        (sum(map(len, packed[:at])), len(packed[at])) for at in range(len(packed))
    ]


def test_blank_among_others_leaves_them_readable() -> None:
    packed = [gzip.compress(each, 6, mtime=0) for each in (b"one", b"two" * 30_000, b"three")]
    blanked = packed[0] + blank_member(len(packed[1])) + packed[2]
    assert gzip.decompress(blanked) == b"onethree"
    assert [member.plain for member in members_in(blanked) if member.plain] == [b"one", b"three"]


@pytest.mark.parametrize("data", [b"x", gzip.compress(b"whole")[:-1], gzip.compress(b"whole") + b"rest"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(NotMembersError):
        list(members_in(data))
