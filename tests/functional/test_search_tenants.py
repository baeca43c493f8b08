"""Tenants on one warm process: each sees what is its own, however many there are and however little is kept."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from knowledge.environments import Environment
from knowledge.searching.indexes import OpenIndexes
from knowledge.searching.model import Question
from knowledge.searching.segment_files import SegmentFiles, SegmentKey
from knowledge.settings import SearchSettings

from testing.edge import Edge
from tests.functional.test_search import found
from tests.support.sizes import sized

QUERIES = sized(80, 1_000)


def two_tenants(edge: Edge) -> dict[str, tuple[str, str]]:
    """Two tenants whose items have the same ids and texts but for one word; a source and the word of each."""
    made = {}
    for word in ("apple", "pear"):
        edge.token = edge.key(edge.bootstrap())
        source = edge.source()
        edge.push(source, "same", title="Same", content=f"common {word}")
        edge.publish(source)
        made[edge.tenant_of(edge.token)] = (source, word)
    return made


@pytest.mark.long
@pytest.mark.parametrize("kept", ["much", "little"])
def test_two_tenants_in_turns_never_see_each_other(edge: Edge, kept: str) -> None:
    tenants = two_tenants(edge)
    searcher = edge.services.knowledge.searcher
    if kept == "little":
        # Room for one index and one head: each search puts out what the other one needs.
        size = 3 * 2_500
        settings = SearchSettings(edge.search.folder, size, size)
        stores = edge.services.knowledge.stores
        searcher.finder.indexes = OpenIndexes(stores, stores.index, settings)
    chance = random.Random(20)
    for number in range(QUERIES):
        tenant = list(tenants)[number % 2] if number % 10 else chance.choice(list(tenants))
        source, word = tenants[tenant]
        asked = chance.choice(["common", *(each[1] for each in tenants.values())])
        answer = searcher.search(Question(tenant, Environment.LIVE, asked), None)
        expected = [(source, f"common {word}")] if asked in ("common", word) else []
        assert [(each.source_id, each.snippet) for each in answer.results] == expected


def test_equal_names_of_segments_are_kept_apart(tmp_path: Path) -> None:
    files = SegmentFiles(tmp_path, 1_000)
    keys = [SegmentKey(f"ten_{tenant}", f"src_{source}", "digest") for tenant in (1, 2) for source in (1, 2)]
    for number, key in enumerate(keys):
        files.write(key, bytes([number]))
    assert [files.read(key) for key in keys] == [b"\0", b"\1", b"\2", b"\3"]
    files.forget("ten_1", "src_1", ())
    assert [files.read(key) for key in keys] == [None, b"\1", b"\2", b"\3"]


def test_a_disk_takes_no_more_than_it_may(tmp_path: Path) -> None:
    files = SegmentFiles(tmp_path, 10)
    keys = [SegmentKey("ten", "src", str(number)) for number in range(4)]
    for key in keys:
        files.write(key, bytes(4))
        files.read(keys[0])
    assert [files.read(key) for key in keys] == [bytes(4), None, None, bytes(4)]
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["0", "3"]


def test_files_of_a_process_before_are_taken_up_and_halves_deleted(tmp_path: Path) -> None:
    key = SegmentKey("ten", "src", "whole")
    SegmentFiles(tmp_path, 10).write(key, b"1234")
    half = tmp_path / "ten" / "src" / "other-1.part"
    half.write_bytes(b"12")
    files = SegmentFiles(tmp_path, 6)
    assert not half.exists()
    assert files.read(key) == b"1234"
    files.write(key._replace(digest="more"), b"123")
    assert files.read(key) is None


def test_a_crash_in_a_write_leaves_no_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = SegmentFiles(tmp_path, 10)
    key = SegmentKey("ten", "src", "digest")

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "replace", crash)
        files.write(key, b"1234")
    assert files.read(key) is None
    assert SegmentFiles(tmp_path, 10).read(key) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_disk_that_is_full_is_no_reason_to_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = SegmentFiles(tmp_path, 10)

    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    files.write(SegmentKey("ten", "src", "digest"), b"1234")
    assert files.read(SegmentKey("ten", "src", "digest")) is None


def test_processes_beside_each_other_have_a_folder_each(edge: Edge) -> None:
    stores = edge.services.knowledge.stores
    first, second = (OpenIndexes(stores, stores.index, edge.search) for _ in range(2))
    assert first._folder != second._folder
    taken = first._folder
    del first
    assert OpenIndexes(stores, stores.index, edge.search)._folder == taken
    shutil.rmtree(edge.search.folder)
    assert isinstance(second, OpenIndexes)


def test_no_more_segments_are_open_than_a_process_may_map(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.searching.indexes._SEGMENTS_OPEN", 6)
    source = edge.source()
    for number in range(6):
        edge.push(source, f"i{number}", content="common")
        edge.publish(source)
        assert len(found(edge, "common")) == number + 1
    served = edge.services.knowledge.finder.indexes._served
    assert sum(len(segments) for key in served for _, segments in key[1]) <= 6
