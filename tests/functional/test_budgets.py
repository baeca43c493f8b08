"""Budgets of a day: how many answers and requests a key has, and that its tenant is told in time, once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from httpapi.assembly import EdgeServices
from httpapi.errors import EdgeError
from httpapi.key_errors import AnswerBudgetError
from httpapi.keys.model import Key
from knowledge.errors import ServiceUnavailableError
from knowledge.storage.clients import Clients

from testing.edge import Edge
from testing.faults import Crash, Faults, Way
from tests.support.browser_keys import ORIGIN, make_page, may_read
from tests.support.keys import outbox

DAY = 86_400
BUDGET = 10
TOLD_AT = 8
# Each stands for others that look the same from here: before the call, after it with the caller dead or alive, twice.
WAYS = (Way.DIE_BEFORE, Way.DIE_AFTER, Way.ANSWER_LOST, Way.THROTTLED, Way.REPEATED)


def limited(edge: Edge, **fields: Any) -> Key:
    """Make a key that has ten answers a day."""
    return edge.stored(edge.key(edge.admin, **{"answers_per_day": BUDGET, **fields}))


def spend(services: EdgeServices, key: Key, times: int) -> Counter[str]:
    """Spend answers one after the other, and count what came of it."""
    counted: Counter[str] = Counter()
    for _ in range(times):
        try:
            services.budgets.spend_answer(key)
        except AnswerBudgetError:
            counted["refused"] += 1
        else:
            counted["spent"] += 1
    return counted


def told(key: Key) -> list[dict[str, Any]]:
    """What was told of the tenant's budgets."""
    return [row["data"] for row in outbox(key.tenant_id) if row["eventType"] == "budget.reached"]


def test_answers_end_with_the_budget_and_come_back_with_the_day(edge: Edge) -> None:
    key = limited(edge)
    assert spend(edge.services, key, 13) == {"spent": 10, "refused": 3}
    with pytest.raises(AnswerBudgetError) as refused:
        edge.services.budgets.spend_answer(key)
    seconds = int(refused.value.headers["Retry-After"])
    assert 0 < seconds <= DAY
    edge.clock.advance(seconds=seconds - 1)
    assert spend(edge.services, key, 1) == {"refused": 1}
    edge.clock.advance(seconds=1)
    assert spend(edge.services, key, 1) == {"spent": 1}


def test_key_without_a_budget_has_as_many_as_it_asks_for(edge: Edge) -> None:
    key = limited(edge, answers_per_day=None)
    assert spend(edge.services, key, 15) == {"spent": 15}
    assert told(key) == []


def test_budget_is_the_lines_and_each_key_is_held_to_its_own(edge: Edge) -> None:
    key = limited(edge)
    spend(edge.services, key, 6)
    rotated = edge.services.keys.rotate_key(key.tenant_id, key.key_id, 60_000).issued.key
    assert spend(edge.services, rotated, 3) == {"spent": 3}
    assert spend(edge.services, key, 2) == {"spent": 1, "refused": 1}
    other = limited(edge)
    assert spend(edge.services, other, 1) == {"spent": 1}


def test_raised_budget_is_obeyed_at_once(edge: Edge) -> None:
    key = limited(edge)
    spend(edge.services, key, 10)
    assert spend(edge.services, replace(key, spec=replace(key.spec, answers_per_day=12)), 3) == {
        "spent": 2,
        "refused": 1,
    }


def test_four_fifths_are_told_once_a_day(edge: Edge) -> None:
    key = limited(edge)
    spend(edge.services, key, TOLD_AT - 1)
    assert told(key) == []
    spend(edge.services, key, 1)
    expected = {"keyId": key.key_id, "budget": "answers", "perDay": BUDGET, "day": "2026-11-18"}
    assert told(key) == [expected]
    spend(edge.services, key, 5)
    # Neither another process, nor another key of the line, nor another budget says it again.
    spend(edge.make_services(), replace(key, spec=replace(key.spec, answers_per_day=20)), 8)
    assert told(key) == [expected]
    edge.clock.advance(seconds=DAY)
    spend(edge.services, key, TOLD_AT)
    assert {each["day"] for each in told(key)} == {"2026-11-18", "2026-11-19"}
    assert len(told(key)) == 2


def test_budget_of_one_is_told_with_its_answer(edge: Edge) -> None:
    key = limited(edge, answers_per_day=1)
    assert spend(edge.services, key, 2) == {"spent": 1, "refused": 1}
    assert len(told(key)) == 1


def test_budget_lowered_below_what_is_used_is_told_by_the_refusal(edge: Edge) -> None:
    key = limited(edge, answers_per_day=1_000)
    spend(edge.services, key, 5)
    lowered = replace(key, spec=replace(key.spec, answers_per_day=3))
    assert spend(edge.services, lowered, 2) == {"refused": 2}
    assert [each["perDay"] for each in told(key)] == [3]


def test_webhook_hears_of_it(edge: Edge) -> None:
    hook = {"url": "https://hooks.example.com/a", "events": ["budget.reached"]}
    hook_id = edge.request("POST", "/v1/webhooks", hook).body["webhook"]["id"]
    spend(edge.services, limited(edge), TOLD_AT)
    edge.clock.advance(seconds=180)
    assert edge.services.webhooks.relay.sweep(lambda: True) >= 1
    deliveries = edge.request("GET", f"/v1/webhooks/{hook_id}/deliveries").body["deliveries"]
    assert [each["eventType"] for each in deliveries] == ["budget.reached"]


def test_requests_end_with_the_day_too_and_a_page_can_read_it(edge: Edge) -> None:
    page = make_page(edge, requestsPerDay=5)
    replies = []
    for number in range(7):
        replies.append(page.search(address=f"198.51.100.{number}"))
        edge.clock.advance(seconds=61)
    assert [each.status for each in replies] == [200] * 5 + [429] * 2
    last = replies[-1]
    assert (last.code, may_read(last, ORIGIN)) == ("request_budget", True)
    assert int(last.headers["retry-after"]) == DAY - edge.clock() // 1000 % DAY + 61
    key = edge.stored(page.secret)
    assert [(each["budget"], each["perDay"]) for each in told(key)] == [("requests", 5)]
    assert page.change(requestsPerDay=100).status == 200
    assert page.search().status == 200


def test_usage_tells_answers(edge: Edge) -> None:
    key = limited(edge, name="asks")
    spend(edge.services, key, 12)
    edge.clock.advance(seconds=DAY)
    spend(edge.services, key, 1)
    body = edge.request("GET", "/v1/usage", key=edge.key(edge.admin, scopes=["audit:read"])).body
    (told_of,) = [each for each in body["keys"] if each["name"] == "asks"]
    assert (told_of["requests"], told_of["answers"]) == (0, 11)
    assert [(day["day"], day["answers"]) for day in told_of["days"]] == [("2026-11-18", 10), ("2026-11-19", 1)]


def test_counter_that_fails_is_an_answer_that_is_not_given(dynoxide: Any) -> None:
    edge, watch = watched(dynoxide)
    key = limited(edge)
    watch.calls.clear()
    watch.arm(0, Way.THROTTLED)
    with pytest.raises(ServiceUnavailableError):
        edge.services.budgets.spend_answer(key)


def watched(resources: Any) -> tuple[Edge, Faults]:
    """An edge on Dynoxide whose calls of DynamoDB are watched."""
    edge, watch = Edge(resources, dict(os.environ), clients=Clients()), Faults()
    edge.clients = watch.clients(edge.clients.dynamodb, edge.clients.s3)
    edge.services = edge.make_services()
    return edge, watch


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("call", range(3))
def test_crash_between_count_event_and_mark_is_made_good_by_the_next(dynoxide: Any, call: int, way: Way) -> None:
    """The three calls of the answer that reaches four fifths: count, event, mark. Whatever happens to one of them, the
    tenant is told once, and no more answers are given than there are."""
    edge, watch = watched(dynoxide)
    key = limited(edge)
    given = spend(edge.services, key, TOLD_AT - 1)["spent"]
    watch.calls.clear()
    watch.arm(call, way)
    with suppress(Crash, ServiceUnavailableError):
        edge.services.budgets.spend_answer(key)
        given += 1
    assert watch.fired is not None
    watch.disarm()
    assert len(told(key)) <= 1
    # As a new process, which knows nothing of the one that died.
    given += spend(edge.make_services(), key, 20)["spent"]
    assert len(told(key)) == 1
    assert given <= BUDGET
    # Only what was lost between the count and its answer is counted and not given.
    assert given >= BUDGET - 2


def test_last_request_that_is_refused_tells_what_a_crash_left(dynoxide: Any) -> None:
    """Every answer that could have told dies: the next one finds the budget used up, and tells."""
    edge, watch = watched(dynoxide)
    key = limited(edge)
    spend(edge.services, key, TOLD_AT - 1)
    for _ in range(BUDGET - TOLD_AT + 1):
        watch.calls.clear()
        watch.arm(1, Way.DIE_BEFORE)
        with suppress(Crash):
            edge.services.budgets.spend_answer(key)
        watch.disarm()
    assert told(key) == []
    assert spend(edge.services, key, 1) == {"refused": 1}
    assert len(told(key)) == 1


def side_by_side(work: Callable[[int], None], times: int) -> Counter[str]:
    """Do it many times at once and count what came of it."""

    def once(number: int) -> str:
        try:
            work(number)
        except (EdgeError, ServiceUnavailableError) as error:
            return type(error).__name__
        return "spent"

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(once, range(times)))


def test_many_at_once_spend_what_there_is_and_tell_once(edge_on_dynoxide: Edge) -> None:
    """In four processes; the telling turns nobody away."""
    edge = edge_on_dynoxide
    key = limited(edge, answers_per_day=50)
    processes = [edge.make_services() for _ in range(4)]
    counted = side_by_side(lambda number: processes[number % 4].budgets.spend_answer(key), 80)
    assert counted == {"spent": 50, "AnswerBudgetError": 30}
    assert len(told(key)) == 1
