"""The table of names as states are built one on another: a number means one object, until a compaction forgets it."""

from __future__ import annotations

import pytest
from knowledge.index.blocks import DamagedBlockError
from knowledge.index.manifest import manifest_bytes
from knowledge.index.names import GONE, ROWS_A_BLOCK, NamedObject, ObjectKind

from tests.support.index_states import IndexStates, entries_of, entry

MOST_MANIFEST_BYTES = 3 * 1024


def named(number: int, states: IndexStates) -> NamedObject:
    return NamedObject(states.name(ObjectKind.RUN_PACK), 100 + number, f"{number:064x}")


@pytest.mark.parametrize("packs", [0, 1, 2, 5])
def test_number_means_the_same_object_in_every_later_state(packs: int) -> None:
    """Over more blocks of names than one, and with blocks that several publications filled."""
    states, table, base = IndexStates(), [], None
    for publication in range(40):
        builder = states.begin(base)
        for _ in range(packs):
            assert builder.next_number == len(table)
            table.append(named(len(table), states))
            builder.name_object(*table[-1])
        builder.update({"a": entry("a", "x" * publication, pack=max(0, len(table) - 1))})
        base = builder.finish()
        assert base is not None
        index = states.open(base)
        assert index.named_objects() == [*table, index.own_row]
        assert index.manifest.own == builder.own
        assert len(manifest_bytes(index.tail)) <= MOST_MANIFEST_BYTES
        lone = states.open(base)
        for number in range(0, len(table), 7):
            lone.look_up([number])
            assert lone.manifest.names.row(number) == table[number]
        table.append(index.own_row)
    assert len(table) > ROWS_A_BLOCK


@pytest.mark.parametrize("count", [31, 32, 33, 63, 64, 1_023, 1_024, 1_025, 2_100])
def test_many_objects_are_named_at_once(count: int) -> None:
    states = IndexStates()
    builder = states.begin(states.build({"a": entry("a")}))
    assert builder.base is not None
    table = [builder.base.own_row, *(named(number, states) for number in range(count - 1))]
    for row in table[1:]:
        builder.name_object(*row)
    builder.update({"a": entry("a", "other")})
    built = builder.finish()
    assert built is not None
    index = states.open(built)
    assert index.named_objects() == [*table, index.own_row]
    assert len(index.manifest.names) == count
    assert len(index.manifest.names.open_rows) == count % ROWS_A_BLOCK
    assert len(manifest_bytes(index.tail)) <= MOST_MANIFEST_BYTES
    later = states.build({"b": entry("b")}, base=built)
    assert states.open(later).named_objects()[:-1] == index.named_objects()


@pytest.mark.parametrize("count", [5, 40, 100])
def test_objects_that_were_forgotten_are_named_no_more_and_all_others_by_their_numbers(count: int) -> None:
    states = IndexStates()
    builder = states.begin()
    table = [named(number, states) for number in range(count)]
    for row in table:
        builder.name_object(*row)
    builder.update({"a": entry("a", pack=count - 1)})
    base = builder.finish()
    assert base is not None
    table.append(states.open(base).own_row)
    # All of the first block, where there is one.
    gone = set(range(min(count - 1, ROWS_A_BLOCK + 2)))
    compacting = states.begin(base)
    moved = named(count, states)
    compacting.name_object(*moved)
    compacting.update({"a": entry("a", pack=count + 1)})
    compacting.forget_objects(gone)
    assert compacting.next_number == count + 2
    built = compacting.finish()
    assert built is not None
    index = states.open(built)
    expected = [GONE if number in gone else row for number, row in enumerate([*table, moved])]
    assert index.named_objects() == [*expected, index.own_row]
    assert len(index.keys()) == count + 3 - len(gone)
    with pytest.raises(DamagedBlockError):
        index.key(0)
    later = states.open(states.build({"b": entry("b")}, base=built))
    assert later.named_objects() == [*expected, index.own_row, later.own_row]
    assert entries_of(later) == {"a": entry("a", pack=count + 1), "b": entry("b")}


def test_state_of_which_nothing_is_left_forgets_its_objects_too() -> None:
    """A compaction has no leaf to put anew then; the names are all that it changes."""
    states = IndexStates()
    builder = states.begin()
    builder.name_object(*named(0, states))
    builder.update({"a": entry("a")})
    emptied = states.build({"a": None}, base=builder.finish())
    compacting = states.begin(emptied)
    compacting.forget_objects({0, 1})
    built = compacting.finish()
    assert built is not None
    index = states.open(built)
    assert index.named_objects() == [GONE, GONE, states.open(emptied).own_row, index.own_row]
    assert (built.root_hash, built.entries) == (emptied.root_hash, 0)
