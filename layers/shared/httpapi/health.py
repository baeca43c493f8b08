"""What a deployment reaches of what it needs, told to anybody who asks, and looked at every few seconds at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from knowledge.limits import HEALTH_KEPT_SECONDS
from knowledge.storage.clients import Clients, Fanout
from telemetry.lines import write_line

from httpapi.errors import UnreachableError
from httpapi.settings import EdgeSettings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_stepfunctions import SFNClient

# Of the API, as in openapi.yaml.
VERSION = "1.0.0"
# The key of a row that no table has; template.yaml grants no other.
NO_ROW = "health"


@dataclass(frozen=True, slots=True)
class _Look:
    at: int
    unreached: list[str]


class Health:
    """Asks each service once: a batch of reads from all tables, the bucket, and the state machine. That makes 3 calls.

    They go out side by side, read what is not there or is no data, and end within the seconds that hurried clients
    wait. What a look found, bad or good, is told until it is 10 s old.
    """

    def __init__(self, settings: EdgeSettings, clients: Clients, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._clients = clients
        self._clock = clock
        self._look: _Look | None = None

    def check(self) -> list[str]:
        """Return the kinds of what is reached, which is all of them. Raises UnreachableError naming the others."""
        now = self._clock()
        if self._look is None or not 0 <= now - self._look.at < HEALTH_KEPT_SECONDS * 1000:
            self._look = _Look(now, self._unreached())
        if self._look.unreached:
            raise UnreachableError(self._look.unreached, HEALTH_KEPT_SECONDS)
        return list(self._probes)

    @cached_property
    def _probes(self) -> dict[str, Callable[[], None]]:
        # Made by one thread: boto3 can't make clients in several at once.
        dynamodb, s3, stepfunctions = self._clients.dynamodb, self._clients.s3, self._clients.stepfunctions
        return {
            "tables": lambda: self._read_tables(dynamodb),
            "objects": lambda: self._see_bucket(s3),
            "runs": lambda: self._see_machine(stepfunctions),
        }

    def _unreached(self) -> list[str]:
        reached = Fanout(len(self._probes)).map(self._reaches, self._probes)
        return [part for part, is_reached in zip(self._probes, reached, strict=True) if not is_reached]

    def _reaches(self, part: str) -> bool:
        try:
            self._probes[part]()
        except (BotoCoreError, ClientError, _UnreadError) as error:
            # Why is for the log alone.
            write_line("health_part_unreached", level="WARNING", exc_info=error, part=part)
            return False
        return True

    def _read_tables(self, dynamodb: DynamoDBClient) -> None:
        names = self._settings
        attributes = {
            names.keys_table: ["keyId"],
            names.catalog_table: ["pk", "sk"],
            names.audit_table: ["pk", "sk"],
            names.items_table: ["pk", "sk"],
            names.idempotency_table: ["id"],
            names.rate_counters_table: ["id"],
        }
        keys: dict[str, Any] = {
            table: {"Keys": [{name: {"S": NO_ROW} for name in of_key}]} for table, of_key in attributes.items()
        }
        read = dynamodb.batch_get_item(RequestItems=keys)
        if read.get("UnprocessedKeys"):
            raise _UnreadError("a table is throttled")

    def _see_bucket(self, s3: S3Client) -> None:
        s3.head_bucket(Bucket=self._settings.content_bucket)

    def _see_machine(self, stepfunctions: SFNClient) -> None:
        stepfunctions.describe_state_machine(stateMachineArn=self._settings.machine_arn)


class _UnreadError(Exception):
    """Raised when a table answers without reading."""
