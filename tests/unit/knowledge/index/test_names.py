"""The table of named objects: rows, blocks and the directory read back, and a number means one object."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.ids import new_id
from knowledge.index.blocks import DamagedBlockError
from knowledge.index.names import (
    BLOCK_BYTES,
    GONE,
    ROWS_A_BLOCK,
    BlockPlace,
    Directory,
    NamedObject,
    Names,
    ObjectKind,
    ObjectName,
    decode_block,
    decode_directory,
    decode_name,
    decode_rows,
    encode_block,
    encode_directory,
    encode_name,
    encode_rows,
    id_bytes,
    id_text,
    name_of,
)

ulids = st.binary(min_size=16, max_size=16).map(id_text)
offsets = st.integers(0, 2**32 - 1)
names = st.builds(ObjectName, st.sampled_from(ObjectKind), ulids, ulids, st.integers(0, 2**16 - 1))
rows = st.builds(NamedObject, names, offsets, st.binary(min_size=32, max_size=32).map(bytes.hex))
places = st.builds(BlockPlace, names, offsets)
RUN, ATTEMPT = "run_" + "0" * 25 + "1", "att_" + "0" * 25 + "2"


def row(number: int) -> NamedObject:
    return NamedObject(name_of(ObjectKind.RUN_PACK, RUN, ATTEMPT, number), number, f"{number:064x}")


@given(st.binary(min_size=16, max_size=16))
def test_id_reads_back(data: bytes) -> None:
    assert id_bytes(id_text(data)) == data


def test_id_of_ours_is_kept_whole() -> None:
    text = new_id("run").rpartition("_")[2]
    assert id_text(id_bytes(text)) == text


@pytest.mark.parametrize("text", ["", "0" * 25, "0" * 27, "0" * 25 + "U", "0" * 25 + "a"])
def test_text_that_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[0Ua]*$"):
        id_bytes(text)


@given(names)
def test_name_reads_back(name: ObjectName) -> None:
    assert decode_name(encode_name(name)) == name


def test_name_of_no_known_kind_is_refused() -> None:
    with pytest.raises(DamagedBlockError):
        decode_name(b"\x09" + encode_name(GONE.name)[1:])


@given(st.lists(rows, max_size=ROWS_A_BLOCK))
def test_rows_read_back_in_their_order(some: list[NamedObject]) -> None:
    assert decode_rows(encode_rows(some)) == some


@given(st.lists(rows, min_size=ROWS_A_BLOCK, max_size=ROWS_A_BLOCK))
def test_full_block_reads_back_and_has_one_length(some: list[NamedObject]) -> None:
    written = encode_block(some)
    assert decode_block(written) == some
    assert len(written) == BLOCK_BYTES


@given(st.lists(places, max_size=40), places)
def test_directory_reads_back_and_is_as_long_as_it_says(some: list[BlockPlace], place: BlockPlace) -> None:
    written = encode_directory(some)
    assert decode_directory(written) == some
    assert len(written) == Directory(place, len(some)).length


@given(st.data())
def test_block_and_directory_of_which_a_bit_is_another_are_refused(data: st.DataObject) -> None:
    block = bytearray(encode_block([row(number) for number in range(ROWS_A_BLOCK)]))
    directory = bytearray(encode_directory([BlockPlace(row(number).name, number) for number in range(3)]))
    for written, decode in ((block, decode_block), (directory, decode_directory)):
        written[data.draw(st.integers(0, len(written) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        with pytest.raises(DamagedBlockError):
            decode(bytes(written))


@pytest.mark.parametrize(
    ("kind", "owner", "key"),
    [
        (ObjectKind.RUN_PACK, "run", "runs/t/s/run_{0}1/att_{0}2/pack-0012"),
        (ObjectKind.RUN_INDEX, "run", "runs/t/s/run_{0}1/att_{0}2/index-0012"),
        (ObjectKind.COMPACTED_PACK, "gen", "index/t/s/gen_{0}1/att_{0}2/pack-0012"),
        (ObjectKind.COMPACTED_INDEX, "gen", "index/t/s/gen_{0}1/att_{0}2/index-0012"),
    ],
)
def test_object_lies_in_the_folder_of_who_wrote_it(kind: ObjectKind, owner: str, key: str) -> None:
    name = name_of(kind, f"{owner}_" + "0" * 25 + "1", ATTEMPT, 12)
    assert name.key("t", "s") == key.format("0" * 25)
    assert name.is_index == key.endswith("index-0012")


def test_what_is_gone_lies_nowhere() -> None:
    with pytest.raises(DamagedBlockError):
        GONE.name.key("t", "s")
    assert decode_rows(encode_rows([GONE])) == [GONE]


def test_number_means_an_object_of_a_full_block_or_of_the_open_one() -> None:
    table = [row(number) for number in range(2 * ROWS_A_BLOCK + 3)]
    full = {block: table[block * ROWS_A_BLOCK :][:ROWS_A_BLOCK] for block in range(2)}
    read = Names(table[2 * ROWS_A_BLOCK :], Directory(BlockPlace(GONE.name, 0), 2), None, full)
    assert [read.row(number) for number in range(len(read))] == table
    assert len(read) == len(table)
    for number in (len(table), 3 * ROWS_A_BLOCK):
        with pytest.raises(DamagedBlockError):
            read.row(number)


def test_only_full_blocks_that_were_not_read_are_missing() -> None:
    read = Names([row(0)], Directory(BlockPlace(GONE.name, 0), 3), None, {1: []})
    assert read.missing([0, 1, 32, 64, 96, 500]) == {0, 2}
    with pytest.raises(DamagedBlockError):
        read.row(0)
    assert Names([row(0)]).missing([0]) == set()
