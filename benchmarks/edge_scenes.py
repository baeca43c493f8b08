"""A state in which each documented operation succeeds, so that what it asks of AWS can be counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from httpapi.assembly import EdgeServices
from knowledge.assembly import KnowledgeServices
from knowledge.settings import Settings

from testing.edge import Edge, Reply
from testing.inline_machine import InlineMachine
from testing.operations import path_names, send
from testing.spec import SpecOperation

# Not the item of the documented examples: a push of that is to create it.
ITEM = "prepared-item"


class WarmEdge(Edge):
    """The edge with as many calls side by side as in production; the state machine runs in its place."""

    def make_services(self, **settings: Any) -> EdgeServices:
        """Put the services together, with the key that seals secrets."""
        return super().make_services(idempotency_key_id=self.environment["IDEMPOTENCY_KEY_ID"], **settings)

    def _knowledge(self, clients: Any) -> KnowledgeServices:
        return KnowledgeServices(Settings.from_environment(), clients=clients, clock=self.clock, machine=InlineMachine)


@dataclass
class Scene:
    """One source with all that a path can name; `ready` is called when only the operation is left to do."""

    edge: Edge
    ready: Callable[[], None]

    def send(self, operation: SpecOperation, idempotency_key: str | None) -> Reply:
        """Prepare a state of its own, then send the operation with its documented example."""
        ids = self._ids(operation)
        if operation.name == "restore_source":
            self.edge.request("DELETE", f"/v1/sources/{ids['sourceId']}")
        if operation.name == "restore_item":
            self.edge.request("DELETE", f"/v1/sources/{ids['sourceId']}/items/{ITEM}")
        self.ready()
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        admin = "/admin/" in operation.path
        return send(self.edge, operation, ids, headers=headers, key=self.edge.admin if admin else "", check=False)

    def _ids(self, operation: SpecOperation) -> dict[str, str]:
        names = path_names(operation)
        ids: dict[str, str] = {}
        if "keyId" in names:
            ids["keyId"] = self.edge.key(self.edge.admin).split("_")[2]
        if "webhookId" in names:
            webhook = {"url": "https://receiver.example.com/hook"}
            ids["webhookId"] = self.edge.request("POST", "/v1/webhooks", webhook).body["webhook"]["id"]
        if "deliveryId" in names:
            reply = self.edge.request("POST", f"/v1/webhooks/{ids['webhookId']}/test")
            ids["deliveryId"] = reply.body["delivery"]["id"]
        if "sourceId" not in names:
            return ids
        source = ids["sourceId"] = self.edge.source()
        self.edge.push(source, ITEM)
        ids["externalItemId"] = ITEM
        if "generationId" in names:
            ids["generationId"] = self.edge.publish(source)
            if operation.name == "restore_generation":
                self.edge.push(source, "faq-2")
                self.edge.publish(source)
        if "runId" in names:
            ids["runId"] = self.edge.run(source)
        for name, path, field in (("snapshotId", "snapshots", "snapshot"), ("importId", "imports", "import")):
            if name in names:
                body = {"mode": "upsert"} if field == "import" else None
                reply = self.edge.request("POST", f"/v1/sources/{source}/{path}", body)
                if reply.status == 201:
                    ids[name] = reply.body[field]["id"]
        if operation.name == "complete_snapshot":
            item = {"externalItemId": ITEM, "title": "Refunds", "content": "Refunds take 14 days."}
            self.edge.request("PUT", f"/v1/sources/{source}/snapshots/{ids['snapshotId']}/parts/1", {"items": [item]})
        return ids
