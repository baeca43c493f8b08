"""Every version of the objects of the bucket, those that were deleted as well: reading them, and deleting for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from knowledge.storage.clients import error_code, translated
from knowledge.storage.objects import EPOCH, MISSING, delete_all, owner_in

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

# The last (key, version) of a page.
Position = tuple[str, str]


class ObjectVersion(NamedTuple):
    """A version of an object, and when it was written (ms); a deletion is one too, without bytes."""

    key: str
    version_id: str
    written_at: int
    is_deletion: bool


class VersionPage(NamedTuple):
    """Some versions, in the order of their keys, and the place behind them; None at the end."""

    versions: list[ObjectVersion]
    behind: Position | None


class ReadVersion(NamedTuple):
    """The bytes of a version, and the erasure epoch under which it was written."""

    body: bytes
    erasures: int


@dataclass(frozen=True, slots=True)
class VersionStore:
    """Versions in the content bucket."""

    s3: S3Client
    bucket: str

    def list_page(self, prefix: str, behind: Position | None = None) -> VersionPage:
        """List versions under a prefix, behind a place."""
        where: Any = {} if behind is None else {"KeyMarker": behind[0], "VersionIdMarker": behind[1]}
        with translated():
            page: Any = self.s3.list_object_versions(Bucket=self.bucket, Prefix=prefix, **where)
        found = [
            ObjectVersion(each["Key"], each["VersionId"], int(each["LastModified"].timestamp() * 1000), is_deletion)
            for kind, is_deletion in (("Versions", False), ("DeleteMarkers", True))
            for each in page.get(kind, [])
        ]
        more = page.get("IsTruncated", False)
        return VersionPage(
            sorted(found), (page["NextKeyMarker"], page.get("NextVersionIdMarker", "")) if more else None
        )

    def read_version(self, version: ObjectVersion) -> ReadVersion | None:
        """Read a version; None when it is gone."""
        try:
            with translated():
                answer: Any = self.s3.get_object(Bucket=self.bucket, Key=version.key, VersionId=version.version_id)
                body = answer["Body"].read()
        except ClientError as error:
            if error_code(error) in MISSING:
                return None
            raise
        return ReadVersion(body, int(answer["Metadata"].get(EPOCH, "0")))

    def item_of(self, version: ObjectVersion) -> str | None:
        """The externalItemId of whom a version of a content is; None when it is gone."""
        try:
            with translated():
                head: Any = self.s3.head_object(Bucket=self.bucket, Key=version.key, VersionId=version.version_id)
        except ClientError as error:
            if error_code(error) in MISSING:
                return None
            raise
        return owner_in(head["Metadata"])

    def delete_versions(self, versions: Sequence[ObjectVersion]) -> None:
        """Delete versions for good; one that is gone already is success."""
        delete_all(self.s3, self.bucket, [{"Key": each.key, "VersionId": each.version_id} for each in versions])
