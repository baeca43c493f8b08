"""Makes moto's EventBridge and S3 pass on what its rules match: the stack delivers it to the targets.

moto keeps the buses, rules and targets, and knows the patterns. Its own deliveries happen within the request that
makes the event, know few targets, and swallow what fails.
"""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.events.models import Rule, events_backends
from moto.s3 import notifications

from local.door import Door
from local.template.load import ACCOUNT_ID, REGION

# The stack takes a delivery at once. What it does not take is lost, so a busy machine is given time.
_TIMEOUT_SECONDS = 50
_DELIVERIES = "/_local/deliveries"
# The notifications of S3 that the stack knows: name in moto -> (detail type, reason).
_OBJECT_EVENTS = {
    "s3:ObjectCreated:Put": ("Object Created", "PutObject"),
    "s3:ObjectCreated:Post": ("Object Created", "POST Object"),
    "s3:ObjectCreated:Copy": ("Object Created", "CopyObject"),
    "s3:ObjectCreated:CompleteMultipartUpload": ("Object Created", "CompleteMultipartUpload"),
    "s3:ObjectRemoved:Delete": ("Object Deleted", "DeleteObject"),
}

Event = dict[str, Any]


class ObjectEvents(threading.local):
    """The events of the current thread's request to S3, held back until its objects are stored."""

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}

    def add(self, event: Event) -> None:
        """Note an event; a later one for the same object takes its place, since moto reports a copy as a put first."""
        self._events[event["detail"]["object"]["key"]] = event

    def clear(self) -> None:
        """Forget what an earlier request of this thread left."""
        self._events.clear()

    def drain(self) -> list[Event]:
        """Return what was noted and start anew."""
        events, self._events = list(self._events.values()), {}
        return events


class Bus:
    """Passes what the rules match on to the stack."""

    def __init__(self, door: Door) -> None:
        self._address = f"127.0.0.1:{door.front}"
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {door.key.key_id}"}
        # Later events of one object have greater sequencers, across restarts too.
        self._sequence = itertools.count(time.time_ns())
        self.object_events = ObjectEvents()

    def install(self) -> None:
        """Take the place of moto's own deliveries."""
        patched: Any = Rule
        patched.send_to_targets = lambda rule, event, *_, **__: self.send(rule, event)
        notifying: Any = notifications
        notifying._send_event_bridge_message = self._note

    def publish_object_events(self) -> None:
        """Send what happened to objects in the current thread's request to the rules of the default bus."""
        for event in self.object_events.drain():
            for rule in list(events_backends[ACCOUNT_ID][REGION].event_buses["default"].rules.values()):
                self.send(rule, event)

    def send(self, rule: Any, event: Event) -> None:
        """Hand an event over to the stack if a rule matches it; OSError when the stack does not take it."""
        # A rule without a pattern is one that fires by the clock.
        if rule.state != "ENABLED" or not rule.event_pattern.get_pattern():
            return
        event = _as_delivered(event)
        if rule.event_pattern.matches_event(event):
            self._post({"rule": rule.arn, "targets": rule.targets, "event": event})

    def _note(self, account_id: str, bucket: Any, event_name: str, key: Any) -> None:
        kind = _OBJECT_EVENTS.get(str(getattr(event_name, "value", event_name)))
        if kind is None:
            return
        detail_type, reason = kind
        described: Event = {"key": key.name, "sequencer": f"{next(self._sequence):016X}"}
        if detail_type == "Object Created":
            described |= {"size": key.size, "etag": key.etag.strip('"')}
        if bucket.is_versioned:
            described["version-id"] = key.version_id
        detail = {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": described,
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": account_id,
            "source-ip-address": "127.0.0.1",
            "reason": reason,
        }
        if detail_type == "Object Deleted":
            detail["deletion-type"] = "Permanently Deleted"
        self.object_events.add(
            {
                "version": "0",
                "id": str(uuid.uuid4()),
                "detail-type": detail_type,
                "source": "aws.s3",
                "account": account_id,
                "time": time.time(),
                "region": REGION,
                "resources": [f"arn:aws:s3:::{bucket.name}"],
                "detail": detail,
            }
        )

    def _post(self, document: dict[str, Any]) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("POST", _DELIVERIES, json.dumps(document), self._headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 300:
                raise OSError(f"the stack answered HTTP {answer.status}")
        except http.client.HTTPException as error:
            raise OSError(f"the stack's answer can't be read: {error}") from error
        finally:
            connection.close()


def _as_delivered(event: Event) -> Event:
    """Return an event as targets get it: moto keeps a number as its time, and when it came in."""
    moment = event["time"]
    if isinstance(moment, int | float):
        moment = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {name: value for name, value in event.items() if name != "ingestion-time"} | {"time": moment}
