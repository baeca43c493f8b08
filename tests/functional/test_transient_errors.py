"""What passes by itself at AWS is 503 with `Retry-After`, by the rules of the botocore that is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.exceptions import ClientError, IncompleteReadError
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker
from httpapi.error_table import answer_for
from knowledge.storage.clients import RETRIED_CODES, RETRIED_STATUSES

_SERVICES = ("__default__", "dynamodb", "s3", "sqs")
# S3 says it of an upload whose bytes are not those of its hash: sending the same again changes nothing.
_NOT_OURS = {"BadDigest"}


def _responses(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "response" in value:
            yield value["response"]
        for each in value.values():
            yield from _responses(each)


def _rules() -> list[dict[str, Any]]:
    rules = json.loads((Path(botocore.__file__).parent / "data" / "_retry.json").read_text())
    found = [rules["definitions"], *(rules["retry"][name] for name in _SERVICES)]
    return [response for part in found for response in _responses(part)]


def test_table_is_that_of_the_installed_botocore() -> None:
    throttled: Any = ThrottledRetryableChecker
    transient: Any = TransientRetryableChecker
    rules = _rules()
    codes = {rule["service_error_code"] for rule in rules if "service_error_code" in rule}
    codes |= {*throttled._THROTTLED_ERROR_CODES, *transient._TRANSIENT_ERROR_CODES}
    statuses = {r["http_status_code"] for r in rules if "service_error_code" not in r and "http_status_code" in r}
    assert codes - _NOT_OURS == RETRIED_CODES
    assert statuses | set(transient._TRANSIENT_STATUS_CODES) == RETRIED_STATUSES


def _refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "secret"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Call")


@pytest.mark.parametrize(
    "error",
    [
        *(_refusal(code, 400) for code in sorted(RETRIED_CODES)),
        *(_refusal(str(status), status) for status in sorted(RETRIED_STATUSES)),
        _refusal("KMSInternalException", 500),
        _refusal("DependencyTimeoutException", 503),
        _refusal("KeyUnavailableException", 500),
        _refusal("TransactionConflictException", 400),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ],
    ids=lambda error: str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__,
)
def test_what_passes_by_itself_is_503_with_retry_after(error: Exception) -> None:
    answer = answer_for(error)
    assert (answer.status, answer.headers) == (503, {"Retry-After": "1"})
    assert "secret" not in str(answer.body)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException", "BadDigest"])
def test_what_does_not_pass_is_500(code: str) -> None:
    assert answer_for(_refusal(code, 400)).status == 500
