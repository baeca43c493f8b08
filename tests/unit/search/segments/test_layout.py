"""Any byte of a segment that is not as it was written is noticed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import struct
import zlib

import pytest
from search.errors import DamagedSegmentError, OtherFormatError
from search.segments.building import Built
from search.segments.layout import decode_head, encode_segment, pack_files, ref_in, texts_of
from search.segments.merging import Part, read_part
from search.segments.model import MAGIC
from search.segments.texts import decode_texts

from tests.support.segments import SETTINGS, built, document


@pytest.fixture(scope="module")
def segment() -> Built:
    documents = [document("a", "Reset the password.", "Help"), document("b", "密码", language="zh", tags=("x",))]
    return built(documents, ["c", "d", "e"])


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def test_segment_is_read_as_it_was_written(segment: Built) -> None:
    head = decode_head(segment.ref, segment.data[: segment.ref.head])
    assert (head.header.settings, head.header.analyses) == (SETTINGS, {"cjk": 1, "en": 1})
    assert (len(head.added), len(head.killed), head.header.documents) == (2, 3, 2)
    assert [each.item_id for each in decode_texts(texts_of(head, segment.data[segment.ref.head :]))] == ["a", "b"]
    assert len(segment.data) == segment.ref.size


def test_segment_tells_how_a_list_names_it(segment: Built) -> None:
    assert ref_in(segment.data) == segment.ref
    with pytest.raises(OtherFormatError):
        ref_in(b"KBS9" + segment.data[4:])
    with pytest.raises(DamagedSegmentError):
        ref_in(segment.data[:7])


def test_every_flipped_byte_is_noticed(segment: Built) -> None:
    for at in range(len(segment.data)):
        with pytest.raises((DamagedSegmentError, OtherFormatError)):
            read_part(segment.ref, flipped(segment.data, at, at % 8))


def test_every_flipped_byte_that_a_search_reads_is_noticed(segment: Built) -> None:
    head = segment.data[: segment.ref.head]
    for at in range(len(head)):
        with pytest.raises((DamagedSegmentError, OtherFormatError)):
            decode_head(segment.ref, flipped(head, at, (at + 3) % 8))


@pytest.mark.parametrize("less", [1, 16, 100])
def test_what_is_cut_off_or_too_long_is_noticed(segment: Built, less: int) -> None:
    for data in (segment.data[:-less], segment.data + bytes(less), segment.data[less:], b""):
        with pytest.raises(DamagedSegmentError):
            read_part(segment.ref, data)


@pytest.mark.parametrize(
    "change",
    [
        {"size": 1},
        {"head": 200},
        {"documents": 3},
        {"tier": 1},
        {"format": "00" * 8},
        {"language": "00" * 4},
        {"digest": "00" * 32},
    ],
    ids=lambda change: next(iter(change)),
)
def test_name_of_another_segment_is_noticed(segment: Built, change: dict[str, object]) -> None:
    with pytest.raises(DamagedSegmentError):
        read_part(segment.ref._replace(**change), segment.data)


@pytest.mark.parametrize(
    ("magic", "told"), [(b"KBS9", b"{}"), (MAGIC, b"{}"), (MAGIC, b"no JSON"), (MAGIC, json.dumps({"a": 1}).encode())]
)
def test_whole_segment_of_another_format_is_no_damage(segment: Built, magic: bytes, told: bytes) -> None:
    data = struct.pack("<4sI", magic, len(told)) + told
    ref = segment.ref._replace(digest=hashlib.sha256(data).hexdigest(), head=len(data))
    with pytest.raises(OtherFormatError):
        decode_head(ref, data)


def test_part_has_what_the_segment_has(segment: Built) -> None:
    part = read_part(segment.ref, segment.data)
    assert isinstance(part, Part)
    assert [each.item_id for each in part.documents] == ["a", "b"]


def test_files_are_packed_and_come_back() -> None:
    documents = [document(f"item-{number}", f"word{number} common") for number in range(500)]
    whole = built(documents)
    head = decode_head(whole.ref, whole.data[: whole.ref.head])
    assert pack_files(head.files) == pack_files(dict(head.files))
    assert head.header.index_length == len(pack_files(head.files)) < head.index_bytes * 0.75
    assert {name: len(data) for name, data in head.files.items()} == head.header.files


@pytest.mark.parametrize("packed", [zlib.compress(bytes(10_000_000)), b"no stream", b""])
def test_files_that_are_longer_than_told_or_no_stream_are_damage(segment: Built, packed: bytes) -> None:
    head = decode_head(segment.ref, segment.data[: segment.ref.head])
    digest = hashlib.sha256(packed).hexdigest()
    header = dataclasses.replace(head.header, index_length=len(packed), index_digest=digest)
    ref, data = encode_segment(header, packed, b"".join((head.added.data, head.killed.data)), b"")
    with pytest.raises(DamagedSegmentError):
        decode_head(ref, data)
