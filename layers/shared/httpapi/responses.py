"""One answer in the shape in which the gateway takes it (proxy integration, format 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Response:
    """A status, a body of JSON text or none, and headers, each of one value."""

    status: int
    text: str
    headers: Mapping[str, str]

    def as_event(self) -> dict[str, Any]:
        """Write what the function returns."""
        return {
            "statusCode": self.status,
            "multiValueHeaders": {name: [value] for name, value in self.headers.items()},
            "body": self.text,
            "isBase64Encoded": False,
        }
