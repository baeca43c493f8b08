"""The example that keeps another search engine in step, as a user runs it; and the event that says when."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.e2e.example_checks import EXAMPLES, PACKAGE, environment_of, published_items, run_example
from tests.support.stack import StackProcess, aws, eventually

PROGRAM = EXAMPLES / "python" / "feed_engine.py"
BUS = "local-knowledge"


def held(database: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(database)) as engine:
        return {name: json.loads(item) for name, item in engine.execute("SELECT id, item FROM items")}


def test_events_say_when_and_the_example_keeps_step(local_stack: StackProcess, tmp_path: Path) -> None:
    """A rule of one's own with a queue behind it; no webhook anywhere."""
    events, queues = aws(local_stack, "events"), aws(local_stack, "sqs")
    url = queues.create_queue(QueueName="local-engine-feed")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    environment = environment_of(local_stack) | PACKAGE
    database = tmp_path / "engine.db"
    with local_stack.client(environment["CHATBOT_KEY"]) as api:
        body = {"name": "Fed", "graceDays": 0}
        source = api.post("v1/sources", json=body).raise_for_status().json()["source"]["id"]
        pattern = {"detail-type": ["knowledge.generation.published"], "detail": {"sourceId": [source]}}
        events.put_rule(Name="engine-feed", EventBusName=BUS, EventPattern=json.dumps(pattern))
        events.put_targets(Rule="engine-feed", EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])

        def publish(**contents: str | None) -> str:
            items = [
                {"externalItemId": name, "title": name, "content": text} for name, text in contents.items() if text
            ]
            removals = [{"externalItemId": name} for name, text in contents.items() if not text]
            batch = {"items": items, "removals": removals}
            api.post(f"v1/sources/{source}/items/batch", json=batch).raise_for_status()
            run = api.post(f"v1/sources/{source}/runs").raise_for_status().json()["run"]["id"]
            applied = api.post(f"v1/sources/{source}/runs/{run}/apply").raise_for_status().json()
            return str(applied["generationId"])

        def follow() -> str:
            return run_example(sys.executable, PROGRAM, source, database, environment=environment).stdout

        assert follow() == "nothing is published\n"
        generations = [publish(a="Refunds take days.", b="退款", c="Ära 🙂")]
        assert generations[0] in follow()
        # A content too large for an answer comes by a link.
        generations.append(publish(a="Refunds take weeks.", b=None, d="\x01" * 700_000))
        assert generations[1] in follow()
        assert held(database) == with_contents(published_items(local_stack, source), {"d": "\x01" * 700_000})
        restored = api.post(f"v1/sources/{source}/generations/{generations[0]}/restore").raise_for_status().json()
        generations.append(restored["generationId"])
        assert generations[2] in follow()
        assert held(database) == published_items(local_stack, source)
        found = run_example(
            sys.executable, PROGRAM, source, database, "--search", "refunds days", environment=environment
        )
        assert found.stdout == "a\n"

    told: dict[str, dict[str, Any]] = {}

    def hear() -> bool:
        for message in queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            event = json.loads(message["Body"])
            told[event["detail"]["id"]] = event
        return len(told) == len(generations)

    eventually(hear)
    heard = sorted(told.values(), key=lambda event: event["detail"]["data"]["sequence"])
    assert {event["source"] for event in heard} == {"knowledge"}
    assert [event["detail"]["data"]["generationId"] for event in heard] == generations
    assert [event["detail"]["data"]["baseGenerationId"] for event in heard] == [None, *generations[:-1]]
    assert [event["detail"]["data"]["origin"] for event in heard] == ["run", "run", "restore"]
    tenants = {(event["detail"]["tenantId"], event["detail"]["sourceId"]) for event in heard}
    assert tenants == {(local_stack.credentials["tenantId"], source)}


def with_contents(items: dict[str, Any], contents: dict[str, str]) -> dict[str, Any]:
    """Items as a list shows them, with contents in the place of links."""
    linked = {name for name, item in items.items() if "contentUrl" in item}
    assert linked == contents.keys()
    return {
        name: {field: value for field, value in item.items() if field != "contentUrl"}
        | ({"content": contents[name]} if name in contents else {})
        for name, item in items.items()
    }


def test_example_says_what_is_refused(local_stack: StackProcess, tmp_path: Path) -> None:
    environment = {**environment_of(local_stack), **PACKAGE, "CHATBOT_KEY": "sk_live_nonsense"}
    done = run_example(
        sys.executable, PROGRAM, "src_00000000000000000000000000", tmp_path / "e.db", environment=environment, code=1
    )
    assert done.stderr.startswith("error: ")
