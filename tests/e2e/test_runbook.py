"""At three in the morning: what the runbook and the page on restoring say is done to a stack that is in trouble."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import boto3
import pytest

from local.template import ROOT
from operations.copying import TABLES
from testing.resources import continuous_integration
from tests.contract.tenant import Tenant
from tests.e2e.test_webhooks_stack import Post, listening
from tests.support.markdown_pages import Page
from tests.support.stack import PATIENCE_SECONDS, StackProcess, eventually, require_whole_stack

PAGES = ROOT / "docs" / "operations"
REASON = "run by tests/e2e/test_runbook.py"
# Every part of a page whose commands are run here.
PARTS = {
    ("runbook.md", "Before you begin"),
    ("runbook.md", "A source that is held up"),
    ("runbook.md", "Dead letters"),
    ("runbook.md", "Overdue deliveries"),
    ("restore.md", "Stop everything that writes"),
    ("restore.md", "Bring it back"),
}
_END = "\x1e"


def commands_of(page: str, part: str) -> list[str]:
    """The commands of a part of a page, block by block."""
    assert (page, part) in PARTS
    return [text for found, text in _blocks(page) if found == part]


def _blocks(page: str) -> Iterator[tuple[str, str]]:
    source = Page(PAGES / page)
    lines = source.text.splitlines()
    for block in source.blocks:
        if block.reason == REASON:
            headings = [line for line in lines[: block.line] if line.startswith("## ")]
            yield headings[-1].removeprefix("## "), block.text


def test_every_command_that_is_said_to_be_run_here_is() -> None:
    assert {(page.name, part) for page in PAGES.glob("*.md") for part, _ in _blocks(page.name)} == PARTS


class Operator:
    """One session of bash, with the tools and the settings that an operator has."""

    def __init__(self, environment: dict[str, str], home: Path) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._bash = subprocess.Popen(
            ["bash"],
            cwd=ROOT,
            env={**environment, "PATH": path, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        # Nobody waits for a minute here until a rule is known everywhere, nor for functions that take 15 minutes.
        self.say("set -Eeuo pipefail; export stack=local RESTORE_QUIET_SECONDS=1 RESTORE_SETTLE_SECONDS=1")

    def say(self, text: str) -> str:
        """Say commands, and return what they print; the first that fails ends the session, and the test."""
        assert self._bash.stdin
        assert self._bash.stdout
        self._bash.stdin.write(f"{text}\necho {_END}\n")
        self._bash.stdin.flush()
        printed = ""
        while not printed.endswith(f"{_END}\n"):
            line = self._bash.stdout.readline()
            if not line:
                pytest.fail(f"a command failed:\n{text}\n{printed}")
            printed += line
        return printed.removesuffix(f"{_END}\n")

    def do(self, page: str, part: str) -> list[str]:
        """Follow a part of a page; returns what each of its blocks prints."""
        return [self.say(text) for text in commands_of(page, part)]

    def close(self) -> None:
        self._bash.kill()
        self._bash.communicate()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    """A stack of its own: it is stopped, and its clock of schedules is silenced."""
    require_whole_stack()
    for tool in ("bash", "jq"):
        if shutil.which(tool) is None:
            (pytest.fail if continuous_integration() else pytest.skip)(f"{tool} is not installed")
    with StackProcess(tmp_path_factory.mktemp("stack")) as started:
        yield started


@pytest.fixture(scope="module")
def settings(stack: StackProcess) -> dict[str, str]:
    return stack.environment


@pytest.fixture
def operator(settings: dict[str, str], tmp_path: Path) -> Iterator[Operator]:
    session = Operator(settings, tmp_path)
    yield session
    session.close()


class Patient:
    """A tenant in trouble: its source, its webhook, and what comes to its receiver."""

    def __init__(self, stack: StackProcess, settings: dict[str, str], posts: SimpleQueue[Post], url: str) -> None:
        self.settings = settings
        self.tenant = Tenant(stack)
        self.posts = posts
        self.source = self.tenant.source()
        made = self.tenant.request("POST", "/v1/webhooks", {"url": url, "sourceIds": [self.source]})
        self.webhook = str(made.body["webhook"]["id"])

    def client(self, service: str) -> Any:
        url = self.settings.get(f"AWS_ENDPOINT_URL_{service.upper()}", self.settings["AWS_ENDPOINT_URL"])
        secrets = {name.lower(): self.settings[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        return boto3.client(service, region_name="us-east-1", endpoint_url=url, **secrets)  # type: ignore[call-overload]

    def publish(self, text: str) -> str:
        """Publish an item, and wait until its webhook was told."""
        path = f"/v1/sources/{self.source}"
        self._asked("POST", f"{path}/items", {"externalItemId": "a", "title": "A", "content": text})
        run = self._asked("POST", f"{path}/runs")["run"]["id"]
        generation = str(self._asked("POST", f"{path}/runs/{run}/apply")["generationId"])
        self.told_of(generation)
        return generation

    def served(self) -> str:
        return str(self._asked("GET", f"/v1/sources/{self.source}")["source"]["generationId"])

    def content(self, item: str) -> str:
        path = f"/v1/sources/{self.source}/generations/current/items"
        found = self._asked("GET", path, query="include=content")["items"]
        return str({each["externalItemId"]: each["content"] for each in found}[item])

    def told_of(self, generation: str) -> None:
        """Wait until the receiver is told of a generation."""
        while json.loads(self.posts.get(timeout=PATIENCE_SECONDS)[1])["data"].get("generationId") != generation:
            pass

    def delivery_of(self, generation: str) -> dict[str, Any]:
        """The row of the delivery that told of a generation, once it is delivered."""

        def look() -> Any:
            rows = self.client("dynamodb").query(
                TableName="local-CatalogTable",
                KeyConditionExpression="pk = :webhook AND begins_with(sk, :delivery)",
                ExpressionAttributeValues={":webhook": {"S": self.webhook}, ":delivery": {"S": "delivery#"}},
            )["Items"]
            found = [row for row in rows if generation in row["payload"]["S"] and row["state"]["S"] == "delivered"]
            return found and found[0]

        return dict(eventually(look))

    def letters(self) -> list[int]:
        """How many messages lie in each dead-letter queue."""
        sqs, name = self.client("sqs"), "ApproximateNumberOfMessages"
        urls = sorted(url for url in sqs.list_queues()["QueueUrls"] if "DeadLetters" in url)
        return [int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]) for url in urls]

    def _asked(self, method: str, path: str, body: Any = None, query: str = "") -> Any:
        reply = self.tenant.request(method, path, body, query=query)
        assert reply.status < 300, reply.text
        return reply.body


@pytest.fixture
def patient(stack: StackProcess, settings: dict[str, str]) -> Iterator[Patient]:
    with listening(lambda: 204) as (url, posts):
        patient = Patient(stack, settings, posts, url)
        yield patient
        patient.tenant.close()


def as_before_its_attempt(row: dict[str, Any]) -> dict[str, Any]:
    """A delivered delivery as it was when it had just been made."""
    fresh = {"state": {"S": "pending"}, "tries": {"N": "0"}, "attempts": {"L": []}}
    return {**row, **fresh, "nextAttemptAt": row["createdAt"]}


def message_of(row: dict[str, Any]) -> str:
    names = {name: row[name]["S"] for name in ("tenantId", "webhookId", "deliveryId")}
    return json.dumps({**names, "dueAt": int(row["createdAt"]["N"]), "urgent": False})


def test_a_source_that_is_held_up_by_the_dead_goes_on(operator: Operator, patient: Patient) -> None:
    """Whoever planned and whoever published died in the middle; both are on the source's row."""

    def hold(seconds: int) -> None:
        until = str(time.time_ns() // 1_000_000 + 1000 * seconds)
        patient.client("dynamodb").update_item(
            TableName="local-CatalogTable",
            Key={"pk": {"S": patient.tenant.tenant_id}, "sk": {"S": f"source#{patient.source}"}},
            UpdateExpression="SET planningRunId = :p, planningUntil = :t, leaseRunId = :l, leaseExpiresAt = :t, "
            "leaseRenewedAt = :t",
            ExpressionAttributeValues={":p": {"S": "run_planner"}, ":l": {"S": "run_publisher"}, ":t": {"N": until}},
        )

    hold(3_600)
    operator.do("runbook.md", "Before you begin")
    operator.say(f"tenant={patient.tenant.tenant_id} source={patient.source}")
    show, wait = commands_of("runbook.md", "A source that is held up")
    shown = json.loads(operator.say(show))
    assert {(each["holds"], each["by"]) for each in shown["heldBy"]} == {
        ("turn", "run_planner"),
        ("lease", "run_publisher"),
    }
    # Time goes on.
    hold(2)
    assert json.loads(operator.say(wait)) == {"sourceId": patient.source, "heldBy": []}
    patient.publish("went on")


def test_poisoned_and_failed_deliveries_are_told_apart(operator: Operator, patient: Patient) -> None:
    """The sender broke at a delivery at each of ten times, and somebody sent a message that asks for nothing."""
    generation = patient.publish("told of twice")
    row = as_before_its_attempt(patient.delivery_of(generation))
    patient.client("dynamodb").put_item(TableName="local-CatalogTable", Item=row)
    sqs = patient.client("sqs")
    letters = sqs.get_queue_url(QueueName="local-WebhookDeadLettersQueue")["QueueUrl"]
    for body in (message_of(row), '{"poison": true}'):
        sqs.send_message(QueueUrl=letters, MessageBody=body)
    operator.do("runbook.md", "Before you begin")
    listed, mended = operator.do("runbook.md", "Dead letters")
    assert {line.get("deliveryId") for line in (json.loads(each)["body"] for each in listed.splitlines())} == {
        None,
        row["deliveryId"]["S"],
    }
    assert [json.loads(each)["body"].get("poison") for each in mended.splitlines()] == [True, None]
    patient.told_of(generation)
    assert patient.letters() == [0, 0, 0]


def test_overdue_deliveries_are_swept(operator: Operator, patient: Patient) -> None:
    """The schedule of the sweep is off, and a delivery's time came an hour ago."""
    generation = patient.publish("told of late")
    rule = {"Name": "local-RelayEventsFunctionSweep"}
    patient.client("events").disable_rule(**rule)
    due = str(time.time_ns() // 1_000_000 - 3_600_000)
    row = as_before_its_attempt(patient.delivery_of(generation)) | {"waiting": {"S": "3"}, "remindAt": {"N": due}}
    patient.client("dynamodb").put_item(TableName="local-CatalogTable", Item=row)
    operator.do("runbook.md", "Before you begin")
    (printed,) = operator.do("runbook.md", "Overdue deliveries")
    found, sent, *_, last = map(json.loads, printed.splitlines())
    assert (found["tenantId"], found["webhookId"], found["overdue"]) == (patient.tenant.tenant_id, patient.webhook, 1)
    assert sent["reminded"] >= 1
    assert last == {"reminded": 0, "swept": 0}
    patient.told_of(generation)
    patient.client("events").enable_rule(**rule)


def test_a_whole_deployment_is_brought_back(operator: Operator, patient: Patient) -> None:
    """A bad publication is undone. What DynamoDB restores are copies that are made here, at the moment in question."""
    good = patient.publish("good")
    lost = as_before_its_attempt(patient.delivery_of(good))
    at = datetime.now(UTC).replace(microsecond=0)
    copy_tables(patient.client("dynamodb"), f"{at:%Y%m%dT%H%M%SZ}", lost)
    bad = patient.publish("bad")
    assert patient.served() == bad

    (printed,) = operator.do("restore.md", "Stop everything that writes")
    assert "nothing writes any more" in printed
    refused = patient.tenant.request("GET", "/v1/whoami")
    assert (refused.status, refused.headers["retry-after"]) == (429, "60")
    assert patient.tenant.request("GET", "/health", key=None).status == 200
    # Meanwhile a file comes, and a message of the webhooks.
    key = f"imports/{patient.tenant.tenant_id}/{patient.source}/meanwhile.ndjson"
    item = {"externalItemId": "b", "title": "B", "content": "came meanwhile"}
    patient.client("s3").put_object(
        Bucket="local-contentbucket", Key=key, Body=json.dumps(item).encode(), Metadata={"apply": "true"}
    )
    sqs = patient.client("sqs")
    queue = sqs.get_queue_url(QueueName="local-WebhookDeliveriesQueue")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody=message_of(lost))
    time.sleep(1)
    waiting = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert (waiting["ApproximateNumberOfMessages"], waiting["ApproximateNumberOfMessagesNotVisible"]) == ("1", "0")

    operator.say(f"at={at:%Y-%m-%dT%H:%M:%SZ}")
    brought_back, looked_at = operator.do("restore.md", "Bring it back")
    assert re.search(r"1 events that start imports came meanwhile", brought_back), brought_back
    assert re.search(r"0 imports and \d+ deliveries", brought_back), brought_back
    assert key in looked_at
    # The delivery whose message was received in the time that was undone, and what came meanwhile.
    patient.told_of(good)
    eventually(lambda: patient.served() not in {good, bad})
    assert {name: patient.content(name) for name in ("a", "b")} == {"a": "good", "b": "came meanwhile"}
    patient.told_of(patient.served())
    assert patient.letters() == [0, 0, 0]
    # Everything is as it was: the next publication goes through and is told of.
    patient.publish("after")
    assert [name for name in patient.client("dynamodb").list_tables()["TableNames"] if "-at-" in name] == []


def copy_tables(dynamodb: Any, stamp: str, lost: dict[str, Any]) -> None:
    """Model what point-in-time recovery makes; one delivery is in it as it was before its message was received."""
    for name in (f"local-{table}" for table in TABLES):
        schema = dynamodb.describe_table(TableName=name)["Table"]
        keys = {key["AttributeName"] for key in schema["KeySchema"]}
        attributes = [each for each in schema["AttributeDefinitions"] if each["AttributeName"] in keys]
        copy = f"{name}-at-{stamp}"
        dynamodb.create_table(
            TableName=copy,
            KeySchema=schema["KeySchema"],
            AttributeDefinitions=attributes,
            BillingMode="PAY_PER_REQUEST",
        )
        for page in dynamodb.get_paginator("scan").paginate(TableName=name, ConsistentRead=True):
            for row in page["Items"]:
                same = "CatalogTable" in name and all(row[key] == lost[key] for key in keys)
                dynamodb.put_item(TableName=copy, Item=lost if same else row)
