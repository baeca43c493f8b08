"""Checkpoints and pieces of work read back as they were."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.index.manifest import BuiltIndex
from knowledge.model import ChangeKind, ObjectRef
from knowledge.runs.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint
from knowledge.runs.listing import Listing, Piece
from knowledge.runs.model import PlanPart
from knowledge.runs.parts import decode_work, encode_work
from knowledge.storage.format import FORMAT, UnknownFormatError

A, B = "a" * 64, "b" * 64
EMPTY = Checkpoint("t", "s", "r", 1, True, 5, 7, 1, 1, False, None, None, 0, (), ())


def test_checkpoint_reads_back() -> None:
    state = Checkpoint(
        tenant_id="t",
        source_id="s",
        run_id="r",
        plan_version=2,
        full=False,
        now=5,
        grace_days=7,
        settings_version=1,
        epoch=4,
        incomplete=True,
        base_generation_id=None,
        base=ObjectRef("k", A),
        base_entries=9,
        journal=(("jrn_1", 3, -2),),
        work=(("a", 1), ("b", 0)),
        later=(ObjectRef("w", B),),
        position=1,
        parts=(PlanPart(0, 1, ObjectRef("p", B), 300),),
        listing=Listing((Piece("ids", (0, 3, 7)),), "behind", 2),
        tally={"added": 1},
        covered_items=7,
        counted=3,
        unread=frozenset({"b"}),
        built=BuiltIndex(ObjectRef("i", A), B, 10, 1_000),
    )
    assert decode_checkpoint(encode_checkpoint(state)) == state


@pytest.mark.parametrize("work", [(), (("a", 1),), (("é", 1_795_000_000_000), ("a", 0))])
def test_piece_of_work_reads_back(work: tuple[tuple[str, int], ...]) -> None:
    assert decode_work(encode_work(work)) == work


refs = st.builds(ObjectRef, st.text(), st.text())
numbers = st.integers(0, 2**53)
checkpoints = st.builds(
    Checkpoint,
    tenant_id=st.text(),
    source_id=st.text(),
    run_id=st.text(),
    plan_version=numbers,
    full=st.booleans(),
    now=numbers,
    grace_days=numbers,
    settings_version=numbers,
    epoch=numbers,
    incomplete=st.booleans(),
    base_generation_id=st.none() | st.text(),
    base=st.none() | refs,
    base_entries=numbers,
    journal=st.lists(st.tuples(st.text(), numbers, st.none() | st.integers(-99, 99)), max_size=3).map(tuple),
    work=st.lists(st.tuples(st.text(), numbers), max_size=3).map(tuple),
    later=st.lists(refs, max_size=3).map(tuple),
    position=numbers,
    finished=st.booleans(),
    parts=st.lists(st.builds(PlanPart, numbers, numbers, refs, numbers), max_size=3).map(tuple),
    tally=st.dictionaries(st.sampled_from(ChangeKind), numbers),
    unread=st.frozensets(st.text(), max_size=5),
    built=st.none() | st.builds(BuiltIndex, refs, st.text(), numbers, numbers),
    covered_items=st.none() | numbers,
    counted=st.none() | numbers,
)


@given(checkpoints)
def test_any_checkpoint_reads_back(state: Checkpoint) -> None:
    written = encode_checkpoint(state)
    assert decode_checkpoint(written) == state
    # Whoever is the second to write it finds it there under the same digest.
    assert encode_checkpoint(decode_checkpoint(written)) == written


def test_every_field_is_written() -> None:
    written = json.loads(gzip.decompress(encode_checkpoint(EMPTY)))
    assert set(written) == {each.name for each in fields(Checkpoint)} | {"format"}


@pytest.mark.parametrize("decode", [decode_checkpoint, decode_work])
def test_checkpoint_of_another_format_is_refused(decode: Callable[[bytes], Any]) -> None:
    written = json.loads(gzip.decompress(encode_checkpoint(EMPTY))) | {"names": [], "revs": []}
    with pytest.raises(UnknownFormatError):
        decode(gzip.compress(json.dumps(written | {"format": FORMAT + 1}).encode()))


@given(st.lists(st.tuples(st.text(), numbers)).map(tuple))
def test_any_piece_of_work_reads_back_in_order(work: tuple[tuple[str, int], ...]) -> None:
    assert decode_work(encode_work(work)) == work


def test_piece_of_work_that_lost_its_end_is_refused() -> None:
    cut = gzip.compress(json.dumps({"format": FORMAT, "names": ["a", "b"], "revs": [1]}).encode())
    with pytest.raises(ValueError, match="zip"):
        decode_work(cut)
