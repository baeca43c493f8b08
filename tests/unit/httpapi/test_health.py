"""What is asked to tell whether the API works, how often, and how long for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from httpapi.error_table import answer_for
from httpapi.errors import UnreachableError
from httpapi.health import VERSION, Health
from httpapi.settings import EdgeSettings
from knowledge.limits import HEALTH_KEPT_SECONDS
from knowledge.storage.clients import Clients

from testing import spec
from testing.held_clock import HeldClock

_TABLES = {"keys", "catalog", "audit", "items", "idempotency", "rates"}
_SETTINGS = EdgeSettings(
    "keys",
    "rates",
    "idempotency",
    "bucket",
    catalog_table="catalog",
    audit_table="audit",
    items_table="items",
    machine_arn="arn:machine",
)
_DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no to arn:aws:s3:::bucket"}}, "HeadBucket")


class Services:
    """Three services that note what they are asked, and fail as `failing` says."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.failing: dict[str, Exception] = {}
        self.unprocessed: dict[str, Any] = {}
        self.dynamodb = SimpleNamespace(batch_get_item=lambda **request: self._answer("tables", request))
        self.s3 = SimpleNamespace(head_bucket=lambda **request: self._answer("objects", request))
        self.stepfunctions = SimpleNamespace(describe_state_machine=lambda **request: self._answer("runs", request))

    def _answer(self, part: str, request: Any) -> dict[str, Any]:
        self.asked.append((part, request))
        if part in self.failing:
            raise self.failing[part]
        return {"UnprocessedKeys": self.unprocessed}


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def health(services: Services, clock: HeldClock) -> Health:
    return Health(_SETTINGS, cast(Clients, services), clock)


def test_a_look_is_three_calls_that_read_no_data(health: Health, services: Services) -> None:
    assert health.check() == ["tables", "objects", "runs"]
    asked = dict(services.asked)
    assert len(services.asked) == 3
    assert asked["tables"]["RequestItems"].keys() == _TABLES
    assert asked["objects"] == {"Bucket": "bucket"}
    assert asked["runs"] == {"stateMachineArn": "arn:machine"}


def test_answers_between_two_looks_cost_nothing(health: Health, services: Services, clock: HeldClock) -> None:
    for _ in range(100):
        health.check()
    clock.advance(seconds=HEALTH_KEPT_SECONDS - 1)
    health.check()
    assert len(services.asked) == 3
    clock.advance(seconds=1)
    health.check()
    assert len(services.asked) == 6


def test_a_clock_that_is_set_back_does_not_keep_an_answer_for_good(
    health: Health, services: Services, clock: HeldClock
) -> None:
    health.check()
    clock.advance(seconds=-3600)
    health.check()
    assert len(services.asked) == 6


@pytest.mark.parametrize("error", [_DENIED, ConnectTimeoutError(endpoint_url="https://bucket.s3.amazonaws.com")])
def test_what_is_not_reached_is_told_and_nothing_of_why(
    health: Health, services: Services, clock: HeldClock, error: Exception
) -> None:
    services.failing["objects"] = error
    # Nor can anybody have it look all the time while it is down: the bad answer is kept too.
    for _ in range(3):
        with pytest.raises(UnreachableError) as caught:
            health.check()
    assert len(services.asked) == 3
    answer = answer_for(caught.value)
    assert (answer.status, answer.body["code"]) == (503, "unavailable")
    assert answer.body["details"] == [{"path": "objects", "message": "cannot be reached"}]
    assert answer.headers == {"Retry-After": str(HEALTH_KEPT_SECONDS)}
    assert "bucket" not in str(answer)
    services.failing.clear()
    clock.advance(seconds=HEALTH_KEPT_SECONDS)
    assert health.check() == ["tables", "objects", "runs"]


def test_everything_that_is_not_reached_is_told(health: Health, services: Services) -> None:
    services.failing = dict.fromkeys(("tables", "objects", "runs"), _DENIED)
    with pytest.raises(UnreachableError) as caught:
        health.check()
    assert [each["path"] for each in caught.value.details] == ["tables", "objects", "runs"]


def test_a_table_that_answers_without_reading_is_not_reached(health: Health, services: Services) -> None:
    services.unprocessed = {"items": {"Keys": [{}]}}
    with pytest.raises(UnreachableError) as caught:
        health.check()
    assert [each["path"] for each in caught.value.details] == ["tables"]


def test_a_fault_of_ours_is_no_answer_about_others(health: Health, services: Services) -> None:
    services.failing["runs"] = KeyError("ours")
    with pytest.raises(KeyError):
        health.check()


def test_hurried_clients_ask_once_and_wait_less_than_a_checker_does() -> None:
    clients = Clients(hurried=True)
    for client in (clients.dynamodb, clients.s3, clients.stepfunctions):
        config: Any = client.meta.config
        assert config.connect_timeout + config.read_timeout <= 3
        assert config.retries["total_max_attempts"] == 1
    patient: Any = Clients().dynamodb.meta.config
    assert (patient.connect_timeout, patient.read_timeout, patient.retries["total_max_attempts"]) == (3, 10, 4)


def test_version_is_that_of_the_document() -> None:
    assert spec.document()["info"]["version"] == VERSION
