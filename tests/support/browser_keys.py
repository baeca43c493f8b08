"""Keys for web pages, and what their pages send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testing.edge import Edge, Reply

ORIGIN = "https://shop.example.com"
ELSEWHERE = "https://evil.example.com"


@dataclass
class Page:
    """A page with a key in it."""

    edge: Edge
    source_id: str
    key: dict[str, Any]
    secret: str

    @property
    def path(self) -> str:
        """Where the key is managed."""
        return f"/v1/admin/keys/{self.key['id']}"

    def search(self, *, origin: str | None = ORIGIN, address: str | None = "203.0.113.9", **body: Any) -> Reply:
        """Search as its script does."""
        headers = {} if origin is None else {"Origin": origin}
        asked = {"query": "refunds", **body}
        return self.edge.request("POST", "/v1/search", asked, key=self.secret, headers=headers, address=address)

    def change(self, **fields: Any) -> Reply:
        """Change the key as the tenant's administrator."""
        return self.edge.request("PATCH", self.path, fields, key=self.edge.admin)


def ask_for_key(edge: Edge, **fields: Any) -> Reply:
    """Ask for a key for web pages; a field that is None is left out."""
    body = {"name": "page", "kind": "browser", "allowedOrigins": [ORIGIN], **fields}
    sent = {name: value for name, value in body.items() if value is not None}
    return edge.request("POST", "/v1/admin/keys", sent, key=edge.admin)


def make_page(edge: Edge, **fields: Any) -> Page:
    """Make a key for web pages over a source with one published item."""
    source = edge.source()
    edge.push(source)
    edge.publish(source)
    reply = ask_for_key(edge, **{"sourceIds": [source], **fields})
    assert reply.status == 201, reply.text
    return Page(edge, source, reply.body["key"], reply.body["secret"])


def may_read(reply: Reply, origin: str) -> bool:
    """Tell whether a browser shows an answer to a page."""
    return reply.headers.get("access-control-allow-origin") in {origin, "*"}
