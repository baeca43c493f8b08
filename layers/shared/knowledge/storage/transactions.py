"""All-or-nothing writes: the one place that reads why DynamoDB cancelled a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from knowledge.errors import ServiceUnavailableError
from knowledge.storage.clients import backoff, error_code, translated

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_TRIES = 8
_PASSING = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"}
)


class RefusedTransactionError(Exception):
    """Raised when a condition of a transaction does not hold; `failed` are the places of those actions."""

    def __init__(self, failed: frozenset[int]) -> None:
        super().__init__("a condition of a transaction does not hold")
        self.failed = failed


def transact(
    dynamodb: DynamoDBClient, actions: Sequence[Any], *, busy: type[Exception] = ServiceUnavailableError
) -> None:
    """Write all or nothing, again while others are at the same rows.

    Raises RefusedTransactionError when a condition does not hold, the error `busy` when the rows stay busy with others.
    """
    for attempt in range(_TRIES):
        try:
            with translated():
                dynamodb.transact_write_items(TransactItems=actions)
        except ClientError as error:
            if error_code(error) != "TransactionCanceledException":
                raise
            codes = [reason.get("Code") for reason in error.response.get("CancellationReasons", [])]
            failed = frozenset(place for place, code in enumerate(codes) if code == "ConditionalCheckFailed")
            if failed:
                raise RefusedTransactionError(failed) from error
            if not _PASSING & set(codes):
                raise
            backoff(attempt)
        else:
            return
    raise busy
