"""The operators' tool for dead letters, on queues of moto: what each letter is about, and where it goes again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operations import dead_letters
from operations.stack import RefusedError
from testing.resources import Resources
from tests.support.deployed_stack import Deployment

EVENT = {"detail-type": "Object Created", "detail": {"object": {"key": "imports/t/s/f"}}}


@pytest.fixture
def deployment(aws_moto: Resources) -> Deployment:
    return Deployment(aws_moto)


def put(deployment: Deployment, queue: str, body: Any, **attributes: str) -> None:
    deployment.clients["sqs"].send_message(
        QueueUrl=deployment.stack.physical(queue),
        MessageBody=body if isinstance(body, str) else json.dumps(body),
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )


def run(deployment: Deployment, *arguments: str) -> list[dict[str, Any]]:
    return list(dead_letters.run(deployment.stack, dead_letters.parse(["--stack", "s", *arguments])))


def test_event_of_an_import_is_found_however_it_came_there(deployment: Deployment) -> None:
    """start_import refused it; Lambda gave it up; EventBridge could not bring it."""
    put(deployment, "ImportDeadLettersQueue", {"reason": "no such source", "event": EVENT})
    failed = {"requestPayload": EVENT, "responsePayload": {"errorMessage": "broke"}}
    put(deployment, "ImportDeadLettersQueue", failed)
    put(deployment, "ImportDeadLettersQueue", EVENT, ERROR_MESSAGE="throttled")
    listed = run(deployment, "list", "imports")
    assert sorted((each["reason"], each["body"] == EVENT) for each in listed) == [
        ("broke", True),
        ("no such source", True),
        ("throttled", True),
    ]
    assert run(deployment, "list", "imports") == listed, "a look leaves them"
    assert len(run(deployment, "resend", "imports")) == 3
    assert deployment.functions.invoked == [("test-StartImportFunction", EVENT)] * 3
    assert run(deployment, "list", "imports") == []


def test_one_letter_is_dropped_and_the_others_are_sent_where_they_were_to_go(deployment: Deployment) -> None:
    # moto works on messages at once.
    deployment.clients["lambda"].update_event_source_mapping(UUID=deployment.stack.physical("Due"), Enabled=False)
    put(deployment, "WebhookDeadLettersQueue", "poison")
    for number in range(12):
        put(deployment, "WebhookDeadLettersQueue", {"deliveryId": f"dlv_{number}"})
    poison = [each for each in run(deployment, "list", "webhooks") if each["body"] == {"text": "poison"}]
    [dropped] = run(deployment, "drop", "webhooks", "--message", poison[0]["messageId"])
    assert dropped == poison[0]
    assert len(run(deployment, "resend", "webhooks")) == 12
    assert deployment.stack.count_messages("WebhookDeliveriesQueue") == 12
    assert deployment.stack.count_messages("WebhookDeadLettersQueue") == 0


def test_letter_that_could_not_be_sent_is_still_there(deployment: Deployment) -> None:
    put(deployment, "ImportDeadLettersQueue", {"reason": "r", "event": EVENT})

    class Broken:
        def invoke(self, **_: Any) -> None:
            raise OSError

    deployment.clients["lambda"] = Broken()
    with pytest.raises(OSError):
        run(deployment, "resend", "imports")
    assert deployment.stack.count_messages("ImportDeadLettersQueue") == 1


def test_what_comes_again_by_itself_is_not_sent(deployment: Deployment) -> None:
    put(deployment, "BackgroundDeadLettersQueue", {})
    with pytest.raises(RefusedError, match="drop"):
        run(deployment, "resend", "background")
    assert len(run(deployment, "drop", "background")) == 1
