"""Lean stand-ins for the two botocore clients: DynamoDB's JSON straight to an emulator, and a bucket in memory.

botocore takes about ten times as long for a call as the emulator behind it. A tier that makes hundreds of thousands of
calls can't afford that; the functional tier runs the same code through botocore itself. Errors are botocore's.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from testing.kept_connection import ANSWER_SECONDS, KeptConnection
from testing.uploads import MemoryUploads

# The versions of a key that is written once: what was written, and the mark of a deletion, which is listed first.
_DELETED, _WRITTEN = "1-deleted", "2-written"
_HEAD = (
    "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Date: 20260101T000000Z\r\n"
    "Authorization: AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0\r\nX-Amz-Target: DynamoDB_20120810.{operation}\r\nContent-Length: {length}\r\n\r\n"
)


class WireDynamoDB:
    """The operations of a DynamoDB client by their snake_case names, one call at a time over a kept connection."""

    def __init__(self, url: str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        """Reach the emulator at a URL; `answer_seconds` is how long an answer is waited for."""
        address = urlsplit(url)
        assert address.hostname and address.port, url
        self._host = address.netloc
        self._connection = KeptConnection(address.hostname, address.port, answer_seconds=answer_seconds)
        self._turn = Lock()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        if name.startswith("_"):
            raise AttributeError(name)
        operation = "".join(word.capitalize() for word in name.split("_"))

        def call(**request: Any) -> dict[str, Any]:
            return self._post(operation, request)

        return call

    def _post(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        sent = json.dumps(request, default=_base64).encode()
        head = _HEAD.format(host=self._host, operation=operation, length=len(sent))
        with self._turn:
            answer = self._connection.ask(head.encode() + sent)
        body: dict[str, Any] = json.loads(answer.body, object_hook=_binary if b'"B"' in answer.body else None)
        if answer.status == 200:
            return body
        error = {"Code": body.pop("__type", "").rpartition("#")[2], "Message": body.get("message", "")}
        raise ClientError({**body, "Error": error}, operation)  # type: ignore[typeddict-item]


def _base64(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


def _binary(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) == 1 and isinstance(value.get("B"), str):
        return {"B": base64.b64decode(value["B"])}
    return value


@dataclass
class MemoryBucket:
    """The operations of S3 that the lifecycle makes, with S3's answers to conditions, ranges and missing keys."""

    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    # What was deleted without naming a version, by key: as versioning keeps it, below a mark of the deletion.
    deleted: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    # A mark stays when the version below it is deleted by its id.
    marks: set[str] = field(default_factory=set)
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    written_at: dict[str, int] = field(default_factory=dict)
    page: int = 1000
    uploads: MemoryUploads = field(default_factory=lambda: MemoryUploads(_s3_error))

    def put_object(self, **request: Any) -> dict[str, Any]:
        key, body = request["Key"], bytes(request["Body"])
        if request.get("IfNoneMatch") == "*" and key in self.objects:
            raise _s3_error("PreconditionFailed", 412, "PutObject")
        self.objects[key] = (body, dict(request.get("Metadata", {})))
        self.written_at[key] = self.clock()
        return {"ETag": _etag(body)}

    def get_object(self, **request: Any) -> dict[str, Any]:
        body, metadata = self._version(request, "NoSuchKey", "GetObject")
        if request.get("IfMatch", _etag(body)) != _etag(body):
            raise _s3_error("PreconditionFailed", 412, "GetObject")
        answer: dict[str, Any] = {"Metadata": metadata}
        if "Range" in request:
            first, last = request["Range"].removeprefix("bytes=").split("-")
            start = int(first) if first else max(len(body) - int(last), 0)
            end = min(int(last) + 1, len(body)) if first else len(body)
            # S3 says the same of the end of what has no bytes.
            if start >= len(body):
                raise _s3_error("InvalidRange", 416, "GetObject")
            answer["ContentRange"] = f"bytes {start}-{end - 1}/{len(body)}"
            body = body[start:end]
        return {**answer, "Body": io.BytesIO(body), "ContentLength": len(body)}

    def head_object(self, **request: Any) -> dict[str, Any]:
        body, metadata = self._version(request, "404", "HeadObject")
        written_at = datetime.fromtimestamp(self.written_at[request["Key"]] // 1000, UTC)
        return {
            "Metadata": metadata, "ContentLength": len(body), "ETag": _etag(body), "LastModified": written_at,
        }  # fmt: skip

    def _version(self, request: dict[str, Any], missing: str, operation: str) -> tuple[bytes, dict[str, str]]:
        """What is read: the object as it is, or the version that is named."""
        key, version_id = request["Key"], request.get("VersionId")
        if key in self.objects and version_id in {None, _WRITTEN}:
            return self.objects[key]
        if version_id == _WRITTEN and key in self.deleted:
            return self.deleted[key]
        raise _s3_error(missing, 404, operation)

    def create_multipart_upload(self, **request: Any) -> dict[str, Any]:
        return self.uploads.begin(request)

    def upload_part(self, **request: Any) -> dict[str, Any]:
        return self.uploads.send(request)

    def list_parts(self, **request: Any) -> dict[str, Any]:
        return self.uploads.list_parts(request)

    def complete_multipart_upload(self, **request: Any) -> dict[str, Any]:
        key, body = request["Key"], self.uploads.put_together(request)
        self.objects[key] = (body, {})
        self.written_at[key] = self.clock()
        return {"ETag": _etag(body)}

    def abort_multipart_upload(self, **request: Any) -> dict[str, Any]:
        return self.uploads.abort(request)

    def list_multipart_uploads(self, **request: Any) -> dict[str, Any]:
        return self.uploads.list_uploads(request)

    def list_object_versions(self, **request: Any) -> dict[str, Any]:
        prefix, behind = request["Prefix"], (request.get("KeyMarker", ""), request.get("VersionIdMarker", ""))
        # Of one key the latest comes first.
        found = [(key, _WRITTEN) for key in (*self.objects, *self.deleted)] + [(key, _DELETED) for key in self.marks]
        names = sorted(each for each in found if each[0].startswith(prefix) and each > behind)
        page = names[: self.page]
        answer: dict[str, Any] = {"IsTruncated": len(names) > len(page), "Versions": [], "DeleteMarkers": []}
        for key, version_id in page:
            written_at = datetime.fromtimestamp(self.written_at[key] // 1000, UTC)
            listed = {"Key": key, "VersionId": version_id, "LastModified": written_at}
            answer["Versions" if version_id == _WRITTEN else "DeleteMarkers"].append(listed)
        if answer["IsTruncated"]:
            answer["NextKeyMarker"], answer["NextVersionIdMarker"] = page[-1]
        return answer

    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        prefix, delimiter = request["Prefix"], request.get("Delimiter")
        after = request.get("ContinuationToken") or request.get("StartAfter") or ""
        found: dict[str, None] = {}
        for key in sorted(self.objects):
            if not key.startswith(prefix):
                continue
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            name = key[: cut + 1] if cut >= 0 else key
            if name > after and key > after:
                found.setdefault(name)
        names = list(found)[: self.page]
        answer: dict[str, Any] = {"IsTruncated": len(found) > len(names)}
        if answer["IsTruncated"]:
            # Behind everything that begins like the last name.
            answer["NextContinuationToken"] = names[-1] + ("\U0010ffff" if names[-1].endswith("/") else "")
        answer["CommonPrefixes"] = [{"Prefix": name} for name in names if delimiter and name.endswith(delimiter)]
        answer["Contents"] = [
            {
                "Key": name,
                "Size": len(self.objects[name][0]),
                "LastModified": datetime.fromtimestamp(self.written_at[name] / 1000, UTC),
            }
            for name in names
            if name in self.objects
        ]
        return answer

    def generate_presigned_url(self, operation: str, **request: Any) -> str:
        """A link that nobody can follow."""
        return f"memory://{request['Params']['Bucket']}/{request['Params']['Key']}?{operation}"

    def delete_objects(self, **request: Any) -> dict[str, Any]:
        for each in request["Delete"]["Objects"]:
            self.delete_object(**each)
        return {}

    def delete_object(self, **request: Any) -> dict[str, Any]:
        key, version_id = request["Key"], request.get("VersionId")
        if version_id == _DELETED:
            self.marks.discard(key)
            if key in self.deleted:
                # Without the mark, the version below it is the object again.
                self.objects[key] = self.deleted.pop(key)
        elif version_id == _WRITTEN:
            self.objects.pop(key, None)
            self.deleted.pop(key, None)
        elif version_id is None and key in self.objects:
            self.deleted[key] = self.objects.pop(key)
            self.marks.add(key)
        return {}


@dataclass
class MemoryQueue:
    """The one operation of SQS that the lifecycle makes; `messages` holds what was sent, parsed."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    def send_message(self, **request: Any) -> dict[str, Any]:
        self.messages.append(json.loads(request["MessageBody"]))
        return {"MessageId": str(len(self.messages))}


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body).hexdigest()}"'


def _s3_error(code: str, status: int, operation: str) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        operation,
    )
