"""/v1/sources/{sourceId}/snapshots and items/snapshot: a whole staging set, in parts or in one request."""

from __future__ import annotations

from dataclasses import asdict

from httpapi.answers import Answer, accepted, created, ok
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.render.snapshots import render_part, render_snapshot
from httpapi.schemas.fields import BodyReader, ListQuery, NoQuery, body_of
from httpapi.schemas.snapshots import (
    CompleteSnapshotRequest,
    ItemsInput,
    SnapshotInput,
    SnapshotRequest,
    read_snapshot,
)
from knowledge.items.model import ItemDraft
from knowledge.items.validation import read_items
from knowledge.limits import BATCH_BODY_BYTES
from knowledge.staging.expected_parts import ExpectedParts
from knowledge.staging.model import SnapshotState

SOURCE = "/v1/sources/{sourceId}"
SNAPSHOTS = SOURCE + "/snapshots"
SNAPSHOT = SNAPSHOTS + "/{snapshotId}"

routes = Routes()


@routes.post(
    SOURCE + "/items/snapshot",
    Scope.ITEMS_WRITE,
    body=BodyReader(SnapshotInput, read_snapshot),
    body_limit_bytes=BATCH_BODY_BYTES,
    loads_source=True,
)
def replace_items(call: Call[SnapshotRequest, NoQuery]) -> Answer:
    """Make the staging set exactly the given items; 202 when the removals take longer than a request may."""
    made = call.make_ids("snp")
    snapshot = call.services.knowledge.snapshots.replace_all(
        call.source,
        call.body.items,
        snapshot_id=made.id,
        earlier_id=made.earlier,
        allow_empty=call.body.allow_empty,
        key_id=call.key.key_id,
    )
    if snapshot.state is not SnapshotState.COMPLETED:
        place = call.place(SNAPSHOT, snapshotId=snapshot.snapshot_id)
        return accepted({"snapshot": render_snapshot(snapshot)}, place)
    return ok({"counts": asdict(snapshot.counts)})


@routes.post(SNAPSHOTS, Scope.ITEMS_WRITE, loads_source=True)
def open_snapshot(call: Call[None, NoQuery]) -> Answer:
    """Open a snapshot in parts."""
    made = call.make_ids("snp")
    snapshot = call.services.knowledge.snapshots.open_snapshot(
        call.source, snapshot_id=made.id, earlier_id=made.earlier
    )
    place = call.place(SNAPSHOT, snapshotId=snapshot.snapshot_id)
    return created({"snapshot": render_snapshot(snapshot)}, place)


@routes.get(SNAPSHOTS, Scope.ITEMS_WRITE, query=ListQuery, loads_source=True)
def list_snapshots(call: Call[None, ListQuery]) -> Answer:
    """List the snapshots of a source, newest first, without the sums of their parts."""
    listing = call.listing()
    page = call.services.knowledge.snapshots.list_snapshots(
        call.source, limit=call.query.limit, position=call.position(listing)
    )
    return ok(listing.render("snapshots", page, render_snapshot))


@routes.get(SNAPSHOT, Scope.ITEMS_WRITE, loads_source=True)
def get_snapshot(call: Call[None, NoQuery]) -> Answer:
    """Read a snapshot."""
    snapshot = call.services.knowledge.snapshots.get_snapshot(call.source, call.snapshot_id)
    return ok({"snapshot": render_snapshot(snapshot)})


@routes.put(
    SNAPSHOT + "/parts/{partNumber}",
    Scope.ITEMS_WRITE,
    body=BodyReader(ItemsInput, read_items),
    body_limit_bytes=BATCH_BODY_BYTES,
    loads_source=True,
)
def put_snapshot_part(call: Call[list[ItemDraft], NoQuery]) -> Answer:
    """Stage a part; one of the same number is replaced."""
    receipt = call.services.knowledge.snapshots.put_part(
        call.source, call.snapshot_id, call.part_number, call.body, key_id=call.key.key_id
    )
    return ok(render_part(receipt))


@routes.post(
    SNAPSHOT + "/complete",
    Scope.ITEMS_WRITE,
    body=body_of(CompleteSnapshotRequest),
    body_required=False,
    loads_source=True,
)
def complete_snapshot(call: Call[CompleteSnapshotRequest, NoQuery]) -> Answer:
    """Remove what no part names; 202 when that takes longer than a request may, and a repeat goes on with it."""
    asked = call.body
    snapshot = call.services.knowledge.snapshots.complete_snapshot(
        call.source,
        call.snapshot_id,
        allow_empty=asked.allow_empty,
        expected=ExpectedParts(asked.parts, asked.items, asked.allow_gaps),
        key_id=call.key.key_id,
    )
    answer = ok if snapshot.state is SnapshotState.COMPLETED else accepted
    return answer({"snapshot": render_snapshot(snapshot)})


@routes.delete(SNAPSHOT, Scope.ITEMS_WRITE, loads_source=True)
def abort_snapshot(call: Call[None, NoQuery]) -> Answer:
    """End a snapshot without removing anything; what its parts staged stays."""
    snapshot = call.services.knowledge.snapshots.abort_snapshot(call.source, call.snapshot_id)
    return ok({"snapshot": render_snapshot(snapshot)})
