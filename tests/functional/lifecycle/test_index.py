"""Plans in parts, leaves that split and merge, and the root hash that knows nothing of them."""

from __future__ import annotations

import random
from typing import Any

import pytest
from knowledge.index import trie
from knowledge.index.entries import path_of
from knowledge.model import ObjectRef
from knowledge.runs import parts
from knowledge.runs.checkpoint import decode_checkpoint
from knowledge.runs.parts import decode_work
from knowledge.storage.objects import ObjectStore
from knowledge.upkeep import scattered

from testing.lifecycle import Lifecycle


def _small_parts(monkeypatch: pytest.MonkeyPatch, changes_per_part: int) -> None:
    monkeypatch.setattr(parts, "CHANGES_PER_PART", changes_per_part)


def test_changes_are_paged_over_parts_without_gaps(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _small_parts(monkeypatch, 4)
    lifecycle.push_many({f"item-{number}": "text" for number in range(23)})
    run = lifecycle.run()

    names = [change.external_item_id for change in lifecycle.changes(run)]
    assert len(run.plan.parts) == 6
    assert sorted(names) == sorted(f"item-{number}" for number in range(23))
    assert names == sorted(names, key=path_of)


def test_each_invocation_reads_the_work_that_is_its_own(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _small_parts(monkeypatch, 4)
    read, sizes = ObjectStore.get, []

    def noted(store: ObjectStore, ref: ObjectRef) -> bytes:
        body = read(store, ref)
        if "/work-" in ref.key:
            sizes.append(len(decode_work(body)))
        if "/checkpoint" in ref.key:
            assert decode_checkpoint(body).work == ()
        return body

    monkeypatch.setattr(ObjectStore, "get", noted)
    lifecycle.push_many({f"item-{number}": "text" for number in range(23)})
    lifecycle.run()
    assert sizes == [4, 4, 4, 4, 3]


def test_same_content_by_any_road_has_the_same_root_hash(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lifecycle = lean_lifecycle
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 4)
    contents = {f"item-{number}": f"text {number}" for number in range(20)}
    straight = Lifecycle(lifecycle.settings, lifecycle.clients, grace_days=0)
    straight.push_many(contents)
    straight.publish()
    winding = Lifecycle(lifecycle.settings, lifecycle.clients, grace_days=0)
    for name, text in reversed(contents.items()):
        winding.push_many({name: text + "!", f"extra-{name}": "x"})
        winding.publish()
    winding.push_many(contents)
    winding.push(*(f"extra-{name}" for name in contents))
    winding.publish()

    assert winding.served() == straight.served() == contents
    assert winding.current.root_hash == straight.current.root_hash


@pytest.mark.parametrize("mode", ["incremental", "full"])
def test_plan_in_many_parts_gives_the_same_generation(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    lifecycle = lean_lifecycle
    lifecycles = [lifecycle, Lifecycle(lifecycle.settings, lifecycle.clients)]
    outcomes = []
    for lifecycle, changes_per_part in zip(lifecycles, (25_000, 7), strict=True):
        _small_parts(monkeypatch, changes_per_part)
        lifecycle.push_many({f"item-{number}": f"text {number}" for number in range(60)})
        lifecycle.publish(mode)
        lifecycle.push_many({f"item-{number}": f"new {number}" for number in range(30, 70)})
        lifecycle.push(*(f"item-{number}" for number in range(10)))
        run = lifecycle.run(mode)
        assert (len(run.plan.parts) > 5) is (changes_per_part == 7)
        outcomes.append(lifecycle.apply(run))

    assert lifecycles[0].current.root_hash == lifecycles[1].current.root_hash
    assert outcomes[0].counts == outcomes[1].counts
    assert lifecycles[0].served() == lifecycles[1].served()


@pytest.mark.parametrize("changes_per_part", [5, 25_000])
def test_leaves_split_and_merge(lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch, changes_per_part: int) -> None:
    lifecycle = lean_lifecycle
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 2)
    _small_parts(monkeypatch, changes_per_part)
    lifecycle.knowledge.sources.update_source(lifecycle.tenant_id, lifecycle.source_id, grace_days=0)
    seed = random.Random(7)
    # Ids that crowd under a few pairs of digits, so that groups of leaves come about with little work.
    names = [name for name in (f"item-{number}" for number in range(6000)) if path_of(name)[:2] in {"00", "01", "4f"}]
    expected: dict[str, str] = {}
    for size in (3, len(names), 50, 9, 30, 0):
        chosen = set(seed.sample(names, size))
        drops = sorted(expected.keys() - chosen)
        contents = {
            name: f"{name} {seed.random()}" for name in sorted(chosen) if seed.random() < 0.3 or name not in expected
        }
        lifecycle.push_many(contents)
        lifecycle.push(*drops)
        lifecycle.publish()
        expected = {name: text for name, text in {**expected, **contents}.items() if name in chosen}
        assert lifecycle.served() == expected
        lifecycle.check(settled=True, leaf_entries=2)


def test_run_reads_the_rows_and_leaves_of_its_changes_only(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 4)
    lifecycle.push_many({f"item-{number}": "text" for number in range(64)})
    lifecycle.publish()
    lifecycle.push_many({"item-1": "changed"})
    leaves: list[int] = []
    read = trie.Trie.read_columns

    def counted(self: Any, asked: Any) -> Any:
        leaves.append(sum(leaf.columns is None for leaf in asked))
        return read(self, asked)

    monkeypatch.setattr(trie.Trie, "read_columns", counted)
    lifecycle.publish()
    assert sum(leaves) == 1
    lifecycle.check(settled=True, leaf_entries=4)


def test_apply_writes_no_object_and_reads_of_the_index_its_root_alone(lifecycle: Any) -> None:
    lifecycle.push_many({f"item-{number}": "text" for number in range(64)})
    lifecycle.publish()
    lifecycle.push_many({f"item-{number}": "changed" for number in range(9)})
    run = lifecycle.run()
    before = len(lifecycle.watch.calls)
    lifecycle.apply(run)
    asked = [call for call in lifecycle.watch.calls[before:] if call.service == "s3"]
    assert "put_object" not in {call.operation for call in asked}
    # The manifest that the run wrote; whether its pack is there; and the changes, to settle.
    assert [(call.operation, call.request["Key"].rpartition("/")[2][:4]) for call in asked] == [
        ("get_object", "inde"),
        ("head_object", "pack"),
        ("get_object", "chan"),
    ]


def test_run_writes_four_objects(lifecycle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 4)
    lifecycle.push_many({f"item-{number}": "text" for number in range(64)})
    lifecycle.publish()
    lifecycle.push_many({f"item-{number}": "changed" for number in range(40)})
    before = set(lifecycle.watch.puts.digests)
    lifecycle.publish()
    written = sorted(key.rpartition("/")[2] for key in lifecycle.watch.puts.digests.keys() - before)
    assert written == ["changes-0000.ndjson.gz", "index-0000", "pack-0000", "segment-0000"]
    lifecycle.check(settled=True, leaf_entries=4)


def test_names_outgrow_the_manifest_and_every_generation_stays_readable(
    lean_lifecycle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A publication names two objects, so 40 fill two blocks of the table; a compaction leaves gaps in it."""
    lifecycle = lean_lifecycle
    monkeypatch.setattr(trie, "LEAF_ENTRIES", 4)
    sizes = set()
    for number in range(40):
        lifecycle.push_many({f"item-{number % 23}": f"text {number}"})
        lifecycle.publish()
        body, _ = lifecycle.bucket.objects[lifecycle.current.manifest.key]
        sizes.add(int.from_bytes(body[-6:-4], "little"))
    assert max(sizes) <= 3075 + 92 * 24
    state = lifecycle.check(settled=True, leaf_entries=4).states[lifecycle.current.generation_id]
    assert len(state.names) == 80
    served = lifecycle.served()
    monkeypatch.setattr(scattered, "SMALL_OBJECTS", 2)
    lifecycle.clock.advance(days=1)
    assert lifecycle.knowledge.upkeep.compactor.compact_source(lifecycle.source) is not None
    state = lifecycle.check(leaf_entries=4).states[lifecycle.current.generation_id]
    assert len(state.names) == 82
    assert sum(key is not None for key, _, _ in state.names) == 2, "one pack and one index object"
    for number in range(20):
        lifecycle.push_many({f"item-{number}": f"again {number}"})
        lifecycle.publish()
    assert lifecycle.served() == {**served, **{f"item-{number}": f"again {number}" for number in range(20)}}
    lifecycle.check(settled=True, leaf_entries=4)
