"""Erasures after a restore of the tables: what was taken back since is taken back again, from the ledger in the bucket.

The tables know nothing of an erasure that was opened since, and name objects that it has deleted for good.

- Each swap of a manifest is made again: a generation's row that names what is gone names what stands for it.
- Of each source the erasures that were opened since are opened anew, as one; the upkeep carries it out when everything
  resumes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from operations.stack import DeployedStack

_LEDGER = "erasures/"
_FORMAT = 2
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# A source: its tenant's id and its own.
Source = tuple[str, str]


@dataclass(frozen=True)
class Opened:
    """An erasure as the ledger has it; `opened_at` is in ms, `epoch` the source's erasure epoch since then."""

    source: Source
    opened_at: int
    epoch: int
    ids: list[str]


@dataclass(frozen=True)
class Erasures:
    """The erasures of a stack; `say` takes a line that tells what was done."""

    stack: DeployedStack
    say: Callable[[str], None]

    def replay(self, since: datetime) -> None:
        """Make swaps again, and open anew what was opened since a moment. It may be repeated."""
        swaps, opened = 0, dict[Source, list[Opened]]()
        keys = list(self._keys())
        # What stands for a manifest may have been replaced itself, so it is gone through until nothing is left to do.
        while swapped := sum(self._swap(key, self._read(key)) for key in keys if "/swap-" in key):
            swaps += swapped
        for key in keys:
            if "/opened-" in key:
                erasure = self._opened(key)
                if erasure.opened_at >= since.timestamp() * 1000:
                    opened.setdefault(erasure.source, []).append(erasure)
        reopened = sum(self._open_anew(source, erasures) for source, erasures in opened.items())
        self.say(f"{swaps} generations are served from what erasures left; {reopened} erasures are opened again")

    def _keys(self) -> Iterator[str]:
        pages = self.stack.client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=_LEDGER):
            yield from (found["Key"] for found in page.get("Contents", []))

    def _read(self, key: str) -> dict[str, Any]:
        body = self.stack.client("s3").get_object(Bucket=self._bucket, Key=key)["Body"].read()
        value: dict[str, Any] = json.loads(gzip.decompress(body))
        return value

    def _opened(self, key: str) -> Opened:
        _, tenant_id, source_id, *_ = key.split("/")
        value = self._read(key)
        ids = self._read(value["ids"]["key"])["ids"]
        return Opened((tenant_id, source_id), value["openedAt"], value["epoch"], ids)

    def _swap(self, key: str, swap: Mapping[str, Any]) -> bool:
        """Let a generation be served from what stands for its manifest; tells whether it named the old one."""
        _, tenant_id, source_id, *_ = key.split("/")
        values = {":before": {"S": swap["before"]["digest"]}, ":after": {"M": _texts(swap["after"])}}
        told = {":hash": {"S": swap["rootHash"]}, ":erased": {"N": str(swap["erased"])}}
        generation = {"pk": {"S": source_id}, "sk": {"S": f"generation#{swap['generationId']}"}}
        sets = "SET manifest = :after, servedRootHash = :hash, erased = :erased"
        done = self._update(generation, sets, "manifest.digest = :before", {**values, **told})
        source = {"pk": {"S": tenant_id}, "sk": {"S": f"source#{source_id}"}}
        return self._update(source, "SET manifest = :after", "manifest.digest = :before", values) or done

    def _open_anew(self, source: Source, erasures: list[Opened]) -> bool:
        """Open the erasures of a source as one: a new one, or the one that is open."""
        tenant_id, source_id = source
        key = {"pk": {"S": tenant_id}, "sk": {"S": f"source#{source_id}"}}
        answer = self._dynamodb.get_item(TableName=self._catalog, Key=key, ConsistentRead=True)
        if "Item" not in answer:
            return False
        row = answer["Item"]
        opened_at = max(each.opened_at for each in erasures)
        erasure_id = row.get("erasureId", {"S": f"era_{_ulid(os.urandom(16))}"})["S"]
        ids = {name for each in erasures for name in each.ids}
        if "erasureId" in row:
            listed_before = set(self._ids_of(source_id, erasure_id))
            if ids <= listed_before:
                # It was opened anew before.
                return False
            ids |= listed_before
        listed = self._put_ids(source, erasure_id, sorted(ids))
        # Nothing that lies there was written under it.
        epochs = [int(row.get("erasureEpoch", {"N": "0"})["N"]), *(each.epoch for each in erasures)]
        epoch = max(epochs) + 1
        self._dynamodb.put_item(
            TableName=self._catalog,
            Item={
                **{"pk": {"S": source_id}, "sk": {"S": f"erasure#{erasure_id}"}},
                **{"order": {"S": f"erasure#{opened_at:015d}#{erasure_id}"}, "tenantId": {"S": tenant_id}},
                **{"erasureId": {"S": erasure_id}, "ids": {"M": _texts(listed)}, "state": {"S": "opening"}},
                **{"waiting": {"S": "erasures"}, "message": {"S": "Opened again after a restore of the tables."}},
                **_numbers(items=len(ids), epoch=epoch, openedAt=opened_at),
                # Due at once.
                **_numbers(updatedAt=opened_at, remindAt=opened_at),
                **_numbers(rev=0, tries=0, stubbed=0, runs=0, deleted=0, swapped=0, copied=0),
            },
        )
        values = {":id": {"S": erasure_id}, ":true": {"BOOL": True}, **_numbers(**{":epoch": epoch})}
        sets = "SET erasureId = :id, erasureOpening = :true, erasureEpoch = :epoch"
        return self._update(key, sets, "attribute_exists(pk)", values)

    def _ids_of(self, source_id: str, erasure_id: str) -> list[str]:
        key = {"pk": {"S": source_id}, "sk": {"S": f"erasure#{erasure_id}"}}
        row = self._dynamodb.get_item(TableName=self._catalog, Key=key, ConsistentRead=True)["Item"]
        ids: list[str] = self._read(row["ids"]["M"]["key"]["S"])["ids"]
        return ids

    def _put_ids(self, source: Source, erasure_id: str, ids: list[str]) -> dict[str, str]:
        text = json.dumps({"format": _FORMAT, "ids": ids}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        body = gzip.compress(text.encode(), 6, mtime=0)
        digest = hashlib.sha256(body).hexdigest()
        key = f"{_LEDGER}{source[0]}/{source[1]}/{erasure_id}/ids-{digest[:26]}.json.gz"
        self.stack.client("s3").put_object(Bucket=self._bucket, Key=key, Body=body, Metadata={"sha256": digest})
        return {"key": key, "digest": digest}

    def _update(self, key: Any, expression: str, condition: str, values: Any) -> bool:
        try:
            self._dynamodb.update_item(
                TableName=self._catalog,
                Key=key,
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    @property
    def _dynamodb(self) -> Any:
        return self.stack.client("dynamodb")

    @property
    def _catalog(self) -> str:
        return self.stack.physical("CatalogTable")

    @property
    def _bucket(self) -> str:
        return self.stack.physical("ContentBucket")


def _texts(value: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"S": text} for name, text in value.items()}


def _numbers(**values: int) -> dict[str, Any]:
    return {name: {"N": str(value)} for name, value in values.items()}


def _ulid(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
