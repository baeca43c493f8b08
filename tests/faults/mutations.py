"""The product with one guard taken away at a time, and the trap that must catch it.

Most guards are conditions in requests, so the request is rewritten on its way out; the others are patched.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from knowledge.generations import building
from knowledge.imports import ending as import_ending
from knowledge.imports import parts as import_parts
from knowledge.imports import transitions as import_transitions
from knowledge.index import building as index_building
from knowledge.index import walking
from knowledge.index.leaf import decode_leaf
from knowledge.index.names import GONE
from knowledge.index.store import PublishedIndex
from knowledge.index.trie import Trie
from knowledge.model import ObjectRef
from knowledge.runs import change_file, planning
from knowledge.runs import store as run_store
from knowledge.runs.events import run_ready
from knowledge.runs.model import PlanningProgress
from knowledge.sources import store as source_store
from knowledge.sources.model import Source
from knowledge.storage import objects as object_store
from knowledge.upkeep import collecting

from tests.faults import traps_conditions, traps_imports, traps_planning, traps_publishing, traps_upkeep
from tests.faults.mutating import Mutation, Patch, key_of, without, without_put, writes_of
from tests.faults.mutations_counts import COUNTS
from tests.faults.mutations_decisions import DECISIONS
from tests.faults.mutations_erasures import ERASURES
from tests.faults.mutations_exports import EXPORTS
from tests.faults.mutations_histories import HISTORIES
from tests.faults.mutations_reviews import REVIEWS
from tests.faults.mutations_segments import SEGMENTS


def _weakly_read(request: dict[str, Any]) -> bool:
    asked = [each for each in (request, *request.get("RequestItems", {}).values()) if "ConsistentRead" in each]
    for each in asked:
        del each["ConsistentRead"]
    return bool(asked)


def _put_anyhow(request: dict[str, Any]) -> bool:
    return request.pop("IfNoneMatch", None) is not None


def _unmarked(request: dict[str, Any]) -> bool:
    """A restore that does not mark its generation."""
    met = False
    for write in writes_of(request):
        if ", fullRequired = :true" in write.get("UpdateExpression", ""):
            write["UpdateExpression"] = write["UpdateExpression"].replace(", fullRequired = :true", "")
            del write["ExpressionAttributeValues"][":true"]
            met = True
    return met


def _unmarking(request: dict[str, Any]) -> bool:
    """A compaction that takes the mark of a restore away."""
    met = False
    for write in writes_of(request):
        expression = write.get("UpdateExpression", "")
        if "manifest = :manifest" in expression and "fullRequired" not in expression:
            write["UpdateExpression"] = f"{expression}, fullRequired"
            met = True
    return met


def _forget_on_empty_apply(patched: pytest.MonkeyPatch) -> None:
    build = building.Builder._build

    def forgetful(self: Any, source: Any, request: Any, now: int) -> Any:
        outcome = build(self, source, request, now)
        if outcome.generation_id is not None:
            run = self.stores.runs.get_run(request.source_id, request.run_id)
            part = self.stores.changes.read_part(run.plan.parts[-1], ())
            self.stores.journal.forget_entries(source.source_id, part.covered)
        return outcome

    patched.setattr(building.Builder, "_build", forgetful)


def _rebase(patched: pytest.MonkeyPatch) -> None:
    plan = planning.Planner.plan_run

    def rebasing(self: Any, tenant_id: str, source_id: str, run_id: str, checkpoint: ObjectRef | None = None) -> Any:
        run = self.stores.runs.get_run(source_id, run_id)
        if run.plan is None:
            return plan(self, tenant_id, source_id, run_id, checkpoint)
        source = self.stores.sources.get_source(tenant_id, source_id)
        rebased = replace(
            run.plan,
            version=run.plan_version + 1,
            base_generation_id=source.generation_id,
            base_digest=source.manifest.digest,
        )
        key, now = run_store.RunKey(tenant_id, source_id, run_id), self.clock()
        self.stores.runs.set_plan(key, rebased, run_ready(self.new_id("evt"), *key, rebased, now), now)
        return PlanningProgress(done=True)

    patched.setattr(planning.Planner, "plan_run", rebasing)


def _publish_any_index(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(building.Builder, "_check_objects", lambda *_: None)


def _rebase_and_publish(patched: pytest.MonkeyPatch) -> None:
    _rebase(patched)
    _publish_any_index(patched)


def _check_manifest_alone(patched: pytest.MonkeyPatch) -> None:
    """Take the generation out of the checks under the lease."""
    check = building.check_applicable

    def lenient(source: Source, run: Any, request: Any, now: int) -> Any:
        plan = run.plan and replace(run.plan, base_generation_id=source.generation_id)
        check(source, replace(run, plan=plan), request, now)
        return plan

    patched.setattr(building, "check_applicable", lenient)


def _displaced(offset: Callable[[int, int], int]) -> Patch:
    """Name each block at another offset than it lies at; `offset` is given that, and its length."""

    def patch(patched: pytest.MonkeyPatch) -> None:
        append = index_building.IndexBuilder._append

        def displaced(self: Any, block: bytes) -> Any:
            place = append(self, block)
            return place._replace(offset=offset(place.offset, place.length))

        patched.setattr(index_building.IndexBuilder, "_append", displaced)

    return patch


def _leaves_change_places(patched: pytest.MonkeyPatch) -> None:
    """Name the first two leaves of an update at each other's places: both are sound, and neither is the one."""
    update = index_building.IndexBuilder.update

    def exchanged(self: Any, changes: Any) -> None:
        fresh: list[Any] = []
        take = self.trie.take_fresh

        def taken() -> Any:
            fresh.extend(take())
            return fresh

        type(self.trie).take_fresh = lambda _: taken()
        try:
            update(self, changes)
        finally:
            type(self.trie).take_fresh = original
        if len(fresh) > 1:
            fresh[0].place, fresh[1].place = fresh[1].place, fresh[0].place

    original = Trie.take_fresh
    patched.setattr(index_building.IndexBuilder, "update", exchanged)


def _trust_plans(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(change_file, "_checked", lambda data, _: gzip.decompress(data))


def _trust_leaves(patched: pytest.MonkeyPatch) -> None:
    """Take a leaf for what it is, whatever the row says that names it."""
    patched.setattr(walking, "_columns_in", lambda data, leaf: decode_leaf(data))


def _read_only_the_latest_names(patched: pytest.MonkeyPatch) -> None:
    find = collecting.Collector._find_named
    patched.setattr(collecting.Collector, "_find_named", lambda self, kept: find(self, kept[:1]))


def _pass_over_own_objects(patched: pytest.MonkeyPatch) -> None:
    """Collect the object that a manifest lies in, which no table of its own names."""
    patched.setattr(
        PublishedIndex,
        "keys",
        lambda self: {row.name.key(self.tenant_id, self.source_id) for row in self.named_objects()[:-1] if row != GONE},
    )


def _forget_one_name_too_many(patched: pytest.MonkeyPatch) -> None:
    forget = index_building.IndexBuilder.forget_objects

    def forgetful(self: Any, numbers: Any) -> None:
        # Of its own: the pack that contents were moved to.
        forget(self, numbers)
        for number in reversed(range(len(self._rows))):
            if self._rows[number] != GONE:
                self._rows[number] = GONE
                return

    patched.setattr(index_building.IndexBuilder, "forget_objects", forgetful)


def _one_attempt(patched: pytest.MonkeyPatch) -> None:
    advance = planning.Planner._advance

    def always_the_first(self: Any, *of: Any) -> Any:
        return advance(replace(self, new_id=lambda prefix: f"{prefix}_{1:026d}"), *of)

    patched.setattr(planning.Planner, "_advance", always_the_first)


def _cover_unread(patched: pytest.MonkeyPatch) -> None:
    everything = lambda self, state, unread: tuple(entry_id for entry_id, _ in state.journal)  # noqa: E731
    patched.setattr(planning.Planner, "_covered", everything)


def _trust_objects(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(object_store.ObjectStore, "check_object", lambda self, ref: None)


def _take_over_at_once(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(source_store, "OWN_TAKEOVER_MS", -1000)


def _never_await(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(Source, "awaits_more", lambda self, now: False)


def _unmindful_of_runs(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(collecting, "needs_objects", lambda *_: False)


def _never_mark_expired(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(run_store.RunStore, "set_expired", lambda *_: True)


_PUBLISHES = "settleRunId = :holder"
_NOTHING_OPEN = "(attribute_not_exists(openSnapshotId) OR openSnapshotExpiresAt <= :began)"
_MARKED = "rev = :rev AND #state = :removed"


def _end_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the event of an import's end after the transaction that ends it."""
    transact = import_transitions.ImportTransitions.transact

    def apart(store: import_transitions.ImportTransitions, *actions: Any) -> None:
        kept = [action for action in actions if "event#" not in str(key_of(action.get("Put", {}).get("Item", {})))]
        transact(store, *kept)
        if len(kept) < len(actions):
            transact(store, *(action for action in actions if action not in kept))

    monkeypatch.setattr(import_transitions.ImportTransitions, "transact", apart)


MUTATIONS = [
    Mutation("journal entry", traps_planning.acknowledged_writes_are_in_the_next_run, without_put("#journal")),
    Mutation("event of an import's end", traps_imports.ended_import_has_told_of_its_end, patch=_end_told_apart),
    Mutation(
        "state when rows are staged",
        traps_imports.cancelled_import_stages_nothing_more,
        without("#state = :own", where="checkpoint = :next"),
    ),
    Mutation(
        "run of a cancelled import",
        traps_imports.cancelled_import_publishes_nothing_more,
        patch=lambda patched: patched.setattr(import_ending.ImportEnder, "_ending_run", lambda *_: []),
    ),
    Mutation(
        "key before the apply",
        traps_imports.key_that_ended_before_the_apply_publishes_nothing,
        patch=lambda patched: patched.setattr(import_parts.ImportPermits, "check", lambda *_: None),
    ),
    Mutation(
        "places of imports",
        traps_imports.one_place_is_given_to_one_of_two_imports,
        without("attribute_not_exists(places) OR size(places) < :most"),
    ),
    Mutation(
        "places of sources",
        traps_imports.one_place_is_given_to_one_of_two_sources,
        without("attribute_not_exists(#count) OR #count < :most"),
    ),
    Mutation("outbox put", traps_publishing.every_publication_is_announced_once, without_put("event#")),
    Mutation("strong read", traps_planning.run_never_reads_older_than_what_was_acknowledged, _weakly_read),
    Mutation("put-once", traps_planning.acknowledged_writes_are_in_the_next_run, _put_anyhow),
    Mutation("rev of a changed row", traps_planning.higher_source_version_is_never_lost, without("rev = :rev")),
    Mutation("rev that an editor saw", traps_conditions.one_of_two_editors_of_an_item_wins, without("rev = :rev")),
    Mutation("rev of what is removed", traps_conditions.removal_removes_what_was_seen, without("rev = :rev")),
    Mutation(
        "absence of what is created",
        traps_conditions.one_of_two_creators_of_an_item_wins,
        without("attribute_not_exists(pk) OR expiresAt <= :now"),
    ),
    Mutation(
        "state that an editor saw",
        traps_conditions.removed_item_that_is_dropped_meanwhile_is_another_one,
        without("#state = :state"),
    ),
    Mutation(
        "settings that an editor saw",
        traps_conditions.one_of_two_editors_of_a_source_wins,
        without("#name = :nameBefore"),
    ),
    Mutation(
        "settings of what is archived",
        traps_conditions.source_is_archived_as_it_was_seen,
        without("#name = :nameBefore", where="SET #status = :status"),
    ),
    Mutation(
        "absence of a new row",
        traps_planning.two_creations_of_one_item_are_one,
        without("attribute_not_exists(pk) OR expiresAt <= :now"),
    ),
    Mutation("rev of a dropped row", traps_planning.item_pushed_again_before_it_is_marked_stays, without(_MARKED)),
    Mutation(
        "base at publication",
        traps_publishing.base_must_still_be_the_one_of_the_plan,
        without("attribute_not_exists(generationId)", where=_PUBLISHES),
    ),
    Mutation(
        "generation beside the manifest, everywhere",
        traps_publishing.restored_manifest_is_not_the_base_of_what_was_planned_before,
        without("generationId = :base"),
        patch=_check_manifest_alone,
    ),
    Mutation(
        "generation beside the manifest at publication",
        traps_publishing.manifest_that_is_restored_after_the_checks_is_another_base,
        without("generationId = :base"),
    ),
    Mutation(
        "manifest beside the generation at publication",
        traps_publishing.generation_whose_manifest_was_replaced_is_another_base,
        without("manifest.digest = :baseDigest"),
    ),
    Mutation(
        "base that an index names itself",
        traps_publishing.index_of_another_base_is_never_published,
        patch=_publish_any_index,
    ),
    Mutation("tree over another base", traps_planning.replanning_is_a_fresh_diff, patch=_rebase_and_publish),
    Mutation(
        "offset of a block, by a byte",
        traps_planning.acknowledged_writes_are_in_the_next_run,
        patch=_displaced(lambda offset, _: offset + 1),
    ),
    Mutation(
        "offset of a block, by its length",
        traps_publishing.leaves_lie_where_they_are_said_to,
        patch=_displaced(lambda offset, length: max(offset - length, 0)),
    ),
    Mutation("place of a leaf", traps_publishing.leaves_lie_where_they_are_said_to, patch=_leaves_change_places),
    Mutation(
        "lease at publication",
        traps_publishing.lost_lease_never_publishes,
        without("leaseToken = :token AND leaseRunId = :holder"),
    ),
    Mutation(
        "token at publication",
        traps_publishing.lease_taken_over_by_the_same_run_stops_the_first_attempt,
        without("leaseToken = :token", where=_PUBLISHES),
    ),
    Mutation(
        "settings at publication",
        traps_publishing.settings_changed_after_the_checks_are_honoured,
        without("settingsVersion = :settings"),
    ),
    Mutation(
        "status at publication",
        traps_publishing.source_archived_after_the_checks_does_not_publish,
        without("#status = :active", where=_PUBLISHES),
    ),
    Mutation(
        "plan version at publication",
        traps_publishing.plan_that_was_made_anew_is_not_published_by_its_old_build,
        without("planVersion = :version", where="generationId = :generation"),
    ),
    Mutation("expiry at publication", traps_publishing.expired_run_is_not_published, without("planExpiresAt > :now")),
    Mutation(
        "plan version at planning",
        traps_planning.two_plannings_of_a_run_never_write_one_key,
        without("planVersion = :version", where="#plan = :plan"),
    ),
    Mutation("one holder of the lease", traps_publishing.lease_admits_one_apply, without("leaseExpiresAt <= :now")),
    Mutation(
        "token when the lease is freed",
        traps_publishing.failing_attempt_frees_no_lease_but_its_own,
        without("leaseToken = :token", where="REMOVE leaseRunId"),
    ),
    Mutation(
        "time before a run takes its own lease over",
        traps_publishing.retry_does_not_fence_its_own_working_attempt,
        patch=_take_over_at_once,
    ),
    Mutation("empty apply keeps the journal", traps_planning.empty_apply_forgets_nothing, patch=_forget_on_empty_apply),
    Mutation("fresh diff when planning again", traps_planning.replanning_is_a_fresh_diff, patch=_rebase),
    Mutation("attempts of their own", traps_planning.two_plannings_of_a_run_never_write_one_key, patch=_one_attempt),
    Mutation(
        "rows before entries", traps_planning.torn_entry_is_kept_when_other_changes_are_published, patch=_cover_unread
    ),
    Mutation(
        "open snapshot seen by a run",
        traps_planning.half_of_a_snapshot_is_never_published,
        without(_NOTHING_OPEN),
        patch=_never_await,
    ),
    Mutation(
        "epoch when a plan is stored",
        traps_planning.snapshot_that_comes_and_goes_while_a_run_reads_is_noticed,
        without(f"epoch = :epoch AND {_NOTHING_OPEN}"),
    ),
    Mutation(
        "digest of a plan", traps_publishing.plan_swapped_for_another_is_neither_shown_nor_settled, patch=_trust_plans
    ),
    Mutation("hash of a leaf", traps_publishing.leaf_swapped_for_another_fails_the_run, patch=_trust_leaves),
    Mutation("digest of a pack", traps_publishing.damaged_pack_is_not_published, patch=_trust_objects),
    Mutation("mark of a restore", traps_upkeep.restore_is_followed_by_full_runs_until_one_publishes, _unmarked),
    Mutation("mark kept by a compaction", traps_upkeep.compaction_keeps_the_mark_of_a_restore, _unmarking),
    Mutation(
        "generation still kept at its restore",
        traps_upkeep.generation_that_was_retired_is_not_restored,
        without("attribute_exists(pk) AND attribute_not_exists(retiredAt)"),
    ),
    Mutation(
        "live runs when collecting",
        traps_upkeep.collector_spares_what_an_apply_is_about_to_name,
        patch=_unmindful_of_runs,
    ),
    Mutation(
        "expiry marked before collecting",
        traps_upkeep.run_that_was_collected_is_never_published,
        patch=_never_mark_expired,
    ),
    Mutation(
        "base at the publication of a compaction",
        traps_upkeep.compaction_gives_way_to_what_was_published_meanwhile,
        without("generationId = :base AND manifest.digest = :baseDigest"),
    ),
    Mutation(
        "tables before compactions and restores when collecting",
        traps_upkeep.collector_spares_what_older_generations_alone_are_served_from,
        patch=_read_only_the_latest_names,
    ),
    Mutation(
        "object of a manifest itself when collecting",
        traps_upkeep.collector_spares_what_older_generations_alone_are_served_from,
        patch=_pass_over_own_objects,
    ),
    Mutation(
        "names that a compaction keeps",
        traps_upkeep.compaction_takes_away_no_name_that_is_needed,
        patch=_forget_one_name_too_many,
    ),
    *COUNTS,
    *DECISIONS,
    *ERASURES,
    *EXPORTS,
    *SEGMENTS,
    *HISTORIES,
    *REVIEWS,
]
