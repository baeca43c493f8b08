"""What lies in index objects, found without the states that name it."""

from __future__ import annotations

import random

import pytest
from knowledge.index import trie
from knowledge.index.blocks import DamagedBlockError
from knowledge.index.manifest import BuiltIndex
from knowledge.index.names import NamedObject, ObjectKind
from knowledge.index.scanning import blocks_in, copy_without, leaves_with

from tests.support.index_states import SOURCE, TENANT, IndexStates, entries_of, entry


def body_of(states: IndexStates, built: BuiltIndex) -> bytes:
    return states.bucket.objects[built.manifest.key][0]


@pytest.mark.parametrize("leaf_entries", [2, 32])
@pytest.mark.parametrize("count", [1, 3, 40, 700])
def test_every_byte_of_an_object_is_accounted_for(
    count: int, leaf_entries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trie, "LEAF_ENTRIES", leaf_entries)
    states = IndexStates()
    contents = {f"item-{number}": entry(f"item-{number}", f"text {number}") for number in range(count)}
    built = states.build(contents)
    blocks = blocks_in(body_of(states, built))
    leaves = [block.columns for block in blocks if block.columns is not None]
    assert {name for columns in leaves for name in columns.ids} == set(contents)
    assert sum(block.length for block in blocks) == blocks[-1].offset + blocks[-1].length


def test_leaf_that_no_state_names_any_more_is_found() -> None:
    """Two batches change one leaf, so the object holds an edition of it that never was part of a state."""
    states = IndexStates()
    built = states.build({"a": entry("a", "one")}, {"b": entry("b", "two")})
    assert len(leaves_with(blocks_in(body_of(states, built)), {"a"})) == 2


def test_object_with_blocks_of_names_is_read_whole() -> None:
    states = IndexStates()
    builder = states.begin(states.build({"a": entry("a")}))
    for number in range(100):
        builder.name_object(*NamedObject(states.name(ObjectKind.RUN_PACK), 100 + number, f"{number:064x}"))
    builder.update({f"item-{number}": entry(f"item-{number}") for number in range(90)})
    built = builder.finish()
    assert built is not None
    blocks = blocks_in(body_of(states, built))
    others = [block for block in blocks if block.columns is None and not block.is_node]
    assert len(others) == 3 + 1, "three blocks of names, and their directory"


@pytest.mark.parametrize("at", [0, 5, 200, -200])
def test_damage_is_never_passed_over(at: int) -> None:
    states = IndexStates()
    built = states.build({f"item-{number}": entry(f"item-{number}") for number in range(100)})
    data = body_of(states, built)
    at %= len(data)
    damaged = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
    if damaged[-len(data) // 4 :] == data[-len(data) // 4 :]:
        with pytest.raises(DamagedBlockError):
            blocks_in(damaged)


def test_copy_serves_all_others_from_the_places_where_they_were() -> None:
    """A state is built on a base without an item, and the base's object is then replaced by its copy."""
    states, dice = IndexStates(), random.Random(7)
    names = [f"item-{number}" for number in range(300)]
    first = states.build({name: entry(name) for name in names})
    second = states.build({name: entry(name, "new") for name in dice.sample(names, 40)}, base=first)
    doomed = {names[3], names[77]}
    expected = {name: each for name, each in entries_of(states.open(second)).items() if name not in doomed}
    builder = states.begin(second)
    assert builder.base is not None
    replaced = {}
    for number, row in enumerate(builder.base.named_objects()):
        if not row.name.is_index:
            continue
        own = states.name(ObjectKind.ERASED_INDEX)
        data = states.bucket.objects[row.name.key(TENANT, SOURCE)][0]
        copy = copy_without(data, doomed, own)
        if copy is not None:
            states.bucket.objects[own.key(TENANT, SOURCE)] = (copy.data, {})
            replaced[number] = NamedObject(own, len(copy.data), copy.digest)
            assert not leaves_with(blocks_in(copy.data), doomed)
            assert copy_without(copy.data, doomed, own) is None
    assert replaced
    builder.replace_objects(replaced)
    builder.update(dict.fromkeys(doomed))
    built = builder.finish()
    assert built is not None
    for ref in (first.manifest, second.manifest):
        del states.bucket.objects[ref.key]
    index = states.open(built)
    # The second's own object was not replaced unless it held one of them; what is needed is there either way.
    assert entries_of(index) == expected
    for row in index.named_objects():
        assert not leaves_with(blocks_in(states.bucket.objects[row.name.key(TENANT, SOURCE)][0]), doomed)
