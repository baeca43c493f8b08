"""Files for imports, the events that tell of them, and short words for what happens then."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from knowledge.actors import Actor
from knowledge.import_tasks import start_import
from knowledge.imports.model import Import, ImportFormat, ImportMode
from knowledge.items.model import ItemDraft
from knowledge.limits import MAX_REJECTED_LINES

from testing.lifecycle import Lifecycle, draft
from testing.wire import MemoryQueue


def line(item: ItemDraft) -> bytes:
    """An item as a client writes it into a file, with its line feed."""
    values = {name: value for name, value in asdict(item).items() if value not in (None, ())}
    names = {"external_item_id": "externalItemId", "content_type": "contentType", "source_version": "sourceVersion"}
    return json.dumps({names.get(name, name): value for name, value in values.items()}).encode() + b"\n"


def ndjson(contents: dict[str, str]) -> bytes:
    """A file of items by id and content."""
    return b"".join(line(draft(name, content)) for name, content in contents.items())


def many(count: int, text: str = "text") -> dict[str, str]:
    """So many contents by id."""
    return {f"item-{number:06d}": f"{text} {number}" for number in range(count)}


def chunked(items: Iterable[Any], size: int) -> Iterable[list[Any]]:
    """Items some at a time."""
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


class Importing:
    """A source, seen by who imports files into it."""

    def __init__(self, life: Lifecycle) -> None:
        self.life = life
        self.queue = MemoryQueue()
        life.clients.sqs = self.queue

    def create(self, mode: str = "upsert", *, apply: bool = True, **asked: Any) -> Import:
        """Ask for an import, which stands bad lines unless it is asked not to."""
        job, link = self.life.knowledge.imports.service.create_import(
            self.life.source,
            mode=ImportMode(mode),
            apply=apply,
            file_format=ImportFormat.NDJSON,
            import_id=self.life.ids("imp"),
            **{"max_rejected": MAX_REJECTED_LINES, **asked},
        )
        assert link
        return job

    def put(self, key: str, body: bytes, **metadata: str) -> dict[str, Any]:
        """Put a file behind the product's back, and return the event that S3 sends."""
        client = getattr(self.life.clients.s3, "_client", self.life.clients.s3)
        answer = client.put_object(Bucket=self.bucket, Key=key, Body=body, Metadata=metadata)
        return created_event(self.bucket, key, answer["ETag"].strip('"'), len(body))

    @property
    def bucket(self) -> str:
        """The content bucket."""
        return self.life.settings.content_bucket

    def upload(self, job: Import, body: bytes) -> dict[str, Any]:
        """Upload the file of an import, and return its event."""
        return self.put(f"imports/{job.tenant_id}/{job.source_id}/{job.import_id}/upload", body)

    def deliver(self, event: dict[str, Any]) -> dict[str, Any]:
        """Deliver an event to the function behind the rules."""
        return start_import(self.life.knowledge, event)

    def run(self) -> None:
        """Let the executions go on to their ends."""
        self.life.import_machine.run()

    def run_staging(self) -> None:
        """Let the executions go on until one has staged its file."""
        self.life.import_machine.run_until("FollowPlanning")

    def get(self, job: Import | str) -> Import:
        """Read an import as a client does."""
        name = job if isinstance(job, str) else job.import_id
        return self.life.knowledge.imports.service.get_import(self.life.source, name)

    def cancel(self, job: Import, by: Actor | None = None) -> Import:
        """Cancel an import."""
        return self.life.knowledge.imports.service.cancel_import(self.life.source, job.import_id, by=by)

    def pieces(self, job: Import) -> list[str]:
        """The inflated pieces of an import that are there."""
        return [key for key in self.life.clients.s3.objects if f"/{job.import_id}/piece-" in key]

    def whole(self, body: bytes, mode: str = "upsert", *, apply: bool = True, **asked: Any) -> Import:
        """Import a file from beginning to end."""
        job = self.create(mode, apply=apply, **asked)
        assert self.deliver(self.upload(job, body)) == {"importId": job.import_id}
        self.run()
        return self.get(job)

    def report(self, job: Import) -> list[dict[str, Any]]:
        """The error report of an import."""
        assert job.report_key is not None
        body = self.life.clients.s3.get_object(Bucket=self.bucket, Key=job.report_key)["Body"].read()
        return [json.loads(line) for line in body.splitlines()]


def created_event(bucket: str, key: str, etag: str, size: int, sequencer: str = "00A1") -> dict[str, Any]:
    """The event of an object that was written, as S3 sends it through EventBridge."""
    return {
        "id": f"s3-{key}-{sequencer}",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, "size": size, "etag": etag, "sequencer": sequencer},
            "reason": "PutObject",
        },
    }


def requested_event(event_id: str, **detail: Any) -> dict[str, Any]:
    """The event that asks for an import."""
    return {"id": event_id, "source": "nightly", "detail-type": "knowledge.import.requested", "detail": detail}
