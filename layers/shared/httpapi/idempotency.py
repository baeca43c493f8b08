"""Retries with an Idempotency-Key: the first answer is kept for a day and sent again.

Powertools does the protocol: a conditional record in progress that outlives a crash only until the function's
time-out, then the answer. This module is imported by the first request that has the header, so that no other pays.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)
from knowledge.errors import ServiceUnavailableError
from knowledge.limits import ANSWER_KEPT_SECONDS

from httpapi.answers import RequestMark, WrittenAnswer
from httpapi.errors import IdempotencyConflictError, IdempotencyInProgressError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
    from types_boto3_dynamodb import DynamoDBClient

    from httpapi.kept_answers import KeptAnswers

# One name for every function: a key means the same request wherever it is sent.
_RECORD_PREFIX = "http"


class _NotKeptError(Exception):
    """Raised to pass on an answer of which no record may be made; Powertools forgets what raises."""

    def __init__(self, answer: WrittenAnswer) -> None:
        super().__init__()
        self.answer = answer


class _Records(DynamoDBPersistenceLayer):
    """Records that remember, for each thread, until when (ms) the one in progress that it met has to be believed."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        super().__init__(table_name=table, boto3_client=client)
        self.met = threading.local()

    def _item_to_data_record(self, item: dict[str, Any]) -> DataRecord:
        record = super()._item_to_data_record(item)
        self.met.until = record.in_progress_expiry_timestamp
        return record

    def seconds_left(self) -> int:
        """For how many seconds, rounded up, the record in progress that was met last is still to be believed."""
        left_ms = int(getattr(self.met, "until", None) or 0) - int(datetime.now(UTC).timestamp() * 1000)
        return max(1, -(-left_ms // 1000))


class Idempotency:
    """Runs a request once for each mark."""

    def __init__(self, client: DynamoDBClient, table: str, kept: KeptAnswers) -> None:
        self._records = _Records(client, table)
        self._kept = kept

    def run_once(self, mark: RequestMark, context: Any, work: Callable[[], WrittenAnswer]) -> WrittenAnswer:
        """Do the work, or repeat the answer it was given before.

        An exception leaves no record, so that a retry does the work again. The Lambda context tells for how long a
        record in progress has to be believed.

        Raises IdempotencyConflictError, IdempotencyInProgressError, ServiceUnavailableError, and what the work raises.
        """

        def perform(*, request: dict[str, str]) -> WrittenAnswer:
            answer = work()
            if not answer.final or not self._kept.can_keep(answer):
                raise _NotKeptError(answer)
            return answer

        once = idempotent_function(
            perform,
            data_keyword_argument="request",
            persistence_store=self._records,
            config=self._config(context),
            output_serializer=self._kept.of_tenant(mark.tenant_id),
            key_prefix=_RECORD_PREFIX,
        )
        request = {
            "tenantId": mark.tenant_id,
            "lineId": mark.line_id,
            "key": mark.key,
            "fingerprint": mark.fingerprint,
        }
        try:
            answer: WrittenAnswer = once(request=request)
        except _NotKeptError as unkept:
            return unkept.answer
        except IdempotencyValidationError as error:
            raise IdempotencyConflictError from error
        except (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError) as error:
            raise IdempotencyInProgressError(self._records.seconds_left()) from error
        except IdempotencyPersistenceLayerError as error:
            raise ServiceUnavailableError from error
        return answer

    @staticmethod
    def _config(context: Any) -> IdempotencyConfig:
        return IdempotencyConfig(
            event_key_jmespath="[tenantId, lineId, key]",
            payload_validation_jmespath="fingerprint",
            raise_on_no_idempotency_key=True,
            expires_after_seconds=ANSWER_KEPT_SECONDS,
            hash_function="sha256",
            lambda_context=context,
        )
