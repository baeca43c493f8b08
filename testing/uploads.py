"""Uploads in parts as S3 takes them, for the bucket in memory: with what S3 refuses and no emulator does.

- A part that is no last one has at least 5 MiB (here: `part_bytes`).
- An upload that was begun with a checksum takes parts with that checksum alone, and wants each named with its own when
  they are put together.
- A part that was sent again has another ETag: one of the first sending names nothing any more. The ETag of a part says
  nothing of its bytes where a key of KMS encrypts them, so here it counts up.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
"""

from __future__ import annotations

import base64
import itertools
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Refuse = Callable[[str, int, str], Exception]


@dataclass
class _Upload:
    key: str
    algorithm: str | None
    parts: dict[int, tuple[bytes, dict[str, Any]]] = field(default_factory=dict)


@dataclass
class MemoryUploads:
    """What was begun and neither put together nor aborted, by its id."""

    refuse: Refuse
    part_bytes: int = 5 * 1024 * 1024
    page: int = 1000
    open: dict[str, _Upload] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def begin(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer CreateMultipartUpload."""
        upload_id = f"upload-{next(self._numbers):06d}"
        self.open[upload_id] = _Upload(request["Key"], request.get("ChecksumAlgorithm"))
        return {"UploadId": upload_id}

    def send(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer UploadPart."""
        upload, number, body = self._found(request, "UploadPart"), request["PartNumber"], bytes(request["Body"])
        if not 1 <= number <= 10_000:
            raise self.refuse("InvalidArgument", 400, "UploadPart")
        if request.get("ChecksumAlgorithm") != upload.algorithm:
            raise self.refuse("InvalidRequest", 400, "UploadPart")
        name = {"ETag": f'"part-{next(self._numbers)}"'}
        if upload.algorithm is not None:
            assert upload.algorithm == "CRC32"
            name["ChecksumCRC32"] = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
        upload.parts[number] = (body, name)
        return dict(name)

    def list_parts(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer ListParts."""
        upload, behind = self._found(request, "ListParts"), request.get("PartNumberMarker", 0)
        numbers = [number for number in sorted(upload.parts) if number > behind]
        page = numbers[: self.page]
        parts = [
            {"PartNumber": number, "Size": len(body), **name}
            for number, (body, name) in ((number, upload.parts[number]) for number in page)
        ]
        more = len(numbers) > len(page)
        return {"Parts": parts, "IsTruncated": more, **({"NextPartNumberMarker": page[-1]} if more else {})}

    def put_together(self, request: dict[str, Any]) -> bytes:
        """The bytes of an upload that CompleteMultipartUpload ends."""
        operation, upload = "CompleteMultipartUpload", self._found(request, "CompleteMultipartUpload")
        named = request["MultipartUpload"]["Parts"]
        if not named:
            raise self.refuse("MalformedXML", 400, operation)
        numbers = [part["PartNumber"] for part in named]
        if numbers != sorted(set(numbers)):
            raise self.refuse("InvalidPartOrder", 400, operation)
        for part in named:
            _, name = upload.parts.get(part["PartNumber"], (b"", None))
            if name is None or part["ETag"] != name["ETag"]:
                raise self.refuse("InvalidPart", 400, operation)
            if {**name, "PartNumber": part["PartNumber"]} != part:
                raise self.refuse("InvalidRequest", 400, operation)
        if any(len(upload.parts[number][0]) < self.part_bytes for number in numbers[:-1]):
            raise self.refuse("EntityTooSmall", 400, operation)
        del self.open[request["UploadId"]]
        return b"".join(upload.parts[number][0] for number in numbers)

    def abort(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer AbortMultipartUpload."""
        self._found(request, "AbortMultipartUpload")
        del self.open[request["UploadId"]]
        return {}

    def list_uploads(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer ListMultipartUploads."""
        behind = (request.get("KeyMarker", ""), request.get("UploadIdMarker", ""))
        found = sorted((upload.key, upload_id) for upload_id, upload in self.open.items())
        places = [place for place in found if place[0].startswith(request["Prefix"]) and place > behind]
        page, more = places[: self.page], len(places) > self.page
        uploads = [{"Key": key, "UploadId": upload_id} for key, upload_id in page]
        answer: dict[str, Any] = {"IsTruncated": more, "Uploads": uploads}
        if more:
            answer["NextKeyMarker"], answer["NextUploadIdMarker"] = page[-1]
        return answer

    def _found(self, request: dict[str, Any], operation: str) -> _Upload:
        upload = self.open.get(request["UploadId"])
        if upload is None or upload.key != request["Key"]:
            raise self.refuse("NoSuchUpload", 404, operation)
        return upload
