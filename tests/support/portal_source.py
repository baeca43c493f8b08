"""A source that somebody fills and publishes while another one looks at it in the portal."""

from __future__ import annotations

from typing import Any

from tests.support.stack import StackProcess

# What a tenant may write anywhere, and what must stay words.
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


class Writer:
    """Whoever fills a new source by the API, with a key; without one it is of the stack's tenant."""

    def __init__(self, stack: StackProcess, name: str, *, key: str | None = None) -> None:
        self._stack = stack
        self._key = key
        made = self.ask("POST", "/v1/sources", {"name": name, "graceDays": 0})["source"]
        self.id: str = made["id"]

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the API; a path without a slash before it is one of the source."""
        whole = path if path.startswith("/") else f"/v1/sources/{self.id}/{path}".rstrip("/")
        with self._stack.client(self._key) as api:
            answer = api.request(method, whole.removeprefix("/"), json=body)
        assert answer.is_success, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def push(self, name: str, title: str, content: str, **more: Any) -> None:
        """Stage an item, Markdown unless it is said otherwise."""
        fields = {"externalItemId": name, "title": title, "content": content, "contentType": "text/markdown"}
        self.ask("POST", "items", {**fields, **more})

    def run(self, message: str) -> str:
        """Start a run of what is staged, and tell its id."""
        return str(self.ask("POST", "runs", {"message": message})["run"]["id"])

    def publish(self, message: str) -> str:
        """Publish what is staged, and tell the id of the generation."""
        return str(self.ask("POST", f"runs/{self.run(message)}/apply", {"message": message})["generationId"])
