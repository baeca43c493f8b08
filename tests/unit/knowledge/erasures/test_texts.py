"""Whether objects hold text of some items, and copies without it."""

from __future__ import annotations

import gzip
import json

import pytest
from knowledge.erasures.texts import copy_of_object, copy_of_pack, holds_text
from knowledge.index.names import ObjectKind, name_of
from knowledge.items.content import encode_item
from knowledge.items.model import ItemDraft
from knowledge.runs.change_file import ERASED, decode_changes, decode_directory, encode_part, erase_lines

from tests.support.index_states import IndexStates, entry

IDS = frozenset({"x"})
HASH = "0" * 64


def member(name: str, text: str = "text", **rest: object) -> bytes:
    return encode_item(ItemDraft(name, "T", text, **rest)).member  # type: ignore[arg-type]


@pytest.mark.parametrize("doomed", [0, 1, 2])
def test_pack_with_an_item_is_copied_without_it(doomed: int) -> None:
    members = [member("a"), member("b", "long " * 20_000)]
    members.insert(doomed, member("x", "secret"))
    pack = b"".join(members)
    assert holds_text("runs/t/s/run_1/att_1/pack-0000", pack, IDS)
    copy = copy_of_pack(pack, IDS)
    assert copy is not None
    assert len(copy) == len(pack)
    assert [json.loads(line)["externalItemId"] for line in gzip.decompress(copy).splitlines()] == ["a", "b"]
    assert not holds_text("runs/t/s/run_1/att_1/pack-0000", copy, IDS)
    assert copy_of_pack(copy, IDS) is None


def test_item_that_only_speaks_of_another_is_not_the_other() -> None:
    speaking = member("a", '"externalItemId":"x"', metadata={"externalItemId": "x"})
    assert not holds_text("runs/t/s/run_1/att_1/pack-0000", speaking, IDS)


def test_index_object_is_judged_by_its_leaves() -> None:
    states = IndexStates()
    built = states.build({"x": entry("x"), "a": entry("a")})
    data = states.bucket.objects[built.manifest.key][0]
    assert holds_text(built.manifest.key, data, IDS)
    assert not holds_text(built.manifest.key, data, {"b"})
    own = name_of(ObjectKind.ERASED_INDEX, f"era_{1:026d}", f"att_{1:026d}", 0)
    copy = copy_of_object(data, IDS, own)
    assert copy is not None
    assert not holds_text(built.manifest.key, copy.data, IDS)


def test_lines_of_changes_keep_their_places() -> None:
    lines = [
        ("a", "added", 1, "A", HASH, None, None, 0),
        ("x", "updated", 2, "Secret", HASH, HASH, None, 1),
        ("y", "drop", 3, "Y", None, None, None, 0),
        ("x2", "drop", 4, "Secret too", None, None, None, 0),
    ]
    ids = {"x", "x2"}
    part = encode_part(0, ("jrn_1",), lines)
    assert holds_text("runs/t/s/run_1/att_1/changes-0000.ndjson.gz", part.data, ids)
    erased = erase_lines(part.data, part.directory_bytes, part.digest, ids)
    assert erased is not None
    assert erased.erased == 1, "what was to be dropped was no change"
    again = erased.part
    directory = decode_directory(again.data[-again.directory_bytes :], again.digest)
    (only,) = directory.changes
    assert only.kinds == {"added": 1, ERASED: 2, "drop": 1}
    found = decode_changes(again.data[: only.length], only.digest)
    assert [(line.external_item_id, line.kind, line.title) for line in found] == [
        ("a", "added", "A"),
        ("x", ERASED, ""),
        ("y", "drop", "Y"),
        ("x2", ERASED, ""),
    ]
    assert not holds_text("runs/t/s/run_1/att_1/changes-0000.ndjson.gz", again.data, ids)
    assert erase_lines(again.data, again.directory_bytes, again.digest, ids) is None


@pytest.mark.parametrize("what", ["pack-0000", "index-0000", "changes-0000.ndjson.gz"])
def test_what_cannot_be_read_counts_as_holding_text(what: str) -> None:
    assert holds_text(f"runs/t/s/run_1/att_1/{what}", b"no such thing", IDS)


@pytest.mark.parametrize("what", ["checkpoint.json.gz", "work-0001.json.gz", "ids-0-0000.gz", "parts.json.gz"])
def test_what_holds_ids_alone_holds_no_text(what: str) -> None:
    assert not holds_text(f"runs/t/s/run_1/att_1/{what}", b"anything", IDS)
