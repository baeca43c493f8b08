"""Segments that were built apart are one index: its scores are those of an index that was built at once."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

import pytest
from search.engine import files
from search.engine.files import EngineFiles, assemble, write_files
from search.engine.reading import IndexReader
from search.engine.schema import Indexed
from search.errors import DamagedSegmentError, EngineFailedError
from search.queries.tree import Phrase, Sum, Word

WORDS = [f"w{number}" for number in range(60)]


def documents(count: int, seed: int) -> list[Indexed]:
    chance = random.Random(seed)
    return [
        Indexed(f"{seed}-{number}", "00" * 32, "en", *(" ".join(chance.choices(WORDS, k=k)) for k in (3, 30)), ["t:x"])
        for number in range(count)
    ]


def test_scores_are_those_of_one_index(tmp_path: Path) -> None:
    first, second = documents(40, 1), documents(7, 2)
    apart = IndexReader(assemble([write_files(first), write_files(second)], tmp_path / "apart"))
    at_once = IndexReader(assemble([write_files([*first, *second])], tmp_path / "at_once"))
    for seed in range(30):
        one, other = random.Random(seed).sample(WORDS, 2)
        query = Sum((Word("title_en", one), Word("text_en", other), Phrase("text_en", (one, other))))
        found = [[(round(each.score, 5), each.item_id) for each in each.find(query, 50)] for each in (apart, at_once)]
        assert found[0] == found[1]
        assert found[0]


def test_hits_say_which_segment_they_are_of(tmp_path: Path) -> None:
    parts = [write_files(documents(count, count)) for count in (3, 5, 2)]
    found = IndexReader(assemble(parts, tmp_path)).find(Sum(tuple(Word("text_en", word) for word in WORDS)), 20)
    assert {(each.segment, each.item_id.partition("-")[0]) for each in found} == {(0, "3"), (1, "5"), (2, "2")}


def test_segment_without_documents_takes_no_place(tmp_path: Path) -> None:
    parts = [write_files([]), write_files(documents(1, 1)), EngineFiles("", 0, {})]
    reader = IndexReader(assemble(parts, tmp_path))
    assert reader.documents == 1
    assert parts[0] == parts[2]


def test_index_of_nothing_finds_nothing(tmp_path: Path) -> None:
    reader = IndexReader(assemble([], tmp_path))
    assert (reader.documents, reader.find(Word("text_en", "a"), 10)) == (0, [])


@pytest.mark.parametrize("suffix", [".store", ".term", ".idx"])
def test_damaged_files_are_an_error_of_ours_or_no_error(tmp_path: Path, suffix: str) -> None:
    """The engine panics for some of them. That no damage gets so far is the digests' work."""
    part = write_files(documents(30, 1))
    part.files[suffix]
    damaged = {**part.files, suffix: bytes(reversed(part.files[suffix]))}
    with pytest.raises(EngineFailedError):
        IndexReader(assemble([part._replace(files=damaged)], tmp_path)).find(Word("text_en", WORDS[0]), 10)


def test_missing_files_are_an_error(tmp_path: Path) -> None:
    part = write_files(documents(3, 1))
    with pytest.raises(EngineFailedError):
        assemble([part._replace(files={})], tmp_path)


def test_files_of_an_open_index_have_no_names(tmp_path: Path) -> None:
    """What no path leads to, nobody changes under a reader, and a process that dies leaves nothing."""
    reader = IndexReader(assemble([write_files(documents(30, 1)), write_files(documents(3, 2))], tmp_path))
    query = Sum(tuple(Word("text_en", word) for word in WORDS))
    found = reader.find(query, 50)
    assert len(found) == 33
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == []
    # A thread of the engine looks for changes twice a second.
    time.sleep(0.7)
    shutil.rmtree(tmp_path)
    assert reader.find(query, 50) == found


@pytest.mark.long
def test_any_byte_that_the_disk_changes_before_it_is_open_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = write_files(documents(3, 1))
    real = files.unpack
    for suffix, data in part.files.items():
        for at in range(0, len(data), 1 if "FUZZ_CASES" in os.environ else 41):
            flipped = data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]

            def unpack(each: EngineFiles, folder: Path, suffix: str = suffix, flipped: bytes = flipped) -> None:
                real(each._replace(files={**each.files, suffix: flipped}), folder)

            monkeypatch.setattr(files, "unpack", unpack)
            with pytest.raises((DamagedSegmentError, EngineFailedError)):
                assemble([part], tmp_path / f"{suffix}-{at}")
