"""Answers as idempotency records keep them: small ones in the record, large ones in S3, secrets sealed with KMS."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency.serialization.base import BaseIdempotencySerializer
from knowledge.storage.clients import translated
from knowledge.storage.sealing import Sealer

from httpapi.answers import WrittenAnswer

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

# A DynamoDB item ends at 400 KB, and the record is JSON again: what is counted is the text as it will be written.
INLINE_BYTES = 300 * 1024
# JSON text holds no raw NUL, so the place of a secret that was cut out cannot be mistaken.
_CUT = "\0"


class KeptAnswers:
    """Turns answers into records and back."""

    def __init__(self, bucket: str, s3: Callable[[], S3Client], sealer: Sealer | None) -> None:
        self._bucket = bucket
        self._s3 = s3
        self._sealer = sealer

    def can_keep(self, answer: WrittenAnswer) -> bool:
        """Say whether an answer may be recorded: one with a secret only if there is a key to seal it with."""
        return answer.secret is None or self._sealer is not None

    def of_tenant(self, tenant_id: str) -> BaseIdempotencySerializer:
        """Return the serializer for one tenant's answers."""
        return _TenantAnswers(self, tenant_id)

    def to_record(self, tenant_id: str, answer: WrittenAnswer) -> dict[str, Any]:
        """Write an answer as a record."""
        record: dict[str, Any] = {"status": answer.status}
        named = {"place": answer.place, "revision": answer.revision}
        record |= {name: value for name, value in named.items() if value is not None}
        text = answer.text if answer.kept is None else answer.kept
        if answer.secret is not None:
            sealed = self._given_sealer.seal_text(answer.secret, {"tenantId": tenant_id})
            record["sealed"] = base64.b64encode(sealed).decode()
            text = text.replace(answer.secret, _CUT)
        if len(json.dumps(text)) <= INLINE_BYTES:
            return {**record, "text": text}
        body = text.encode()
        key = f"idempotency/{tenant_id}/{uuid.uuid4().hex}"
        with translated():
            self._s3().put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")
        return {**record, "object": key, "digest": hashlib.sha256(body).hexdigest()}

    def from_record(self, tenant_id: str, record: dict[str, Any]) -> WrittenAnswer:
        """Read a record back as the answer it was, marked as a replay."""
        text = record["text"] if "text" in record else self._read(record)
        secret = None
        if "sealed" in record:
            secret = self._given_sealer.unseal_text(base64.b64decode(record["sealed"]), {"tenantId": tenant_id})
            text = text.replace(_CUT, secret)
        return WrittenAnswer(
            record["status"],
            text,
            secret,
            replayed=True,
            place=record.get("place"),
            revision=record.get("revision"),
        )

    @property
    def _given_sealer(self) -> Sealer:
        # Never a secret in clear: without a key nothing with one is recorded or read.
        if self._sealer is None:
            message = "there is no key to seal secrets with"
            raise ValueError(message)
        return self._sealer

    def _read(self, record: dict[str, Any]) -> str:
        with translated():
            body = self._s3().get_object(Bucket=self._bucket, Key=record["object"])["Body"].read()
        if hashlib.sha256(body).hexdigest() != record["digest"]:
            message = "a kept answer does not match its digest"
            raise ValueError(message)
        return body.decode()


class _TenantAnswers(BaseIdempotencySerializer):
    """The shape in which Powertools takes a serializer."""

    def __init__(self, kept: KeptAnswers, tenant_id: str) -> None:
        self._kept = kept
        self._tenant_id = tenant_id

    def to_dict(self, data: WrittenAnswer) -> dict[str, Any]:
        return self._kept.to_record(self._tenant_id, data)

    def from_dict(self, data: dict[str, Any]) -> WrittenAnswer:
        return self._kept.from_record(self._tenant_id, data)
