"""A bucket in a folder, so that our objects are plain files as a peer's are, and no emulator's CPU is counted."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError


@dataclass(frozen=True)
class FolderBucket:
    """The operations of S3 that pushing, running, applying and comparing make.

    Objects lie under `objects`; their metadata, which S3 sends as headers, apart under `metadata`.
    """

    objects: Path
    metadata: Path

    def put_object(self, **request: Any) -> dict[str, Any]:
        """Write an object that is new; 412 when its key is taken."""
        key = request["Key"]
        path = self.objects / key
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                file.write(request["Body"])
        except FileExistsError as error:
            raise _refused("PreconditionFailed", 412, "PutObject") from error
        noted = self.metadata / key
        noted.parent.mkdir(parents=True, exist_ok=True)
        noted.write_text(json.dumps(request.get("Metadata", {})))
        return {}

    def get_object(self, **request: Any) -> Mapping[str, Any]:
        """Open an object, whole or in part; NoSuchKey when it is missing."""
        try:
            file = (self.objects / request["Key"]).open("rb")
        except FileNotFoundError as error:
            raise _refused("NoSuchKey", 404, "GetObject") from error
        with file:
            size = os.fstat(file.fileno()).st_size
            first, end = _span(request.get("Range", "bytes=0-"), size)
            file.seek(first)
            body, span = _Body(file.read(end - first)), f"bytes {first}-{end - 1}/{size}"
        return {"Body": body, "ContentRange": span, "Metadata": self._noted(request["Key"])}

    def head_object(self, **request: Any) -> dict[str, Any]:
        """Tell an object's metadata and size; 404 when it is missing."""
        path = self.objects / request["Key"]
        if not path.is_file():
            raise _refused("404", 404, "HeadObject")
        return {"Metadata": self._noted(request["Key"]), "ContentLength": path.stat().st_size}

    def _noted(self, key: str) -> dict[str, str]:
        noted: dict[str, str] = json.loads((self.metadata / key).read_text())
        return noted


@dataclass(frozen=True)
class _Body:
    data: bytes

    def read(self) -> bytes:
        """All of it."""
        return self.data


def _span(asked: str, size: int) -> tuple[int, int]:
    """Where a range begins and ends: `bytes=2-5`, `bytes=2-` to the end, or `bytes=-5` for the last of them."""
    first, _, last = asked.removeprefix("bytes=").partition("-")
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


def _refused(code: str, status: int, operation: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)
