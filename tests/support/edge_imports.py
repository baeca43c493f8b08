"""Files of imports that come to the bucket of an edge."""

from __future__ import annotations

from typing import Any

from knowledge.import_tasks import start_import

from testing.edge import Edge
from testing.import_files import created_event


def arrive(edge: Edge, source: str, import_id: str, body: bytes) -> Any:
    """Have the file of an import come; what comes of the event."""
    key = f"imports/{edge.tenant_of(edge.token)}/{source}/{import_id}/upload"
    bucket = edge.environment["CONTENT_BUCKET"]
    etag = edge.clients.s3.put_object(Bucket=bucket, Key=key, Body=body)["ETag"].strip('"')
    return start_import(edge.services.knowledge, created_event(bucket, key, etag, len(body)))


def upload(edge: Edge, source: str, import_id: str, body: bytes) -> Any:
    """Have the file of an import come, and the import carried out; what came of the event."""
    began = arrive(edge, source, import_id, body)
    edge.import_machine.run()
    return began
