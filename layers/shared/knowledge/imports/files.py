"""The files of imports: the upload, read as the very file that was announced, and what the import writes beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from knowledge.errors import ImportFailedError
from knowledge.imports.inflating import PIECE_BYTES
from knowledge.imports.model import UPLOAD, Import, ImportFile
from knowledge.limits import DOWNLOAD_LINK_SECONDS, UPLOAD_LINK_SECONDS
from knowledge.storage.clients import error_code, translated
from knowledge.storage.objects import ObjectStore

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

REPORT = "errors.ndjson"
_CHANGED = frozenset({"PreconditionFailed", "412"})
_UNREADABLE = frozenset({"NoSuchKey", "NoSuchBucket", "404", "NotFound", "AccessDenied", "403", "Forbidden"})


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as it is now, with the metadata that its sender gave it."""

    file: ImportFile
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class ImportFiles:
    """Files in the content bucket, and in any other bucket that this stack was allowed to read."""

    s3: S3Client
    objects: ObjectStore

    @property
    def bucket(self) -> str:
        """The content bucket."""
        return self.objects.bucket

    def upload_key(self, tenant_id: str, source_id: str, import_id: str) -> str:
        """Where the upload of an import goes."""
        return f"imports/{tenant_id}/{source_id}/{import_id}/{UPLOAD}"

    def upload_link(self, job: Import) -> str:
        """A link to PUT the file to within the hour; S3 takes it once only, with the header `If-None-Match: *`."""
        return self.s3.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self.bucket,
                "Key": self.upload_key(job.tenant_id, job.source_id, job.import_id),
                "IfNoneMatch": "*",
            },
            ExpiresIn=UPLOAD_LINK_SECONDS,
        )

    def report_link(self, key: str) -> str:
        """A link for 15 minutes to an error report."""
        return self.s3.generate_presigned_url(
            "get_object",
            Params={"Bucket": self.bucket, "Key": key, "ResponseCacheControl": "no-store"},
            ExpiresIn=DOWNLOAD_LINK_SECONDS,
        )

    def written_at(self, file: ImportFile) -> int:
        """When a file was written (ms, in whole seconds). Raises ImportFailedError when it is gone."""
        try:
            with translated():
                head = self.s3.head_object(Bucket=file.bucket, Key=file.key)
        except ClientError as error:
            if error_code(error) in _UNREADABLE:
                raise ImportFailedError("The file is gone, or may not be read any more. Start a new import.") from error
            raise
        return int(head["LastModified"].timestamp()) * 1000

    def find_file(self, bucket: str, key: str) -> FoundFile | None:
        """Look at a file; None when it is not there or may not be read."""
        try:
            with translated():
                head = self.s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error_code(error) in _UNREADABLE:
                return None
            raise
        return FoundFile(ImportFile(bucket, key, head["ETag"], head["ContentLength"]), dict(head["Metadata"]))

    def read_range(self, file: ImportFile, offset: int, length: int) -> bytes:
        """Read a part of the announced file. Raises ImportFailedError when it is gone or is another one now."""
        return self._read(file.bucket, file.key, offset, length, {"IfMatch": file.etag})

    def read_plain(self, job: Import, offset: int, length: int) -> bytes:
        """Read a part of the plain text: of the file itself, or of the pieces that it was inflated to."""
        if job.file is None:
            raise ImportFailedError
        if not job.inflated:
            return self.read_range(job.file, offset, length)
        found = bytearray()
        while len(found) < length:
            number, start = divmod(offset + len(found), PIECE_BYTES)
            part = min(length - len(found), PIECE_BYTES - start)
            found += self._read(self.bucket, self._piece_key(job, number), start, part, {})
        return bytes(found)

    def put_piece(self, job: Import, number: int, body: bytes) -> None:
        """Write an inflated piece; one that is there already is the same piece."""
        self.objects.put_once(self._piece_key(job, number), body, "application/x-ndjson")

    def delete_pieces(self, job: Import) -> None:
        """Delete the inflated pieces of an import; its last one may have been written and not noted."""
        if job.may_have_pieces:
            self.objects.delete_objects([self._piece_key(job, number) for number in range(job.pieces + 1)])

    def put_report(self, job: Import, body: bytes) -> str:
        """Write the error report and return its key."""
        key = f"{self._folder(job)}/{REPORT}"
        return self.objects.put_once(key, body, "application/x-ndjson").key

    def _folder(self, job: Import) -> str:
        return f"imports/{job.tenant_id}/{job.source_id}/{job.import_id}"

    def _piece_key(self, job: Import, number: int) -> str:
        return f"{self._folder(job)}/piece-{number:05d}.ndjson"

    def _read(self, bucket: str, key: str, offset: int, length: int, condition: dict[str, Any]) -> bytes:
        span = f"bytes={offset}-{offset + length - 1}"
        try:
            with translated():
                return self.s3.get_object(Bucket=bucket, Key=key, Range=span, **condition)["Body"].read()
        except ClientError as error:
            code = error_code(error)
            if code in _CHANGED or code == "InvalidRange":
                message = "The file was replaced while it was being imported. What was staged stays; import it again."
                raise ImportFailedError(message) from error
            if code in _UNREADABLE:
                message = "The file is gone, or may not be read any more. Start a new import."
                raise ImportFailedError(message) from error
            raise
