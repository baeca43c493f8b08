"""Traps for erasures: what is taken back is gone from everywhere, and nothing else is."""

from __future__ import annotations

import json

import pytest
from knowledge import errors
from knowledge.erasures.model import ErasureState
from knowledge.erasures.steps import Eraser
from knowledge.index.entries import path_of
from knowledge.items.model import ItemDraft
from knowledge.sources.model import RemovalGuard

from testing.faults import before_first
from testing.import_files import Importing, ndjson
from testing.lifecycle import draft
from tests.faults.operations import LARGE
from tests.faults.traps import refusal_of, refused, small_parts, trap
from tests.faults.traps_upkeep import collect, compact, short_memory
from tests.support.erasing import WAIT_SECONDS, carry_out, erase, erase_wholly, places_with
from tests.support.faulty_world import FaultyWorld

SECRET, TITLE = "the secret of all secrets", "Titled most secretly"
TEXTS = (SECRET, TITLE)


def secret(text: str = SECRET, external_item_id: str = "x", **rest: object) -> ItemDraft:
    return draft(external_item_id, text, title=TITLE, **rest)


def push_secret(world: FaultyWorld, text: str = SECRET, **rest: object) -> object:
    return world.knowledge.staging.push_item(world.source, secret(text, **rest))[1]


def served_everywhere(world: FaultyWorld) -> dict[str, dict[str, str | None]]:
    """What each generation that is kept serves, but for the secret."""
    kept = world.knowledge.stores.generations.list_kept(world.source_id)
    return {
        each.generation_id: {name: text for name, text in world.served(each.generation_id).items() if name != "x"}
        for each in kept
    }


def check(world: FaultyWorld) -> None:
    """Hold what is stored against the promises, read anew: manifests are swapped."""
    world.reader.forget()
    world.check()


@trap
def erased_text_is_nowhere(world: FaultyWorld) -> None:
    """In packs and leaves of several editions, changes of runs, a compaction, a restore, and large contents."""
    with short_memory(generations=20):
        world.push(a="one", b="two")
        first = world.publish().generation_id
        push_secret(world)
        world.push(c="three")
        world.publish()
        push_secret(world, f"{SECRET} {LARGE}")
        world.publish()
        push_secret(world, f"{SECRET}, third edition", metadata={"note": SECRET})
        world.push(a="other")
        older = world.publish().generation_id
        world.clock.advance(days=2)
        assert compact(world)
        world.roll_back(first)
        world.roll_back(older)
        world.push("x", d="four")
        world.publish()
        push_secret(world, f"{SECRET}, not published")
        world.push(e="five")
        ready = world.run().run_id
        before = served_everywhere(world)
        assert places_with(world, TEXTS)
        erasure = erase_wholly(world, "x", "never-there")
        assert places_with(world, TEXTS) == []
        after = served_everywhere(world)
        assert {name: after[name] for name in before} == before
        assert all("x" not in world.served(each) for each in after)
        assert world.current.origin == "erasure"
        assert (erasure.items, erasure.counts.stubbed) == (2, 1)
        assert world.knowledge.runs.get_run(world.source, ready).state == "expired"
        world.roll_back(older)
        world.clock.advance(days=2)
        compact(world)
        assert places_with(world, TEXTS) == []
    world.publish_patiently()
    assert world.served()["e"] == "five"


@trap
def erased_item_is_not_served_as_soon_as_it_is_opened(world: FaultyWorld) -> None:
    """Whatever guards removals, and of an archived source."""
    push_secret(world)
    world.push(a="one", b="staged")
    world.publish()
    world.push(b="not to be published by that")
    guard = RemovalGuard(max_items=0)
    world.knowledge.sources.update_source(world.tenant_id, world.source_id, removal_guard=guard)
    world.knowledge.sources.archive_source(world.tenant_id, world.source_id)
    erasure = erase(world, "x")
    assert erasure.state is ErasureState.REWRITING
    assert world.served() == {"a": "one", "b": "staged"}
    carry_out(world, erasure.erasure_id)
    assert places_with(world, TEXTS) == []


@trap
def older_push_after_an_erasure_is_stale(world: FaultyWorld) -> None:
    push_secret(world, source_version=5)
    erase_wholly(world, "x")
    refused(errors.StaleVersionError, lambda: push_secret(world, source_version=4))
    push_secret(world, "new text", source_version=6)
    world.publish()
    assert world.served() == {"x": "new text"}


@trap
def content_that_is_pushed_again_stays(world: FaultyWorld) -> None:
    """The very same content, before the erasure is completed: published, staged, and large."""
    world.push(a="one")
    push_secret(world)
    world.push_many({"big": LARGE})
    world.publish()
    erasure = erase(world, "x", "big")
    push_secret(world)
    world.push_many({"big": LARGE})
    world.publish()
    world.push(a="two")
    world.publish()
    carry_out(world, erasure.erasure_id)
    assert world.served() == {"a": "two", "x": SECRET, "big": LARGE}
    assert world.knowledge.staging.get_item(world.source, "big").content == LARGE
    older = [each for each in world.knowledge.stores.generations.list_kept(world.source_id) if each.sequence <= 2]
    assert all(not {"x", "big"} & world.served(each.generation_id).keys() for each in older)


@trap
def content_pushed_between_opening_and_stub_stays(world: FaultyWorld) -> None:
    """The same content as is staged, which is no change by itself."""
    push_secret(world)
    world.push(a="one")
    world.publish()
    before_first(world.watch, "put_object", lambda: push_secret(world), matching="/opened-")
    erasure = carry_out(world, erase(world, "x").erasure_id)
    assert erasure.counts.stubbed == 0
    world.publish()
    assert world.served() == {"a": "one", "x": SECRET}


@trap
def run_that_was_planned_before_an_erasure_is_not_published(world: FaultyWorld) -> None:
    """Nothing of the base is erased, so nothing is published for it."""
    world.push(a="one")
    world.publish()
    push_secret(world)
    run = world.run()
    erase(world, "x")
    refused(errors.StalePlanError, lambda: world.apply(run))
    assert world.served() == {"a": "one"}


@trap
def run_that_is_being_published_gives_way_to_an_erasure(world: FaultyWorld) -> None:
    """It is opened after the checks, and is done when the run's write comes."""
    world.push(a="one")
    world.publish()
    push_secret(world)
    run = world.run()
    before_first(world.watch, "transact_write_items", lambda: open_alone(world), matching="settleRunId = :holder")
    assert refusal_of(lambda: world.apply(run)) is not None
    carry_out_all(world)
    assert places_with(world, TEXTS) == []


@trap
def plan_of_rows_from_before_an_erasure_is_not_stored(world: FaultyWorld) -> None:
    """The planning has read the row, and stores its plan when the erasure is over."""
    world.push(a="one")
    world.publish()
    push_secret(world)
    before_first(world.watch, "transact_write_items", lambda: erase_wholly(world, "x"), matching="#plan = :plan")
    refused(errors.RunInProgressError, world.run)
    world.publish_patiently("full")
    assert world.served() == {"a": "one"}


@trap
def planning_that_is_under_way_begins_anew_after_an_erasure(world: FaultyWorld) -> None:
    """Its parts up to then were read from rows that are stubs now."""
    with small_parts():
        world.push(a="one")
        world.publish()
        push_secret(world)
        world.push(b="two", c="three")
        assert sorted(("x", "b", "c"), key=path_of)[0] == "x", "the first part is about the secret"
        before_first(world.watch, "put_object", lambda: erase_wholly(world, "x"), matching="checkpoint.json")
        world.publish_patiently()
    assert world.served() == {"a": "one", "b": "two", "c": "three"}
    world.finish()


@trap
def no_restore_while_an_erasure_is_open(world: FaultyWorld) -> None:
    world.push(a="one")
    push_secret(world)
    first = world.publish().generation_id
    world.push(a="two")
    world.publish()
    erasure = erase(world, "x")
    refused(errors.ErasureInProgressError, lambda: world.roll_back(first))
    refused(errors.ErasureInProgressError, lambda: erase(world, "a"))
    carry_out(world, erasure.erasure_id)
    world.roll_back(first)
    assert world.served() == {"a": "one"}


@trap
def restore_that_is_under_way_gives_way_to_an_erasure(world: FaultyWorld) -> None:
    """It has read the old manifest, and its write comes when all is erased."""
    push_secret(world)
    world.push(a="one")
    first = world.publish().generation_id
    world.push("x")
    world.publish()
    world.clock.advance(days=8)
    world.push(a="two")
    world.publish()
    assert "x" not in world.served()
    before_first(world.watch, "transact_write_items", lambda: erase(world, "x"), matching="fullRequired = :true")
    assert refusal_of(lambda: world.roll_back(first)) is not None
    assert "x" not in world.served()
    carry_out_all(world)
    assert places_with(world, TEXTS) == []


@trap
def restore_after_an_erasure_goes_by_what_is_served(world: FaultyWorld) -> None:
    """The root hash that was published says that they differ, and that a compaction would be none."""
    with short_memory(generations=20):
        world.push(a="one")
        world.publish()
        push_secret(world)
        with_secret = world.publish().generation_id
        world.push("x", b="two")
        world.publish()
        erase_wholly(world, "x")
        restored = world.roll_back(with_secret).generation_id
        assert world.served() == {"a": "one"}
        assert world.roll_back(with_secret).generation_id == restored
        world.clock.advance(days=2)
        world.push(c="three")
        world.publish()
        world.push(d="four")
        world.publish()
        world.roll_back(with_secret)
        world.clock.advance(days=2)
        compact(world)
        assert world.served() == {"a": "one"}


@trap
def collector_and_compaction_leave_a_source_alone_that_is_erased_from(world: FaultyWorld) -> None:
    with short_memory():
        for text in ("one", "two", "three"):
            push_secret(world, f"{SECRET} {text}")
            world.push(a=text)
            world.publish()
        erasure = erase(world, "x")
        _rewriting(world, erasure.erasure_id)
        # Copies that nothing names yet, and nobody went on for days.
        world.clock.advance(days=3)
        collect(world)
        assert not compact(world)
        carry_out(world, erasure.erasure_id)
        assert world.served() == {"a": "three"}
    assert places_with(world, TEXTS) == []


@trap
def what_is_swapped_is_waited_for(world: FaultyWorld) -> None:
    """An old manifest may still be read for as long as anybody may have it; nobody went on for a while before."""
    world.push(a="one")
    push_secret(world)
    generation = world.knowledge.stores.generations.get_generation(world.source_id, world.publish().generation_id)
    erasure = erase(world, "x")
    world.clock.advance(seconds=2 * WAIT_SECONDS)
    carry_out(world, erasure.erasure_id, waits=False)
    world.knowledge.stores.index.open_index(generation.manifest)
    world.clock.advance(seconds=WAIT_SECONDS - 60)
    carry_out(world, erasure.erasure_id, waits=False)
    world.knowledge.stores.index.open_index(generation.manifest)
    carry_out(world, erasure.erasure_id)
    page = world.knowledge.generations.list_items(generation, limit=9, position=None, include_content=True)
    assert [item.external_item_id for item in page.items] == ["a"], "who has the old row reads it again"


@trap
def object_that_a_dead_attempt_left_is_erased(world: FaultyWorld) -> None:
    """It was written after the erasure was opened, by who had read before, and nothing ever named it."""
    push_secret(world)
    world.push(a="one")
    world.publish()
    push_secret(world, f"{SECRET}, second edition")

    met = before_first(world.watch, "transact_write_items", lambda: open_alone(world), matching="#plan = :plan")
    assert refusal_of(world.run) is not None
    assert met
    carry_out_all(world)
    assert places_with(world, TEXTS) == []


@trap
def deleted_versions_are_erased(world: FaultyWorld) -> None:
    with short_memory():
        push_secret(world, f"{SECRET} {LARGE}")
        world.push(a="one")
        world.publish()
        push_secret(world)
        world.publish()
        world.push(a="two")
        world.publish()
        world.clock.advance(days=9)
        collect(world)
        assert world.bucket.deleted
        erase_wholly(world, "x")
    assert places_with(world, TEXTS) == []


@trap
def versions_on_every_page_are_erased_with_their_marks(world: FaultyWorld) -> None:
    """As where there are more versions than S3 lists at once: each is on a page of its own."""
    with short_memory():
        for number in range(3):
            push_secret(world, f"{SECRET} {number} {LARGE}")
            world.publish()
        push_secret(world)
        world.publish()
        world.clock.advance(days=9)
        collect(world)
        hidden = {key for key in world.bucket.marks if key.startswith("content/")}
        assert len(hidden) > 1
        world.bucket.page = 1
        erase_wholly(world, "x")
    assert places_with(world, TEXTS) == []
    assert not world.bucket.marks & hidden, "a mark tells the hash of what was erased"


@trap
def changes_of_published_runs_keep_all_others(world: FaultyWorld) -> None:
    world.push(a="one", b="two")
    push_secret(world)
    run = world.run()
    world.apply(run)
    removed = world.run("full").run_id
    erase_wholly(world, "x")
    assert world.kinds(run) == {"a": "added", "b": "added"}
    assert world.knowledge.runs.get_run(world.source, run.run_id).plan.erased == 1
    assert world.knowledge.runs.get_run(world.source, removed).state == "ready"


@trap
def erased_item_is_not_found_again_by_a_later_state(world: FaultyWorld) -> None:
    """Its documents lie in several segments, one of which has nothing else, and in one that a run merges meanwhile."""
    with short_memory(generations=30):
        for number in range(6):
            push_secret(world, f"{SECRET}, edition {number}")
            world.push(**{f"item_{number}": f"text {number}"})
            world.publish()
        push_secret(world, SECRET)
        world.publish()
        erasure = erase(world, "x")
        assert "x" not in world.served()
        check(world)
        _rewriting(world, erasure.erasure_id)
        for number in range(3):
            world.push(**{f"later_{number}": "text"})
            world.publish()
        carry_out(world, erasure.erasure_id)
        check(world)
        push_secret(world, "new text")
        world.publish()
        check(world)
    assert places_with(world, [SECRET]) == []


@trap
def segment_that_a_dead_run_merged_is_erased(world: FaultyWorld) -> None:
    """No change of it is about the secret, whose document it put together with its own."""
    push_secret(world)
    world.publish()
    for number in range(6):
        world.push(**{f"item_{number}": "text"})
        world.publish()
    world.push(a="one")
    run = world.run()
    erase_wholly(world, "x")
    assert places_with(world, TEXTS) == []
    world.apply_patiently(run)
    assert "x" not in world.served()


@trap
def segment_that_cannot_be_read_is_erased_and_named_no_more(world: FaultyWorld) -> None:
    """One is damaged, one is missing: nobody can say that they hold nothing. The compaction builds them anew."""
    for damaged in (True, False):
        push_secret(world)
        world.push(a=f"one {damaged}")
        world.publish()
        row = world.knowledge.stores.index.open_index(world.current.manifest).manifest.segments.rows[-1]
        key = row.name.key(world.tenant_id, world.source_id)
        body, metadata = world.bucket.objects[key]
        if damaged:
            world.bucket.objects[key] = (body[:-9] + bytes(9), metadata)
        else:
            del world.bucket.objects[key]
        erase_wholly(world, "x")
        assert places_with(world, TEXTS) == []
        assert key not in world.bucket.objects
        segments = world.knowledge.stores.index.open_index(world.current.manifest).manifest.segments
        assert segments.rows is None, "a list without one of its segments finds too little"
        check(world)
        world.clock.advance(days=2)
        assert compact(world)
        segments = world.knowledge.stores.index.open_index(world.current.manifest).manifest.segments
        assert segments.documents == 1
        world.check()


def _rewriting(world: FaultyWorld, erasure_id: str) -> None:
    """Go on until the first manifest is about to be swapped."""
    store, eraser = world.knowledge.stores.erasures, world.knowledge.erasures.eraser
    while (store.get_erasure(world.source_id, erasure_id).cursor or [""])[0] != "manifests":
        eraser.advance(store.get_erasure(world.source_id, erasure_id), lambda: True)


@trap
def generation_that_is_published_while_others_are_rewritten_is_rewritten_too(world: FaultyWorld) -> None:
    """It was planned on a table that names the old objects, and is published before its base is swapped."""
    push_secret(world)
    world.push(a="one")
    world.publish()
    erasure = erase(world, "x")
    _rewriting(world, erasure.erasure_id)

    def publish() -> None:
        world.push(b="two")
        world.publish()

    before_first(world.watch, "transact_write_items", publish, matching="servedRootHash = :hash")
    carry_out(world, erasure.erasure_id)
    assert places_with(world, TEXTS) == []
    assert world.served() == {"a": "one", "b": "two"}
    world.publish_patiently("full")


@trap
def swap_of_what_was_current_leaves_a_newer_generation_served(world: FaultyWorld) -> None:
    push_secret(world)
    world.push(a="one")
    world.publish()
    erasure = erase(world, "x")
    _rewriting(world, erasure.erasure_id)
    latest: list[str] = []

    def publish() -> None:
        world.push(b="two")
        latest.append(world.publish().generation_id)

    before_first(world.watch, "transact_write_items", publish, matching="SET manifest = :manifest")
    world.knowledge.erasures.eraser.advance(
        world.knowledge.stores.erasures.get_erasure(world.source_id, erasure.erasure_id), lambda: True
    )
    assert latest
    generation = world.knowledge.stores.generations.get_generation(world.source_id, latest[0])
    assert world.source.manifest == generation.manifest, "the source is served from another generation's manifest"
    carry_out(world, erasure.erasure_id)


@trap
def no_run_brings_an_item_back_before_it_is_cleared(world: FaultyWorld) -> None:
    """It is pushed again and published; the clearing drops it, and no journal names it any more."""
    world.push(a="one")
    push_secret(world)
    world.publish()
    open_alone(world)
    push_secret(world, "pushed again")
    refused(errors.RunInProgressError, world.run)
    carry_out_all(world)
    world.publish_patiently()
    assert world.served() == {"a": "one", "x": "pushed again"}


@trap
def large_content_of_a_push_that_began_before_stays(world: FaultyWorld) -> None:
    """Its object lies under a key of the old epoch, and its row comes behind the stub."""
    before_first(world.watch, "transact_write_items", lambda: erase(world, "x"), matching="contentKey")
    push_secret(world, LARGE)
    carry_out_all(world)
    assert world.knowledge.staging.get_item(world.source, "x").content == LARGE
    world.publish()
    assert world.served() == {"x": LARGE}


@trap
def large_content_that_is_pushed_while_old_ones_are_swept_stays(world: FaultyWorld) -> None:
    """The same content on the same day: it is put, the sweep goes by, and then the row comes that names it."""
    push_secret(world, LARGE)
    erasure = erase(world, "x")
    carry_out(world, erasure.erasure_id, waits=False)
    before_first(world.watch, "transact_write_items", lambda: carry_out_all(world), matching="contentKey")
    push_secret(world, LARGE)
    assert world.knowledge.staging.get_item(world.source, "x").content == LARGE
    world.publish()
    assert world.served() == {"x": LARGE}


@trap
def compaction_that_is_under_way_gives_way_to_an_erasure(world: FaultyWorld) -> None:
    """Nothing of the items is served, so its base stays; what it wrote holds nothing, and yet it is another's turn."""
    with short_memory():
        for text in ("one", "two", "three"):
            world.push(a=text)
            world.publish()
        world.clock.advance(days=2)
        push_secret(world)
        before_first(world.watch, "transact_write_items", lambda: open_alone(world), matching=":manifest")
        made = world.knowledge.upkeep.compactor.compact_source(world.source)
        assert made is None
        carry_out_all(world)
    assert places_with(world, TEXTS) == []


@trap
def lines_that_were_uploaded_before_an_erasure_are_passed_over(world: FaultyWorld) -> None:
    """Also by a call that has read them, and is about to write."""
    importing = Importing(world)
    job = importing.create("upsert")
    event = importing.upload(job, ndjson({"a": "one", "x": SECRET}))
    met = before_first(world.watch, "transact_write_items", lambda: erase(world, "x"), matching="#journal")
    importing.deliver(event)
    importing.run()
    assert met
    job = importing.create("upsert")
    late = importing.upload(job, ndjson({"b": "two"}))
    importing.deliver(late)
    importing.run()
    carry_out_all(world)
    world.publish_patiently()
    assert world.served() == {"a": "one", "b": "two"}
    assert places_with(world, TEXTS) == []


@trap
def report_that_names_an_erased_item_is_erased(world: FaultyWorld) -> None:
    """Another import's report, of other items, stays for whoever reads it."""
    importing, reports = Importing(world), {}
    for name in ("x", "other"):
        job = importing.create("upsert")
        bad = json.dumps({"externalItemId": name, "title": TITLE, "content": 7}).encode()
        importing.deliver(importing.upload(job, ndjson({"a": "one"}) + bad + b"\n"))
        importing.run()
        reports[name] = str(importing.get(job).report_key)
        assert b"must be" in world.bucket.objects[reports[name]][0]
        world.clock.advance(seconds=5)
    erase_wholly(world, "x")
    assert reports["x"] not in world.bucket.objects
    assert reports["other"] in world.bucket.objects
    assert not [key for key in world.bucket.objects if key.endswith("/upload")]


def open_alone(world: FaultyWorld) -> None:
    """Open an erasure whose request dies at once."""

    def dies(*_: object) -> None:
        raise errors.ServiceUnavailableError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Eraser, "open_up", dies)
        erase(world, "x")


def carry_out_all(world: FaultyWorld) -> None:
    """Carry every erasure of the source out."""
    page = world.knowledge.stores.erasures.list_erasures(world.source_id, limit=9, position=None)
    for erasure in page.items:
        carry_out(world, erasure.erasure_id)
