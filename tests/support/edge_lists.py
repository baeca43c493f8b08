"""Lists over HTTP, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from testing.edge import Edge


def pages(edge: Edge, path: str, query: str, key: str) -> Iterator[dict[str, Any]]:
    """Read a list to its end."""
    cursor: str | None = ""
    while cursor is not None:
        reply = edge.request("GET", path, query=f"{query}&cursor={cursor}" if cursor else query, key=key)
        assert reply.status == 200, reply.text
        yield reply.body
        cursor = reply.body["nextCursor"]
