"""After a stop or a restore: imports and deliveries that nobody works on go on, and files that came are told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from knowledge.events import RUN_FAILED, Event
from knowledge.import_tasks import start_import
from knowledge.storage.attributes import from_row
from webhooks.deliveries.rows import waiting_shard
from webhooks.deliveries.service import new_delivery
from webhooks.tasks import relay_events

from operations.revival import Revival
from operations.stack import DeployedStack
from testing.edge import Edge
from testing.import_files import ndjson
from testing.import_machine import Execution
from tests.support.deployed_stack import InvokedLambda

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"


class Executions:
    """Step Functions as far as it tells of the executions of the machine in process."""

    class ExecutionDoesNotExistError(Exception):
        pass

    exceptions = SimpleNamespace(ExecutionDoesNotExist=ExecutionDoesNotExistError)

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def describe_execution(self, *, executionArn: str) -> Any:  # noqa: N803 - AWS's name
        assert executionArn.startswith(MACHINE.replace(":stateMachine:", ":execution:") + ":")
        found = self._edge.import_machine.executions.get(executionArn.rpartition(":")[2])
        if found is None:
            raise self.ExecutionDoesNotExistError
        return {"status": found.status}


class Restored:
    """A deployment with one source, and what an operator sees of it."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.source = edge.source()
        self.tenant = edge.tenant_of(edge.token)
        self.told: list[str] = []
        functions = InvokedLambda(None)
        knowledge = edge.import_machine.knowledge
        assert knowledge
        functions.answer = lambda _, event: start_import(knowledge, event)
        clients = {
            "dynamodb": edge.clients.dynamodb,
            "s3": edge.clients.s3,
            "lambda": functions,
            "stepfunctions": Executions(edge),
        }
        self.stack = DeployedStack(
            "test",
            {
                "CatalogTable": ("", edge.environment["CATALOG_TABLE"]),
                "ContentBucket": ("", edge.environment["CONTENT_BUCKET"]),
                "StartImportFunction": ("", "start_import"),
                "ImportStateMachine": ("", MACHINE),
            },
            clients.__getitem__,
        )
        self.revival = Revival(self.stack, self.told.append)

    def begin_import(self) -> str:
        """Have an import under way: its file is there, and its execution began."""
        job = str(self.ask()["id"])
        self.arrive(self.key_of(job))
        self.edge.import_machine.run_until("IsStaged")
        return job

    def ask(self) -> dict[str, Any]:
        path = f"/v1/sources/{self.source}/imports"
        return dict(self.edge.request("POST", path, {"mode": "upsert"}).body["import"])

    def key_of(self, job: str) -> str:
        return f"imports/{self.tenant}/{self.source}/{job}/upload"

    def put(self, key: str) -> None:
        bucket = self.edge.environment["CONTENT_BUCKET"]
        self.edge.clients.s3.put_object(Bucket=bucket, Key=key, Body=ndjson({"a": "text"}))

    def arrive(self, key: str) -> None:
        self.put(key)
        bucket = self.edge.environment["CONTENT_BUCKET"]
        detail = {"bucket": {"name": bucket}, "object": {"key": key}}
        self.stack.invoke("StartImportFunction", {"detail-type": "Object Created", "detail": detail})

    def state_of(self, job: str) -> str:
        path = f"/v1/sources/{self.source}/imports/{job}"
        return str(self.edge.request("GET", path).body["import"]["state"])

    def executions(self) -> dict[str, str]:
        return {name: each.status for name, each in self.edge.import_machine.executions.items()}

    def take_name(self, job: str, attempt: int) -> None:
        """An execution of the time that was undone: its name is taken for ever."""
        machine = self.edge.import_machine
        name = f"{job}-{attempt}"
        machine.executions[name] = Execution(machine, name, {})
        machine.executions[name].status = "SUCCEEDED"


@pytest.fixture
def restored(edge: Edge) -> Restored:
    return Restored(edge)


def test_import_whose_execution_was_ended_goes_on_to_its_end(restored: Restored) -> None:
    job = restored.begin_import()
    restored.edge.import_machine.abort_all()
    restored.revival.revive()
    assert restored.executions() == {f"{job}-1": "ABORTED", f"{job}-2": "RUNNING"}
    assert restored.told == ["1 imports and 0 deliveries that nobody worked on go on"]
    restored.revival.revive()
    assert len(restored.executions()) == 2, "one that somebody works on is left alone"
    restored.edge.import_machine.run()
    assert restored.state_of(job) == "completed"
    restored.revival.revive()
    assert restored.told[1:] == ["0 imports and 0 deliveries that nobody worked on go on"] * 2


def test_names_of_executions_that_were_undone_are_passed_over(restored: Restored) -> None:
    """The row is back at attempt 1, and Step Functions remembers 2 and 3: started again, neither would run."""
    job = restored.begin_import()
    restored.edge.import_machine.abort_all()
    for attempt in (2, 3):
        restored.take_name(job, attempt)
    restored.revival.revive()
    assert restored.executions()[f"{job}-4"] == "RUNNING"
    restored.edge.import_machine.run()
    assert restored.state_of(job) == "completed"


def test_import_without_a_name_left_fails_and_is_told(restored: Restored) -> None:
    job = restored.begin_import()
    restored.edge.import_machine.abort_all()
    for attempt in range(2, 6):
        restored.take_name(job, attempt)
    restored.revival.revive()
    assert restored.state_of(job) == "failed"
    assert restored.told[0] == f"import {job} of {restored.source} ended as failed"


def test_delivery_whose_message_is_gone_is_put_where_the_sweep_looks(restored: Restored) -> None:
    edge = restored.edge
    webhook = str(edge.request("POST", "/v1/webhooks", {"url": "https://hooks.example.com/"}).body["webhook"]["id"])
    webhooks, queue = edge.services.webhooks, edge.environment["WEBHOOK_QUEUE_URL"]
    event = Event("evt_1", RUN_FAILED, restored.tenant, restored.source, edge.clock(), {"runId": "run_1"})
    endpoint = webhooks.endpoints.get_endpoint(restored.tenant, webhook)
    # As the relay makes it, which sends its message and has the sweep know nothing of it.
    assert webhooks.delivery_store.create(new_delivery(endpoint, event, edge.clock()))
    restored.revival.revive()
    assert restored.told == ["0 imports and 1 deliveries that nobody worked on go on"]
    rows = edge.clients.dynamodb.scan(TableName=edge.environment["CATALOG_TABLE"])["Items"]
    [row] = [from_row(row) for row in rows if row.get("kind") == {"S": "delivery"}]
    assert row["waiting"] == waiting_shard(webhook)
    restored.revival.revive()
    assert restored.told[1:] == ["0 imports and 0 deliveries that nobody worked on go on"]
    # The clock of the tool is the machine's.
    edge.clock.now = max(edge.clock.now, row["remindAt"] + 1)
    relay_events(webhooks, {}, lambda: 60_000)
    [message] = edge.clients.sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"])["deliveryId"] == row["deliveryId"]


def test_files_that_came_since_are_told_and_begun_once_on_request(restored: Restored) -> None:
    awaited, undone = restored.ask()["id"], "imp_" + "0" * 26
    folder = f"imports/{restored.tenant}/{restored.source}"
    keys = [restored.key_of(awaited), restored.key_of(undone), f"{folder}/nightly.ndjson"]
    for key in (*keys, f"{folder}/{awaited}/pieces/1"):
        restored.put(key)
    now = datetime.now(UTC)
    assert list(restored.revival.uploads_since(now + timedelta(hours=1), start=True)) == []
    since = now - timedelta(hours=1)
    found = {
        each["key"]: (each["importIsThere"], each["started"])
        for each in restored.revival.uploads_since(since, start=False)
    }
    assert found == {keys[0]: (True, False), keys[1]: (False, False), keys[2]: (True, False)}
    assert restored.executions() == {}
    for _ in range(2):
        list(restored.revival.uploads_since(since, start=True))
    assert len(restored.executions()) == 2
    assert f"{awaited}-1" in restored.executions()
