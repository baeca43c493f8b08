"""A state in which each documented operation succeeds, so that what it asks of AWS can be counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from httpapi.assembly import EdgeServices
from knowledge.storage.clients import Fanout

from testing.edge import Edge, Reply
from testing.operations import made_id, path_names, send
from testing.spec import SpecOperation

# Not the item of the documented examples: a push of that is to create it.
ITEM = "prepared-item"


@dataclass
class WarmEdge(Edge):
    """The edge with as many calls side by side as in production; the state machine runs in its place."""

    fanout: Fanout = field(default_factory=Fanout)

    def make_services(self, **settings: Any) -> EdgeServices:
        """Put the services together, with the key that seals secrets."""
        return super().make_services(idempotency_key_id=self.environment["IDEMPOTENCY_KEY_ID"], **settings)


@dataclass
class Scene:
    """One source with all that a path can name; `ready` is called when only the operation is left to do."""

    edge: Edge
    ready: Callable[[], None]

    def send(self, operation: SpecOperation, idempotency_key: str | None) -> Reply:
        """Prepare a state of its own, then send the operation with its documented example."""
        ids = self._ids(operation)
        if operation.name in {"restore_source", "delete_source"}:
            self.edge.request("DELETE", f"/v1/sources/{ids['sourceId']}")
        if operation.name == "restore_item":
            self.edge.request("DELETE", f"/v1/sources/{ids['sourceId']}/items/{ITEM}")
        # What the documented example says is of somebody else's.
        bodies: dict[str, Any] = {
            "identify_key": {"secret": self.edge.token},
            "complete_snapshot": {"parts": 1, "items": 1},
        }
        own: dict[str, Any] = {"body": json.dumps(bodies[operation.name])} if operation.name in bodies else {}
        self.ready()
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return send(self.edge, operation, ids, headers=headers, check=False, **own)

    def _ids(self, operation: SpecOperation) -> dict[str, str]:
        names = path_names(operation)
        ids: dict[str, str] = {}
        if "keyId" in names:
            ids["keyId"] = self.edge.key(self.edge.admin).split("_")[2]
        if "sessionId" in names:
            ids["sessionId"] = self._made("/v1/portal/sessions")
        if "webhookId" in names:
            ids["webhookId"] = self._made("/v1/webhooks", {"url": "https://receiver.example.com/hook"})
        if "deliveryId" in names:
            ids["deliveryId"] = self._made(f"/v1/webhooks/{ids['webhookId']}/test")
        if {"answerId", "questionId"} & {*names}:
            ids["answerId"] = ids["questionId"] = self._asked()
        return ids | self._ids_of_a_source(operation, names) if "sourceId" in names else ids

    def _ids_of_a_source(self, operation: SpecOperation, names: Collection[str]) -> dict[str, str]:
        source = self.edge.source()
        path = f"/v1/sources/{source}"
        self.edge.push(source, ITEM)
        ids = {"sourceId": source, "externalItemId": ITEM}
        if "generationId" in names:
            ids["generationId"] = self.edge.publish(source)
            if operation.name == "restore_generation":
                self.edge.push(source, "faq-2")
                self.edge.publish(source)
        if "runId" in names:
            ids["runId"] = self.edge.run(source)
        if "snapshotId" in names:
            ids["snapshotId"] = self._made(f"{path}/snapshots")
        if "importId" in names:
            ids["importId"] = self._made(f"{path}/imports", {"mode": "upsert"})
        if "exportId" in names:
            ids["exportId"] = self._made(f"{path}/generations/{ids['generationId']}/exports")
        if "erasureId" in names:
            ids["erasureId"] = self._made(f"{path}/erasures", {"externalItemIds": [ITEM]})
        if operation.name == "complete_snapshot":
            item = {"externalItemId": ITEM, "title": "Refunds", "content": "Refunds take 14 days."}
            self.edge.request("PUT", f"{path}/snapshots/{ids['snapshotId']}/parts/1", {"items": [item]})
        return ids

    def _asked(self) -> str:
        """The id of an answer whose question is kept."""
        source = self.edge.source()
        self.edge.request("PATCH", f"/v1/sources/{source}", {"questionLog": "on"})
        self.edge.push(source, ITEM)
        self.edge.publish(source)
        asked = {"question": "How long do refunds take?", "sourceIds": [source]}
        return str(self.edge.request("POST", "/v1/answers", asked).body["id"])

    def _made(self, path: str, body: Any = None) -> str:
        return made_id(self.edge.request("POST", path, body))
