"""Guards of segments that are taken away, and the trap that must catch each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from knowledge.generations import building
from knowledge.generations.store import GenerationStore
from knowledge.segments import rebuilding, writing
from knowledge.upkeep import compaction
from search.segments import merging
from search.segments.prefixes import Prefixes

from tests.faults import traps_segments
from tests.faults.mutating import Mutation


def _kill_nobody(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(writing.SegmentWriter, "kill", lambda *_: None)


def _forget_what_was_killed(patched: pytest.MonkeyPatch) -> None:
    merge = merging.merge_parts

    def forgetful(parts: Any, settings: Any, *, begins_at_oldest: bool, **rest: Any) -> Any:
        assert begins_at_oldest in {True, False}
        return merge(parts, settings, begins_at_oldest=True, **rest)

    patched.setattr(writing, "merge_parts", forgetful)


def _all_documents_live(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(merging, "live_documents", _one_of_each_item)


def _one_of_each_item(parts: Any) -> Any:
    """The oldest of each item, as if a merge went by ids."""
    found: dict[str, Any] = {}
    for part in parts:
        for document in part.documents:
            found.setdefault(document.item_id, document)
    return iter(found.values())


def _every_run_only_adds(patched: pytest.MonkeyPatch) -> None:
    kept = GenerationStore.list_kept

    def plain(self: Any, source_id: str) -> Any:
        return [replace(each, replaces_segments=False) for each in kept(self, source_id)]

    patched.setattr(GenerationStore, "list_kept", plain)


def _publish_without_documents(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(building, "_lacks_documents", lambda _: False)


def _miss_no_segment(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(compaction, "is_segment_missing", lambda *_: False)


def _rebuild_from_a_part(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(rebuilding, "read_documents", lambda _, entries: ({} for _ in entries[:0]))


def _no_newer_ids(patched: pytest.MonkeyPatch) -> None:
    as_part = merging.as_part

    def without_ids(documents: Any, killed: Any) -> Any:
        return as_part(documents, killed)._replace(added=Prefixes(b""))

    patched.setattr(writing, "as_part", without_ids)


SEGMENTS = [
    Mutation("what a drop kills", traps_segments.dropped_item_is_found_no_more, patch=_kill_nobody),
    Mutation(
        "what a merge goes on killing",
        traps_segments.item_that_was_dropped_does_not_come_back_by_a_merge,
        patch=_forget_what_was_killed,
    ),
    Mutation(
        "the newer document in a merge",
        traps_segments.item_that_was_changed_does_not_come_back_by_a_merge,
        patch=_all_documents_live,
    ),
    Mutation(
        "what a run's own documents are newer than in a merge",
        traps_segments.item_that_was_changed_does_not_come_back_by_a_merge,
        patch=_no_newer_ids,
    ),
    Mutation(
        "tables before merges when collecting",
        traps_segments.collector_spares_segments_that_a_merge_left,
        patch=_every_run_only_adds,
    ),
    Mutation(
        "documents counted before publication",
        traps_segments.state_without_all_its_documents_is_not_published,
        patch=_publish_without_documents,
    ),
    Mutation(
        "segments asked for by the compaction",
        traps_segments.compaction_builds_segments_of_all_that_is_served,
        patch=_miss_no_segment,
    ),
    Mutation(
        "all contents in what is built anew",
        traps_segments.compaction_builds_segments_of_all_that_is_served,
        patch=_rebuild_from_a_part,
    ),
]
