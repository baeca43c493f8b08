"""Webhooks over the local stack: from a publication to a receiver that verifies it by the standard's own libraries."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.e2e.example_checks import EXAMPLES, PACKAGE, environment_of, receiver, require_tool
from tests.e2e.npm_package import javascript_examples
from tests.support.stack import PATIENCE_SECONDS, StackProcess, eventually

NOWHERE = "http://127.0.0.1:9/"
Post = tuple[dict[str, str], bytes]
RECEIVERS = {
    "python": lambda _: (sys.executable, EXAMPLES / "python" / "webhook_receiver.py"),
    "javascript": lambda folder: (require_tool("node"), javascript_examples(folder) / "webhook-receiver.mjs"),
}


@pytest.fixture
def api(local_stack: StackProcess) -> Iterator[httpx.Client]:
    """A client of a tenant whose webhooks are nobody else's: what a test makes it deletes."""
    with local_stack.client(local_stack.credentials["adminKey"]) as admin:
        asked = {"name": "webhooks", "rateLimitPerMinute": 600}
        secret = admin.post("v1/admin/keys", json=asked).raise_for_status().json()["secret"]
    with local_stack.client(secret) as client:
        yield client
        for webhook in client.get("v1/webhooks").raise_for_status().json()["webhooks"]:
            client.delete(f"v1/webhooks/{webhook['id']}").raise_for_status()


def make_source(api: httpx.Client) -> str:
    return str(api.post("v1/sources", json={"name": "Webhooks"}).raise_for_status().json()["source"]["id"])


def publish(api: httpx.Client, source: str, content: str) -> str:
    """Push, run and apply; returns the generation."""
    path = f"v1/sources/{source}"
    item = {"externalItemId": "a", "title": "A", "content": content}
    api.post(f"{path}/items", json=item).raise_for_status()
    run = api.post(f"{path}/runs").raise_for_status().json()["run"]["id"]
    return str(api.post(f"{path}/runs/{run}/apply").raise_for_status().json()["generationId"])


def make_webhook(api: httpx.Client, url: str, source: str, *events: str) -> tuple[str, str]:
    """Make a webhook for events of one source; returns its path and its secret."""
    body = {"url": url, "sourceIds": [source], "events": list(events or ("generation.published",))}
    made = api.post("v1/webhooks", json=body).raise_for_status().json()
    return f"v1/webhooks/{made['webhook']['id']}", made["secret"]


@contextmanager
def listening(answer: Callable[[], int]) -> Iterator[tuple[str, SimpleQueue[Post]]]:
    """Serve on 127.0.0.1; each post is kept, then answered with what `answer` returns, 0 to break the connection."""
    posts: SimpleQueue[Post] = SimpleQueue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posts.put(({name.lower(): value for name, value in self.headers.items()}, body))
            status = answer()
            if status:
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            """Keep the console of the tests clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook?token=t", posts
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("language", RECEIVERS)
def test_example_receiver_believes_the_stack_through_a_rotation(
    api: httpx.Client, local_stack: StackProcess, tmp_path: Path, language: str
) -> None:
    source = make_source(api)
    path, old = make_webhook(api, NOWHERE, source)
    environment = environment_of(local_stack) | PACKAGE
    command = RECEIVERS[language](tmp_path)
    with receiver(*command, environment={**environment, "WEBHOOK_SECRET": old}) as first:
        api.patch(path, json={"url": first.url}).raise_for_status()
        generation = publish(api, source, "one")
        event = first.next_event()["event"]
        assert (event["type"], event["sourceId"]) == ("generation.published", source)
        assert event["data"]["generationId"] == generation
        # Both secrets sign now: a receiver may have either.
        new = api.post(f"{path}/rotate-secret").raise_for_status().json()["secret"]
        publish(api, source, "two")
        assert first.next_event()["event"]["data"]["sequence"] == 2
    with receiver(*command, environment={**environment, "WEBHOOK_SECRET": new}) as second:
        api.patch(path, json={"url": second.url}).raise_for_status()
        publish(api, source, "three")
        assert second.next_event()["event"]["data"]["sequence"] == 3


def test_delivery_is_what_the_standard_verifies_and_nothing_else(api: httpx.Client) -> None:
    source = make_source(api)
    with listening(lambda: 204) as (url, posts):
        path, secret = make_webhook(api, url, source)
        publish(api, source, "one")
        headers, body = posts.get(timeout=PATIENCE_SECONDS)
        text = body.decode()
        assert Webhook(secret).verify(text, headers)["type"] == "generation.published"
        assert headers["content-type"] == "application/json"
        assert len(body) < 20_000
        old = str(int(headers["webhook-timestamp"]) - 600)
        for changed, given, key in (
            (text.replace(source, "src_other"), headers, secret),
            (text, headers | {"webhook-timestamp": old}, secret),
            (text, headers, "whsec_" + "A" * 44),
        ):
            with pytest.raises(WebhookVerificationError):
                Webhook(key).verify(changed, given)
        delivery = eventually(lambda: ended(api, path))
        assert (delivery["eventId"], delivery["state"]) == (headers["webhook-id"], "delivered")
        assert [attempt["status"] for attempt in delivery["attempts"]] == [204]
        # Delivered again it is the same, signed anew.
        api.post(f"{path}/deliveries/{delivery['id']}/redeliver").raise_for_status()
        again, same = posts.get(timeout=PATIENCE_SECONDS)
        assert (again["webhook-id"], same) == (headers["webhook-id"], body)
        Webhook(secret).verify(text, again)


def ended(api: httpx.Client, path: str) -> dict[str, Any] | None:
    """The one delivery of a webhook, once it is over."""
    (delivery,) = api.get(f"{path}/deliveries").raise_for_status().json()["deliveries"]
    return delivery if delivery["state"] != "pending" else None


def test_failed_attempt_is_shown_and_repeated(api: httpx.Client) -> None:
    source = make_source(api)
    answers = iter((500, 0, 204))
    with listening(lambda: next(answers)) as (url, posts):
        path, secret = make_webhook(api, url, source)
        publish(api, source, "one")
        first, body = posts.get(timeout=PATIENCE_SECONDS)
        second, repeated = posts.get(timeout=PATIENCE_SECONDS)
        assert (second["webhook-id"], repeated) == (first["webhook-id"], body)
        Webhook(secret).verify(body.decode(), second)
        (delivery,) = eventually(lambda: tried_twice(api, path))
        statuses = [attempt["status"] for attempt in delivery["attempts"]]
        assert (statuses, delivery["attempts"][0]["responseSnippet"]) == ([500, None], "ok")
        assert delivery["attempts"][1]["failure"]
        # The next try is five minutes away: it need not be waited for.
        assert delivery["nextAttemptAt"] > delivery["attempts"][1]["at"]
        api.post(f"{path}/deliveries/{delivery['id']}/redeliver").raise_for_status()
        posts.get(timeout=PATIENCE_SECONDS)
        assert eventually(lambda: ended(api, path))["state"] == "delivered"


def tried_twice(api: httpx.Client, path: str) -> list[dict[str, Any]] | None:
    deliveries = api.get(f"{path}/deliveries").raise_for_status().json()["deliveries"]
    return deliveries if len(deliveries[0]["attempts"]) == 2 else None


def test_endpoint_that_hangs_delays_nobody(api: httpx.Client) -> None:
    """Twelve events to one that never answers and one that does: the second has all of its own soon."""
    source = make_source(api)
    released = threading.Event()

    def hang() -> int:
        released.wait(120)
        return 0

    with listening(hang) as (hung, reached), listening(lambda: 204) as (well, posts):
        make_webhook(api, hung, source)
        make_webhook(api, well, source)
        began = time.monotonic()
        generations = [publish(api, source, f"content {number}") for number in range(12)]
        arrived: dict[str, bytes] = {}
        while len(arrived) < len(generations):
            note_arrival(arrived, posts.get(timeout=PATIENCE_SECONDS))
        took = time.monotonic() - began
        released.set()
        assert {json.loads(body)["data"]["generationId"] for body in arrived.values()} == set(generations)
        # One after the other behind the one that hangs they would take 15 s each.
        assert took < 12 * 15
        while not posts.empty():
            note_arrival(arrived, posts.get())
        assert len(arrived) == len(generations)
        reached.get(timeout=PATIENCE_SECONDS)


def note_arrival(arrived: dict[str, bytes], post: Post) -> None:
    """Keep a body under its event's id; the same may arrive more than once, as the same."""
    headers, body = post
    assert arrived.setdefault(headers["webhook-id"], body) == body


def test_target_that_is_not_this_machine_keeps_the_rules(api: httpx.Client) -> None:
    for url in ("http://example.com/", "https://10.0.0.1/", "https://169.254.169.254/latest/"):
        reply = api.post("v1/webhooks", json={"url": url})
        assert (reply.status_code, reply.json()["code"]) == (400, "validation_error")
