"""Objects that are too large for one call: uploaded in parts, which become an object when all are there.

A part that is uploaded again takes the place of the one before. So an upload is put together from the parts as S3 has
them, whoever sent them last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import ClientError

from knowledge.storage.clients import error_code, translated
from knowledge.storage.objects import MISSING

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_NO_UPLOAD = "NoSuchUpload"
# Each part is sent with one of its own; S3 wants them named when it puts the parts together.
_CHECKSUM: Final = "CRC32"
_OF_PART = ("PartNumber", "ETag", f"Checksum{_CHECKSUM}")


class UploadGoneError(Exception):
    """Raised when an upload was ended: put together, aborted, or never there."""


class Upload(NamedTuple):
    """An upload that is not put together yet."""

    key: str
    upload_id: str


class SentPart(NamedTuple):
    """A part as S3 has it: its size in bytes, and how it is named when the parts are put together."""

    size: int
    name: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UploadStore:
    """Uploads to the content bucket."""

    s3: S3Client
    bucket: str

    def begin_upload(self, key: str, content_type: str) -> Upload:
        """Begin an upload; one of which nothing becomes is aborted by a rule of the bucket."""
        with translated():
            answer = self.s3.create_multipart_upload(
                Bucket=self.bucket, Key=key, ContentType=content_type, ChecksumAlgorithm=_CHECKSUM
            )
        return Upload(key, answer["UploadId"])

    def send_part(self, upload: Upload, number: int, body: bytes) -> None:
        """Send a part, by its number from 1. Raises UploadGoneError."""
        self._call(self.s3.upload_part, upload, PartNumber=number, Body=body, ChecksumAlgorithm=_CHECKSUM)

    def list_parts(self, upload: Upload) -> list[SentPart]:
        """The parts that were sent, by their numbers. Raises UploadGoneError."""
        found: list[SentPart] = []
        behind: dict[str, Any] = {}
        while True:
            page = self._call(self.s3.list_parts, upload, **behind)
            found += [
                SentPart(each["Size"], {name: each[name] for name in _OF_PART if name in each})
                for each in page.get("Parts", [])
            ]
            if not page.get("IsTruncated"):
                return found
            behind = {"PartNumberMarker": page["NextPartNumberMarker"]}

    def put_together(self, upload: Upload, parts: list[SentPart]) -> None:
        """Make an object of parts. Raises UploadGoneError, also when it was made before."""
        named = {"Parts": [part.name for part in parts]}
        self._call(self.s3.complete_multipart_upload, upload, MultipartUpload=named)

    def abort_upload(self, upload: Upload) -> None:
        """Drop an upload with its parts; one that is gone already is success."""
        try:
            self._call(self.s3.abort_multipart_upload, upload)
        except UploadGoneError:
            return

    def list_uploads(self, prefix: str) -> Iterator[Upload]:
        """List what was begun under a prefix and not put together."""
        request: dict[str, Any] = {"Bucket": self.bucket, "Prefix": prefix}
        while True:
            with translated():
                page: Any = self.s3.list_multipart_uploads(**request)
            for each in page.get("Uploads", []):
                yield Upload(each["Key"], each["UploadId"])
            if not page.get("IsTruncated"):
                return
            request |= {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}

    def find_size(self, key: str) -> int | None:
        """The size of an object in bytes; None when it is not there."""
        try:
            with translated():
                return self.s3.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
        except ClientError as error:
            if error_code(error) in MISSING:
                return None
            raise

    def _call(self, operation: Any, upload: Upload, **request: Any) -> Any:
        try:
            with translated():
                return operation(Bucket=self.bucket, Key=upload.key, UploadId=upload.upload_id, **request)
        except ClientError as error:
            if error_code(error) == _NO_UPLOAD:
                raise UploadGoneError(upload.key) from error
            raise
