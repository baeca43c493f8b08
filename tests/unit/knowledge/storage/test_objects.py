"""Objects that are written once, by writers who meet: S3 refuses one of two that write a key at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from knowledge.errors import ServiceUnavailableError
from knowledge.storage import objects
from knowledge.storage.objects import ObjectStore, ObjectTakenError

from testing.wire import MemoryBucket

BODY = b"what this writer has"


@dataclass
class BusyBucket(MemoryBucket):
    """A bucket in which another writer is at the same key for the first calls, and may have come before us then.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """

    busy: int = 0
    theirs: bytes | None = None

    def put_object(self, **request: Any) -> dict[str, Any]:
        if not self.busy:
            return super().put_object(**request)
        self.busy -= 1
        if not self.busy and self.theirs is not None:
            super().put_object(**{**request, "Body": self.theirs})
        answer: Any = {
            "Error": {"Code": "ConditionalRequestConflict", "Message": "Please retry."},
            "ResponseMetadata": {"HTTPStatusCode": 409},
        }
        raise ClientError(answer, "PutObject")


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The waits between tries, which take no time here."""
    waited: list[int] = []
    monkeypatch.setattr(objects, "backoff", waited.append)
    return waited


def store_in(bucket: MemoryBucket) -> ObjectStore:
    return ObjectStore(bucket, "bucket")  # type: ignore[arg-type]


def test_writer_that_meets_another_tries_again(waits: list[int]) -> None:
    bucket = BusyBucket(busy=2)
    ref = store_in(bucket).put_once("a", BODY)
    assert store_in(bucket).get(ref) == BODY
    assert waits == [0, 1]


def test_writer_that_comes_second_finds_the_same_bytes_or_others() -> None:
    bucket = BusyBucket(busy=1, theirs=BODY)
    assert store_in(bucket).get(store_in(bucket).put_once("a", BODY)) == BODY
    with pytest.raises(ObjectTakenError):
        store_in(BusyBucket(busy=1, theirs=BODY + b"!")).put_once("a", BODY)


def test_key_that_stays_busy_is_told_as_what_passes_by_itself() -> None:
    bucket = BusyBucket(busy=1_000)
    with pytest.raises(ServiceUnavailableError):
        store_in(bucket).put_content("a", BODY, "item")
    assert bucket.objects == {}
    assert bucket.busy > 900
