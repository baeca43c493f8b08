"""What the events that may start an import ask for. Pure.

| event | asks for |
|---|---|
| `Object Created` of the content bucket, `imports/<tenant>/<source>/<import>/upload` | the import that waits for it |
| the same, `imports/<tenant>/<source>/<anything else>` | a new import, by the metadata of the object |
| `knowledge.import.requested` | a new import of a file that this stack may read |
| `Step Functions Execution Status Change` | the import whose execution ended before it did |
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.ids import is_id
from knowledge.imports.model import UPLOAD, ImportMode


class RejectedEventError(Exception):
    """Raised for an event that can't be followed; the message is the reason that goes to the dead-letter queue."""


@dataclass(frozen=True, slots=True)
class UploadArrived:
    """The upload of an import that waits for it."""

    tenant_id: str
    source_id: str
    import_id: str
    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class ImportRequested:
    """A request to import a file. `identity` is the same for every delivery of one event and for no other event.

    `mode` and `apply` are None where the object's own metadata say them.
    """

    tenant_id: str
    source_id: str
    bucket: str
    key: str
    identity: str
    mode: ImportMode | None
    apply: bool | None


@dataclass(frozen=True, slots=True)
class ExecutionEnded:
    """An execution of the machine that ended without having ended its import."""

    tenant_id: str
    source_id: str
    import_id: str
    attempt: int


Request = UploadArrived | ImportRequested | ExecutionEnded


def read_event(event: Mapping[str, Any], own_bucket: str) -> Request | None:
    """Read what an event asks for; None for one that asks for nothing, such as a piece that an import wrote.

    Raises RejectedEventError when it is none of these events, or may not ask for what it asks for.
    """
    detail = event.get("detail")
    if isinstance(detail, Mapping):
        match event.get("detail-type"):
            case "Object Created":
                return _object_created(detail, own_bucket)
            case "knowledge.import.requested":
                return _requested(event.get("id"), detail, own_bucket)
            case "Step Functions Execution Status Change":
                return _execution_ended(detail)
    raise RejectedEventError("The event is none that starts an import.")


def _object_created(detail: Mapping[str, Any], own_bucket: str) -> Request | None:
    match detail:
        case {"bucket": {"name": str() as bucket}, "object": {"key": str() as key} as found} if bucket == own_bucket:
            pass
        case _:
            raise RejectedEventError("The event names no object of the stack's own bucket.")
    match key.split("/", 4):
        case ["imports", tenant_id, source_id, name, *rest] if is_id("imp", name) and rest:
            if rest != [UPLOAD]:
                return None
            return UploadArrived(tenant_id, source_id, name, bucket, key)
        case ["imports", tenant_id, source_id, *rest] if any(rest):
            # A write has a sequencer of its own, also when it writes the same bytes again.
            identity = "\0".join((key, str(found.get("etag")), str(found.get("sequencer"))))
            return ImportRequested(tenant_id, source_id, bucket, key, identity, None, None)
    raise RejectedEventError("The object lies in no source's folder: imports/<tenant>/<source>/<name>.")


def _requested(event_id: Any, detail: Mapping[str, Any], own_bucket: str) -> Request:
    if not isinstance(event_id, str) or not event_id:
        raise RejectedEventError("The event has no id.")
    # Uploads are far more frequent, and need none of what reads this.
    from knowledge.imports.request_detail import read_request_detail

    try:
        asked = read_request_detail(detail)
    except ValueError as error:
        raise RejectedEventError(str(error)) from None
    folder = f"imports/{asked.tenant_id}/{asked.source_id}/"
    if asked.bucket == own_bucket and not asked.key.startswith(folder):
        # What else lies there belongs to others, or is no upload.
        raise RejectedEventError("A file of the stack's own bucket must lie in the folder of the source.")
    return ImportRequested(
        asked.tenant_id,
        asked.source_id,
        asked.bucket,
        asked.key,
        f"event\0{event_id}",
        ImportMode(asked.mode),
        asked.apply,
    )


def _execution_ended(detail: Mapping[str, Any]) -> Request:

    try:
        state = json.loads(detail["input"])
        return ExecutionEnded(state["tenantId"], state["sourceId"], state["importId"], state["attempt"])
    except (KeyError, TypeError, ValueError) as error:
        raise RejectedEventError("The execution's input names no import.") from error
