"""The bucket: objects are written once, never again, and read back against the digest that names them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote

from botocore.exceptions import ClientError

from knowledge.errors import ServiceUnavailableError
from knowledge.limits import DOWNLOAD_LINK_SECONDS
from knowledge.model import ObjectRef
from knowledge.storage.clients import backoff, error_code, translated
from knowledge.storage.format import ObjectGoneError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

# The metadata that tells under which erasure epoch an object was written; none stands for 0.
EPOCH = "erasures"
_TRIES = 5
_DELETE_AT_A_TIME = 1000
# What S3 says of an object, or a version of one, that is not there.
MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound"})


class StoredObject(NamedTuple):
    """An object as a list shows it: its size in bytes, and when it was written (ms)."""

    key: str
    size: int
    written_at: int


class _Read(NamedTuple):
    """What was read of an object, and what S3 says where that lies in it."""

    body: bytes
    where: str
    metadata: Mapping[str, str]


class ObjectTakenError(Exception):
    """Raised when a key that should be new already holds other bytes."""


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The content bucket.

    `erasures` is the erasure epoch under which the contents were read that are written; see `marked`.
    """

    s3: S3Client
    bucket: str
    erasures: int = 0

    def marked(self, erasures: int) -> ObjectStore:
        """The same bucket for who read contents under an erasure epoch: what is put says so, which tells its age."""
        return replace(self, erasures=erasures)

    def put_once(
        self, key: str, body: bytes, content_type: str = "application/gzip", *, digest: str | None = None
    ) -> ObjectRef:
        """Write a new object. The same bytes again are success.

        Raises ObjectTakenError for other bytes, ServiceUnavailableError while others write the same key.

        `digest` is what it is to be named by: the SHA-256 of its bytes, or of an end of it that implies all of them.
        """
        digest = digest or hashlib.sha256(body).hexdigest()
        if not self._put_new(key, body, content_type, digest):
            metadata, size = self._head(key)
            if (metadata.get("sha256"), size) != (digest, len(body)):
                raise ObjectTakenError(key)
        return ObjectRef(key, digest)

    def put_content(self, key: str, body: bytes, external_item_id: str) -> None:
        """Write a content under a key that holds its hash; one that is there already is the same content.

        The object says whose content it is, so that the collector finds the one row that may name it.
        """
        owner = {"item": quote(external_item_id, safe="")}
        self._put_new(key, body, "application/gzip", hashlib.sha256(body).hexdigest(), owner)

    def owner_of(self, key: str) -> str | None:
        """The externalItemId that a content belongs to; None when the object is missing."""
        return owner_in(self._head(key)[0])

    def get(self, ref: ObjectRef) -> bytes:
        """Read an object whole. Raises ObjectGoneError when it is missing or its bytes are not those of the digest."""
        body = self.read_object(ref.key)
        if hashlib.sha256(body).hexdigest() != ref.digest:
            raise ObjectGoneError(ref.key)
        return body

    def read_object(self, key: str) -> bytes:
        """Read an object whole, unchecked. Raises ObjectGoneError when it is missing."""
        return self._get(key).body

    def read_described(self, key: str) -> tuple[bytes, Mapping[str, str]]:
        """Read an object whole, unchecked, with its metadata. Raises ObjectGoneError when it is missing."""
        found = self._get(key)
        return found.body, found.metadata

    def read_range(self, key: str, offset: int, length: int) -> bytes:
        """Read `length` bytes from `offset`. Raises ObjectGoneError when the object is missing."""
        return self._get(key, f"bytes={offset}-{offset + length - 1}").body

    def read_tail(self, key: str, length: int) -> tuple[bytes, int]:
        """Read the last bytes of an object, or all if it has fewer; returns its size beside them.

        Raises ObjectGoneError when the object is missing.
        """
        found = self._get(key, f"bytes=-{length}")
        return found.body, int(found.where.rpartition("/")[2])

    def make_link(self, key: str) -> str:
        """A link for 15 minutes to a gzipped JSON object, which a client sees as plain JSON."""
        return self.s3.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": key,
                "ResponseCacheControl": "no-store",
                "ResponseContentType": "application/json",
                "ResponseContentEncoding": "gzip",
            },
            ExpiresIn=DOWNLOAD_LINK_SECONDS,
        )

    def check_object(self, ref: ObjectRef) -> None:
        """Make sure that an object is still there as it was written. Raises ObjectGoneError."""
        if self._head(ref.key)[0].get("sha256") != ref.digest:
            raise ObjectGoneError(ref.key)

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """List the objects under a prefix, in the order of their keys."""
        for page in self._pages(Prefix=prefix):
            for each in page.get("Contents", []):
                yield StoredObject(each["Key"], each["Size"], int(each["LastModified"].timestamp() * 1000))

    def list_folders(self, prefix: str, after: str = "") -> Iterator[str]:
        """List the folder names right under a prefix that ends in `/`, those after a name only."""
        # `0` follows `/`, so this is behind everything in that folder.
        start = {"StartAfter": f"{prefix}{after}0"} if after else {}
        for page in self._pages(Prefix=prefix, Delimiter="/", **start):
            for each in page.get("CommonPrefixes", []):
                yield each["Prefix"][len(prefix) : -1]

    def delete_objects(self, keys: Sequence[str]) -> None:
        """Delete objects that nothing names; one that is gone already is success."""
        delete_all(self.s3, self.bucket, [{"Key": key} for key in keys])

    def _put_new(
        self, key: str, body: bytes, content_type: str, digest: str, metadata: Mapping[str, str] | None = None
    ) -> bool:
        for attempt in range(_TRIES):
            try:
                with translated():
                    self.s3.put_object(
                        Bucket=self.bucket,
                        Key=key,
                        Body=body,
                        ContentType=content_type,
                        IfNoneMatch="*",
                        Metadata={"sha256": digest, **(metadata or {}), **self._epoch},
                    )
            except ClientError as error:
                code = error_code(error)
                if code in {"PreconditionFailed", "412"}:
                    return False
                # Two conditional writes of one key at once: S3 asks for another try.
                if code not in {"ConditionalRequestConflict", "409"}:
                    raise
                backoff(attempt)
            else:
                return True
        raise ServiceUnavailableError

    @property
    def _epoch(self) -> Mapping[str, str]:
        return {EPOCH: str(self.erasures)} if self.erasures else {}

    def _pages(self, **request: Any) -> Iterator[Any]:
        while True:
            with translated():
                page: Any = self.s3.list_objects_v2(Bucket=self.bucket, **request)
            yield page
            if not page.get("IsTruncated"):
                return
            request["ContinuationToken"] = page["NextContinuationToken"]

    def _head(self, key: str) -> tuple[Mapping[str, str], int]:
        """The metadata and the size of an object; none and 0 when it is missing."""
        try:
            with translated():
                head = self.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error_code(error) in MISSING:
                return {}, 0
            raise
        return head["Metadata"], head["ContentLength"]

    def _get(self, key: str, span: str | None = None) -> _Read:
        """Read an object, or a span of it. Raises ObjectGoneError when it is missing, or has no such span."""
        options: Any = {"Range": span} if span else {}
        try:
            with translated():
                answer: Any = self.s3.get_object(Bucket=self.bucket, Key=key, **options)
                return _Read(answer["Body"].read(), answer.get("ContentRange", ""), answer["Metadata"])
        except ClientError as error:
            if error_code(error) in MISSING or error_code(error) == "InvalidRange":
                raise ObjectGoneError(key) from error
            raise


def owner_in(metadata: Mapping[str, str]) -> str | None:
    """The externalItemId that the metadata of a content names; None when they name none."""
    owner = metadata.get("item")
    return None if owner is None else unquote(owner)


def delete_all(s3: S3Client, bucket: str, doomed: Sequence[Mapping[str, str]]) -> None:
    """Delete objects, or versions of them, by their `Key` and `VersionId`; one that is gone already is success."""
    for start in range(0, len(doomed), _DELETE_AT_A_TIME):
        batch: Any = doomed[start : start + _DELETE_AT_A_TIME]
        with translated():
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        if answer.get("Errors"):
            raise ServiceUnavailableError
