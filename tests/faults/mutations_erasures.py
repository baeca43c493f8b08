"""Erasures with one rule taken away at a time, and the trap that must catch it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from knowledge.erasures import clearing, plans, rewriting, service, steps, stubbing, sweeping
from knowledge.erasures import segments as erased_segments
from knowledge.erasures import texts as erased_texts
from knowledge.erasures.model import Erasure
from knowledge.generations import reader as generation_reader
from knowledge.generations import restoring
from knowledge.generations.model import Generation
from knowledge.generations.store import GenerationStore
from knowledge.imports import staging as import_staging
from knowledge.index import scanning
from knowledge.index.building import IndexBuilder
from knowledge.index.names import GONE
from knowledge.runs import planning
from knowledge.runs.turns import PlanningTurns
from knowledge.staging import writing
from knowledge.storage.objects import ObjectStore
from knowledge.storage.versions import VersionPage, VersionStore
from knowledge.upkeep import collecting
from search.engine.files import EngineFiles
from search.segments import building
from search.segments.layout import decode_head

from tests.faults import traps_erasures
from tests.faults.mutating import Mutation, without

_EPOCH = "attribute_not_exists(erasureEpoch)"
_NONE_OPEN = "attribute_not_exists(erasureId)"


def _plan_while_it_is_opened(patched: pytest.MonkeyPatch) -> None:
    take = PlanningTurns._take

    def heedless(self: Any, *of: Any) -> Any:
        turn = take(self, *of)
        return turn._replace(source=replace(turn.source, erasure_opening=False))

    patched.setattr(PlanningTurns, "_take", heedless)


def _resume_whatever_was_erased(patched: pytest.MonkeyPatch) -> None:
    def carry_on(self: Any, turn: Any, _: str, ref: Any) -> Any:
        state, index = self._resume(planning.decode_checkpoint(self.stores.objects.get(ref)))
        return replace(state, erasures=turn.source.erasure_epoch), index

    patched.setattr(planning.Planner, "_carry_on", carry_on)


def _open_another(patched: pytest.MonkeyPatch) -> None:
    opened = service.ErasureService._open

    def heedless(self: Any, source: Any, *of: Any) -> Any:
        return opened(self, replace(source, erasure_id=None), *of)

    patched.setattr(service.ErasureService, "_open", heedless)


def _restore_while_it_is_open(patched: pytest.MonkeyPatch) -> None:
    publish = restoring.Restorer._publish

    def heedless(self: Any, source: Any, *of: Any) -> Any:
        return publish(self, replace(source, erasure_id=None), *of)

    patched.setattr(restoring.Restorer, "_publish", heedless)


def _collect_while_it_is_open(patched: pytest.MonkeyPatch) -> None:
    collect = collecting.Collector.collect_garbage

    def heedless(self: Any, source: Any) -> Any:
        return collect(self, replace(source, erasure_id=None))

    patched.setattr(collecting.Collector, "collect_garbage", heedless)


def _stub_every_row(patched: pytest.MonkeyPatch) -> None:
    stub = stubbing.Stubber._stub_chunk

    def all_of(self: Any, erasure: Erasure, ids: Any) -> int:
        return stub(self, replace(erasure, epoch=erasure.epoch + 1), ids)

    patched.setattr(stubbing.Stubber, "_stub_chunk", all_of)


def _forget_versions(patched: pytest.MonkeyPatch) -> None:
    stub = stubbing._stub
    patched.setattr(stubbing, "_stub", lambda *of: stub(*of)._replace(source_version=None))


def _push_nothing_new(patched: pytest.MonkeyPatch) -> None:
    context = writing.WriteContext
    patched.setattr(writing, "WriteContext", lambda *of: replace(context(*of), opening=False))


def _never_wait(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(steps, "ERASURE_WAIT_MS", 0)


def _wait_from_the_opening(patched: pytest.MonkeyPatch) -> None:
    begin = steps.Eraser._begin_waiting

    def early(self: Any, after: Erasure, before: Erasure) -> Erasure:
        waiting = begin(self, after, before)
        until = before.opened_at + steps.ERASURE_WAIT_MS
        return self.stores.erasures.note(waiting, replace(waiting, waits_until=until, due_at=until))

    patched.setattr(steps.Eraser, "_begin_waiting", early)


def _one_pass(patched: pytest.MonkeyPatch) -> None:
    """Swap once, and never look again; neither does the sweep."""
    swap = rewriting.Rewriter.swap_manifests
    passed: set[str] = set()

    def once(self: Any, erasure: Erasure, ids: Any, has_time: Any) -> Any:
        if erasure.erasure_id in passed:
            return False
        passed.add(erasure.erasure_id)
        swap(self, erasure, ids, has_time)
        return False

    patched.setattr(rewriting.Rewriter, "swap_manifests", once)
    patched.setattr(rewriting.Rewriter, "named_keys", lambda *_: set())


def _swap_the_current_alone(patched: pytest.MonkeyPatch) -> None:
    kept = GenerationStore.list_kept
    in_passes: list[bool] = []
    swap = rewriting.Rewriter.swap_manifests

    def passing(self: Any, *of: Any) -> Any:
        in_passes.append(True)
        try:
            return swap(self, *of)
        finally:
            in_passes.pop()

    patched.setattr(rewriting.Rewriter, "swap_manifests", passing)
    patched.setattr(GenerationStore, "list_kept", lambda self, of: kept(self, of)[: 1 if in_passes else None])
    patched.setattr(rewriting.Rewriter, "named_keys", lambda *_: set())


def _unmarked_objects(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(ObjectStore, "marked", lambda self, _: self)


def _drop_the_id_for_ever(patched: pytest.MonkeyPatch) -> None:
    swap = rewriting.Rewriter._swap

    def swapped(self: Any, erasure: Erasure, generation: Generation, copies: Any, ids: Any) -> Any:
        return swap(self, erasure, replace(generation, erasures=0), copies, ids)

    patched.setattr(rewriting.Rewriter, "_swap", swapped)


def _one_key_for_all_epochs(patched: pytest.MonkeyPatch) -> None:
    key = writing.content_key
    patched.setattr(writing, "content_key", lambda *of: key(*of[:4]))


def _sweep_what_rows_name(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(sweeping, "_is_named", lambda *_: False)


def _leave_runs(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(plans.PlanEraser, "erase_runs", lambda *_: (0, None))


def _serve_what_was_published(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(Generation, "serves", property(lambda self: self.root_hash))


def _live_versions_alone(patched: pytest.MonkeyPatch) -> None:
    page = VersionStore.list_page

    def live(self: Any, *of: Any) -> VersionPage:
        found = page(self, *of)
        gone = {each.key for each in found.versions if each.is_deletion}
        return found._replace(versions=[each for each in found.versions if each.key not in gone])

    patched.setattr(VersionStore, "list_page", live)


def _first_page_alone(patched: pytest.MonkeyPatch) -> None:
    page = VersionStore.list_page
    patched.setattr(VersionStore, "list_page", lambda self, *of: page(self, *of)._replace(behind=None))


def _leave_marks(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(sweeping.Sweeper, "_marks_of", lambda *_: [])


def _last_leaves_alone(patched: pytest.MonkeyPatch) -> None:
    """Look at a leaf only if no later edition of it lies in the same object."""
    leaves_with = scanning.leaves_with

    def latest(blocks: Any, ids: Any) -> Any:
        return leaves_with(blocks, ids)[-1:]

    patched.setattr(scanning, "leaves_with", latest)
    patched.setattr(erased_texts, "leaves_with", lambda blocks, ids: [])


def _keep_members(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(erased_texts, "_is_of", lambda *_: False)


def _read_once(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(generation_reader.GenerationReader, "_read_again", lambda self, generation, read: read(generation))


def _stage_every_line(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(import_staging, "without", lambda entries, _: entries)


def _leave_imports_alone(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(stubbing.Stubber, "_stop_import", lambda *_: None)


def _keep_reports(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(sweeping.Sweeper, "_is_doomed_file", lambda self, version, _: not version.key.endswith(".ndjson"))


def _keep_uploads(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(sweeping.Sweeper, "sweep_imports", lambda *_: (0, True))


def _find_what_is_not_served(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(clearing.Clearer, "_kill_documents", lambda *_: None)


def _keep_documents(patched: pytest.MonkeyPatch) -> None:
    """Of segments; neither does the sweep see them."""
    patched.setattr(erased_segments, "copy_of_segment", lambda *_: None)
    patched.setattr(erased_segments, "has_documents", lambda *_: False)


def _copy_segments_by_bytes(patched: pytest.MonkeyPatch) -> None:
    """Take texts and ids out of a segment, and leave the engine's files as they are."""
    build = erased_segments.build_segment

    def kept_files(documents: Any, killed: Any, settings: Any, *, tier: int) -> Any:
        with pytest.MonkeyPatch.context() as within:
            within.setattr(building, "write_files", lambda *_: files_of[0])
            return build(documents, killed, settings, tier=tier)

    files_of: list[Any] = []
    read = erased_segments.read_part

    def reading(ref: Any, data: bytes) -> Any:
        head = decode_head(ref, data[: ref.head])
        files_of[:] = [EngineFiles(head.header.segment_id, head.header.documents, head.files)]
        return read(ref, data)

    patched.setattr(erased_segments, "read_part", reading)
    patched.setattr(erased_segments, "build_segment", kept_files)


def _leave_segments_of_nobody(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(erased_segments, "has_documents", lambda *_: False)


def _pass_over_what_cannot_be_read(patched: pytest.MonkeyPatch) -> None:
    """Leave it in the list."""
    copy = rewriting.Rewriter._copy_segment

    def heedless(self: Any, *of: Any) -> Any:
        copied = copy(self, *of)
        return None if copied == GONE else copied

    patched.setattr(rewriting.Rewriter, "_copy_segment", heedless)


def _take_it_off_the_list(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(IndexBuilder, "drop_segments", IndexBuilder.renew_segments)


ERASURES = [
    Mutation(
        "end of an item's documents when it is cleared",
        traps_erasures.erased_item_is_not_found_again_by_a_later_state,
        patch=_find_what_is_not_served,
    ),
    Mutation("documents of segments", traps_erasures.erased_text_is_nowhere, patch=_keep_documents),
    Mutation("words of segments", traps_erasures.erased_text_is_nowhere, patch=_copy_segments_by_bytes),
    Mutation(
        "segments of runs that were not published",
        traps_erasures.segment_that_a_dead_run_merged_is_erased,
        patch=_leave_segments_of_nobody,
    ),
    Mutation(
        "segment that can't be read counts as holding text",
        traps_erasures.segment_that_cannot_be_read_is_erased_and_named_no_more,
        patch=_pass_over_what_cannot_be_read,
    ),
    Mutation(
        "list of which a segment can't be read",
        traps_erasures.segment_that_cannot_be_read_is_erased_and_named_no_more,
        patch=_take_it_off_the_list,
    ),
    Mutation(
        "erasure epoch when a plan is stored",
        traps_erasures.plan_of_rows_from_before_an_erasure_is_not_stored,
        without(_EPOCH, where="planningAt"),
    ),
    Mutation(
        "erasure epoch at publication",
        traps_erasures.run_that_is_being_published_gives_way_to_an_erasure,
        without(_EPOCH, where="settleRunId = :holder"),
    ),
    Mutation(
        "no planning while an erasure is being opened",
        traps_erasures.no_run_brings_an_item_back_before_it_is_cleared,
        patch=_plan_while_it_is_opened,
    ),
    Mutation(
        "checkpoint from before an erasure",
        traps_erasures.planning_that_is_under_way_begins_anew_after_an_erasure,
        patch=_resume_whatever_was_erased,
    ),
    Mutation(
        "one open erasure",
        traps_erasures.no_restore_while_an_erasure_is_open,
        without(f"{_NONE_OPEN} AND erasureEpoch = :erasures", where="SET erasureId"),
        patch=_open_another,
    ),
    Mutation(
        "no restore while an erasure is open",
        traps_erasures.no_restore_while_an_erasure_is_open,
        without(_NONE_OPEN, where="fullRequired = :true"),
        patch=_restore_while_it_is_open,
    ),
    Mutation(
        "no erasure at the publication of a restore",
        traps_erasures.restore_that_is_under_way_gives_way_to_an_erasure,
        without(f"{_EPOCH} AND #status = :active AND {_NONE_OPEN}", where="fullRequired = :true"),
    ),
    Mutation(
        "no erasure at the publication of a compaction",
        traps_erasures.compaction_that_is_under_way_gives_way_to_an_erasure,
        without(f"{_EPOCH} AND #status = :active AND {_NONE_OPEN}", where="manifest = :manifest"),
    ),
    Mutation(
        "no collection while an erasure is open",
        traps_erasures.collector_and_compaction_leave_a_source_alone_that_is_erased_from,
        patch=_collect_while_it_is_open,
    ),
    Mutation(
        "rows of the erasure's epoch",
        traps_erasures.content_pushed_between_opening_and_stub_stays,
        patch=_stub_every_row,
    ),
    Mutation(
        "push of what is staged while an erasure is being opened",
        traps_erasures.content_pushed_between_opening_and_stub_stays,
        patch=_push_nothing_new,
    ),
    Mutation("version of a stub", traps_erasures.older_push_after_an_erasure_is_stale, patch=_forget_versions),
    Mutation("wait before the sweep", traps_erasures.what_is_swapped_is_waited_for, patch=_never_wait),
    Mutation("wait from the last swap", traps_erasures.what_is_swapped_is_waited_for, patch=_wait_from_the_opening),
    Mutation(
        "passes until nothing is swapped",
        traps_erasures.generation_that_is_published_while_others_are_rewritten_is_rewritten_too,
        patch=_one_pass,
    ),
    Mutation("every generation that is kept", traps_erasures.erased_text_is_nowhere, patch=_swap_the_current_alone),
    Mutation(
        "base when a source's manifest is swapped",
        traps_erasures.swap_of_what_was_current_leaves_a_newer_generation_served,
        without("generationId = :base AND manifest.digest = :digest", where="SET manifest = :manifest"),
    ),
    Mutation("epoch of an object", traps_erasures.content_that_is_pushed_again_stays, patch=_unmarked_objects),
    Mutation("epoch of a generation", traps_erasures.content_that_is_pushed_again_stays, patch=_drop_the_id_for_ever),
    Mutation(
        "epoch in the key of a content",
        traps_erasures.large_content_that_is_pushed_while_old_ones_are_swept_stays,
        patch=_one_key_for_all_epochs,
    ),
    Mutation(
        "row that names a content of an older epoch",
        traps_erasures.large_content_of_a_push_that_began_before_stays,
        patch=_sweep_what_rows_name,
    ),
    Mutation("files of runs", traps_erasures.changes_of_published_runs_keep_all_others, patch=_leave_runs),
    Mutation(
        "what is served, not what was published",
        traps_erasures.restore_after_an_erasure_goes_by_what_is_served,
        patch=_serve_what_was_published,
    ),
    Mutation(
        "versions on further pages",
        traps_erasures.versions_on_every_page_are_erased_with_their_marks,
        patch=_first_page_alone,
    ),
    Mutation(
        "marks of what is swept", traps_erasures.versions_on_every_page_are_erased_with_their_marks, patch=_leave_marks
    ),
    Mutation("versions that were deleted", traps_erasures.deleted_versions_are_erased, patch=_live_versions_alone),
    Mutation("leaves that no state names", traps_erasures.erased_text_is_nowhere, patch=_last_leaves_alone),
    Mutation("members of packs", traps_erasures.erased_text_is_nowhere, patch=_keep_members),
    Mutation("generation that is read again", traps_erasures.what_is_swapped_is_waited_for, patch=_read_once),
    Mutation(
        "lines from before an erasure",
        traps_erasures.lines_that_were_uploaded_before_an_erasure_are_passed_over,
        patch=_stage_every_line,
    ),
    Mutation(
        "checkpoint of an import that is under way",
        traps_erasures.lines_that_were_uploaded_before_an_erasure_are_passed_over,
        patch=_leave_imports_alone,
    ),
    Mutation("uploads", traps_erasures.lines_that_were_uploaded_before_an_erasure_are_passed_over, patch=_keep_uploads),
    Mutation(
        "reports that name an item", traps_erasures.report_that_names_an_erased_item_is_erased, patch=_keep_reports
    ),
]
