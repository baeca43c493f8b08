"""Finds what nobody works on after a stop or a restore, and has it go on.

- An import under way whose execution was ended, or belongs to the time that was undone: start_import is told of the end
  of its execution, and starts another.
- A delivery whose message was received in the time that was undone: it is put into the index that the sweep reads.
- A file that came in the time that was undone: it is told, and its import begun again on request.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operations.held_events import KEEPER
from operations.stack import DeployedStack

_UNDER_WAY = ("queued", "staging", "planning", "applying")
# start_import gives an import up whose executions broke off five times.
_TRIES = 6
_SHARDS = 8

Row = dict[str, Any]


@dataclass(frozen=True)
class Revival:
    """What is looked for, in a stack; `say` takes a line that tells what was found."""

    stack: DeployedStack
    say: Callable[[str], None]

    def revive(self) -> None:
        """Look for imports and deliveries that nobody works on, by one scan of the Catalog."""
        imports = deliveries = 0
        for row in self._candidates():
            if row["sk"]["S"].startswith("import#"):
                imports += self._revive_import(row)
            else:
                deliveries += self._remind_of(row)
        self.say(f"{imports} imports and {deliveries} deliveries that nobody worked on go on")

    def uploads_since(self, since: datetime, *, start: bool) -> Iterator[dict[str, Any]]:
        """Tell of files for imports that came since a moment; with `start` their imports begin, once each."""
        bucket, s3 = self.stack.physical("ContentBucket"), self.stack.client("s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="imports/"):
            for found in page.get("Contents", []):
                parts = found["Key"].split("/")
                # What an import writes itself lies in its folder, beside its upload.
                announced = len(parts) > 4 and parts[3].startswith("imp_")
                if found["LastModified"] < since or (announced and parts[4:] != ["upload"]):
                    continue
                awaited = not announced or self._state_of(parts[2], parts[3]) == "awaiting_upload"
                if start and awaited:
                    self._ask(_created(bucket, found))
                yield {"key": found["Key"], "started": start and awaited, "importIsThere": awaited}

    def _candidates(self) -> Iterator[Row]:
        states = {f":{state}": {"S": state} for state in (*_UNDER_WAY, "pending")}
        importing = f"begins_with(sk, :import) AND #state IN ({', '.join(f':{state}' for state in _UNDER_WAY)})"
        lost = "kind = :delivery AND #state = :pending AND attribute_not_exists(waiting)"
        pages = self.stack.client("dynamodb").get_paginator("scan")
        for page in pages.paginate(
            TableName=self._catalog,
            ConsistentRead=True,
            FilterExpression=f"({importing}) OR ({lost})",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":import": {"S": "import#"}, ":delivery": {"S": "delivery"}, **states},
        ):
            yield from page["Items"]

    def _revive_import(self, row: Row) -> bool:
        """Have an import followed by a living execution, or ended; tell whether it had none."""
        key = {"pk": row["pk"], "sk": row["sk"]}
        for tried in range(_TRIES):
            if row["state"]["S"] not in _UNDER_WAY:
                self.say(f"import {row['importId']['S']} of {row['pk']['S']} ended as {row['state']['S']}")
                return True
            if self._runs(row):
                return tried > 0
            self._ask(_execution_ended(row))
            row = self._dynamodb.get_item(TableName=self._catalog, Key=key, ConsistentRead=True)["Item"]
        return True

    def _runs(self, row: Row) -> bool:
        machine = self.stack.physical("ImportStateMachine").replace(":stateMachine:", ":execution:")
        arn = f"{machine}:{row['importId']['S']}-{row['attempt']['N']}"
        states = self.stack.client("stepfunctions")
        try:
            return bool(states.describe_execution(executionArn=arn)["status"] == "RUNNING")
        except states.exceptions.ExecutionDoesNotExist:
            return False

    def _remind_of(self, row: Row) -> bool:
        """Put a delivery into the index of those that the sweep sends messages for; one too many does nothing."""
        shard = zlib.crc32(row["webhookId"]["S"].encode()) % _SHARDS
        try:
            self._dynamodb.update_item(
                TableName=self._catalog,
                Key={"pk": row["pk"], "sk": row["sk"]},
                UpdateExpression="SET waiting = :shard, remindAt = :now",
                ConditionExpression="#state = :pending AND attribute_not_exists(waiting)",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={
                    ":shard": {"S": f"{shard}"},
                    ":now": {"N": f"{time.time_ns() // 1_000_000}"},
                    ":pending": {"S": "pending"},
                },
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _state_of(self, source_id: str, import_id: str) -> str | None:
        key = {"pk": {"S": source_id}, "sk": {"S": f"import#{import_id}"}}
        row = self._dynamodb.get_item(TableName=self._catalog, Key=key, ConsistentRead=True).get("Item")
        return row["state"]["S"] if row else None

    def _ask(self, event: dict[str, Any]) -> None:
        self.stack.invoke(KEEPER, event)

    @property
    def _catalog(self) -> str:
        return self.stack.physical("CatalogTable")

    @property
    def _dynamodb(self) -> Any:
        return self.stack.client("dynamodb")


def _execution_ended(row: Row) -> dict[str, Any]:
    """The news of the end of an import's execution, as EventBridge brings it."""
    state = {
        "tenantId": row["tenantId"]["S"],
        "sourceId": row["pk"]["S"],
        "importId": row["importId"]["S"],
        "attempt": int(row["attempt"]["N"]),
    }
    return {"detail-type": "Step Functions Execution Status Change", "detail": {"input": json.dumps(state)}}


def _created(bucket: str, found: dict[str, Any]) -> dict[str, Any]:
    """The news of a file, as EventBridge brings it; the sequencer is the same at each call, so it is one import."""
    described = {"key": found["Key"], "etag": found["ETag"].strip('"'), "sequencer": f"{found['LastModified']}"}
    return {"detail-type": "Object Created", "detail": {"bucket": {"name": bucket}, "object": described}}
