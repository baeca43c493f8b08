"""The bucket: objects are written once, never again, and read back against the digest that names them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from knowledge.aws import backoff, error_code, translated
from knowledge.model import ObjectRef

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_TRIES = 5
_LINK_SECONDS = 3600
_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})


class ObjectGoneError(Exception):
    """Raised when an object that is named somewhere is missing or is not the one that was written."""


class ObjectTakenError(Exception):
    """Raised when a key that should be new already holds other bytes."""


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The content bucket."""

    s3: S3Client
    bucket: str

    def put_once(self, key: str, body: bytes, content_type: str = "application/gzip") -> ObjectRef:
        """Write a new object. The same bytes again are success; other bytes are ObjectTakenError."""
        digest = hashlib.sha256(body).hexdigest()
        if not self._put_new(key, body, content_type, digest) and self._digest_of(key) != (digest, len(body)):
            raise ObjectTakenError(key)
        return ObjectRef(key, digest)

    def put_content(self, key: str, body: bytes) -> None:
        """Write a content under a key that holds its hash; one that is there already is the same content."""
        self._put_new(key, body, "application/gzip", hashlib.sha256(body).hexdigest())

    def get(self, ref: ObjectRef) -> bytes:
        """Read an object whole; ObjectGoneError when it is missing or its bytes are not those of the digest."""
        body = self.read(ref.key)
        if hashlib.sha256(body).hexdigest() != ref.digest:
            raise ObjectGoneError(ref.key)
        return body

    def read(self, key: str) -> bytes:
        """Read an object whole, unchecked; ObjectGoneError when it is missing."""
        return self._read(key, None)

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        """Read `length` bytes from `offset`; ObjectGoneError when the object is missing."""
        return self._read(key, f"bytes={offset}-{offset + length - 1}")

    def link(self, key: str) -> str:
        """A link for an hour to a gzipped JSON object, which a client sees as plain JSON."""
        return self.s3.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": key,
                "ResponseContentType": "application/json",
                "ResponseContentEncoding": "gzip",
            },
            ExpiresIn=_LINK_SECONDS,
        )

    def check(self, refs: Iterable[ObjectRef]) -> None:
        """Make sure that objects are still there as they were written; ObjectGoneError names the first that is not."""
        for ref in refs:
            if self._digest_of(ref.key)[0] != ref.digest:
                raise ObjectGoneError(ref.key)

    def _put_new(self, key: str, body: bytes, content_type: str, digest: str) -> bool:
        for attempt in range(_TRIES):
            try:
                with translated():
                    self.s3.put_object(
                        Bucket=self.bucket,
                        Key=key,
                        Body=body,
                        ContentType=content_type,
                        IfNoneMatch="*",
                        Metadata={"sha256": digest},
                    )
            except ClientError as error:
                code = error_code(error)
                if code in {"PreconditionFailed", "412"}:
                    return False
                # Two conditional writes of one key at once: S3 asks for another try.
                if code not in {"ConditionalRequestConflict", "409"} or attempt == _TRIES - 1:
                    raise
                backoff(attempt)
            else:
                return True
        raise AssertionError

    def _digest_of(self, key: str) -> tuple[str | None, int]:
        try:
            with translated():
                head = self.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error_code(error) in _MISSING:
                return None, 0
            raise
        return head["Metadata"].get("sha256"), head["ContentLength"]

    def _read(self, key: str, span: str | None) -> bytes:
        options: Any = {"Range": span} if span else {}
        try:
            with translated():
                return self.s3.get_object(Bucket=self.bucket, Key=key, **options)["Body"].read()
        except ClientError as error:
            if error_code(error) in _MISSING or error_code(error) == "InvalidRange":
                raise ObjectGoneError(key) from error
            raise
