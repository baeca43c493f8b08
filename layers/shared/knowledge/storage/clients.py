"""How the stores reach AWS: the clients, their one translation of failures, and work side by side."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import (
    ClientError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from knowledge.errors import ServiceUnavailableError
from knowledge.limits import MODEL_SECONDS

if TYPE_CHECKING:
    from types_boto3_bedrock_runtime import BedrockRuntimeClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_kms import KMSClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient
    from types_boto3_stepfunctions import SFNClient

A = TypeVar("A")
B = TypeVar("B")

_QUICK = {"mode": "standard", "total_max_attempts": 4}
_HURRIED = {"connect_timeout": 1, "read_timeout": 2, "retries": {"total_max_attempts": 1}}
# What passes by itself, by its code and by its status. Those of botocore's own retry rules are written out here, since
# reading its rules costs a cold start; a test compares them with the botocore that is installed.
RETRIED_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504, 509})
# What botocore leaves to its caller: transactions that met, and KMS, which answers these with status 400 or 409.
_OTHER_CODES = frozenset(
    {
        "DependencyTimeoutException",
        "InternalError",
        "InternalServerError",
        "KMSInternalException",
        "KeyUnavailableException",
        "ServiceUnavailable",
        "TransactionConflictException",
    }
)


@dataclass
class Clients:
    """The clients of one process, each made when it is first needed.

    Hurried ones ask once and wait 3 seconds at most: they are for whoever only asks whether a service is there.
    """

    hurried: bool = False

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """DynamoDB, with a few quick retries of its own for throttles."""
        client: DynamoDBClient = self._make("dynamodb", read_timeout=10, retries=_QUICK)
        return client

    @cached_property
    def s3(self) -> S3Client:
        """S3. Links are signed by version 4, which covers the headers that a sender must send, and name the region.

        A link to the global host is answered 307 while a bucket is young, and 400 for good in later regions; the
        signature covers the host, so a sender can't follow.
        """
        overridden = any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"))
        # An emulator's host has no name for each bucket.
        addressing = {
            "addressing_style": "path" if overridden else "virtual",
            "us_east_1_regional_endpoint": "regional",
        }
        client: S3Client = self._make("s3", read_timeout=20, retries=_QUICK, signature_version="s3v4", s3=addressing)
        return client

    @cached_property
    def kms(self) -> KMSClient:
        """KMS."""
        client: KMSClient = self._make("kms", read_timeout=5, retries=_QUICK)
        return client

    @cached_property
    def sqs(self) -> SQSClient:
        """SQS."""
        client: SQSClient = self._make("sqs", read_timeout=10, retries=_QUICK)
        return client

    @cached_property
    def events(self) -> EventBridgeClient:
        """EventBridge."""
        client: EventBridgeClient = self._make("events", read_timeout=10, retries=_QUICK)
        return client

    @cached_property
    def stepfunctions(self) -> SFNClient:
        """Step Functions: one attempt only, since a retry of StartSyncExecution would start a second execution."""
        client: SFNClient = self._make("stepfunctions", read_timeout=25, retries={"total_max_attempts": 1})
        return client

    @cached_property
    def bedrock(self) -> BedrockRuntimeClient:
        """Models of Amazon Bedrock: one attempt only, since whoever asks has another way to an answer."""
        options = {"connect_timeout": 2, "read_timeout": MODEL_SECONDS, "retries": {"total_max_attempts": 1}}
        client: BedrockRuntimeClient = self._make("bedrock-runtime", **options)
        return client

    def _make(self, service: str, **options: Any) -> Any:
        import boto3
        from botocore.config import Config

        options = {"connect_timeout": 3, **options, **(_HURRIED if self.hurried else {})}
        make: Any = boto3.client
        return make(service, config=Config(max_pool_connections=32, **options))


def error_code(error: ClientError) -> str:
    """The AWS code of a refused call, such as `ConditionalCheckFailedException`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_transient(error: ClientError) -> bool:
    """Tell whether a refusal passes by itself: a throttle, a time-out, or a failure on the side of AWS."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = error_code(error)
    # A HEAD that fails has no body, so its status stands where the code should.
    return code in RETRIED_CODES | _OTHER_CODES or status in RETRIED_STATUSES or code in map(str, RETRIED_STATUSES)


def is_refused(error: ClientError) -> bool:
    """Tell whether the condition of a single write did not hold."""
    return error_code(error) == "ConditionalCheckFailedException"


@contextmanager
def translated() -> Iterator[None]:
    """Raises ServiceUnavailableError for what passes by itself and for lost or cut answers; all else goes through."""
    try:
        yield
    except ClientError as error:
        if is_transient(error):
            raise ServiceUnavailableError from error
        raise
    except (BotoConnectionError, HTTPClientError, IncompleteReadError) as error:
        raise ServiceUnavailableError from error


def query_rows(dynamodb: DynamoDBClient, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Walk over all rows of a query, reading a page when the walk comes to it."""
    start: dict[str, Any] = {}
    while True:
        with translated():
            page: Any = dynamodb.query(**{**query, **start})
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def backoff(attempt: int, *, base_seconds: float = 0.02, most_seconds: float = 0.5) -> None:
    """Wait before another try, with full jitter so that rivals come apart."""
    time.sleep(random.uniform(0, min(most_seconds, base_seconds * 2**attempt)))


@dataclass(frozen=True, slots=True)
class Fanout:
    """Runs independent calls side by side; `width` 1 runs them in order, which tests that count calls rely on."""

    width: int = 16

    def map(self, work: Callable[[A], B], inputs: Iterable[A]) -> list[B]:
        """Apply `work` to each input; results in the order of the inputs. The first failure is raised."""
        todo = list(inputs)
        if self.width == 1 or len(todo) < 2:
            return [work(value) for value in todo]
        with ThreadPoolExecutor(min(self.width, len(todo))) as pool:
            return list(pool.map(work, todo))
