"""One answer in the shape in which the gateway takes it (proxy integration, format 1.0)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Of every answer: what it holds is the tenant's alone, it is what it says it is, and it is asked for by TLS only.
ALWAYS = {
    "Cache-Control": "no-store",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Response:
    """A status, a body of JSON text, compressed or not, or none, and headers, each of one value."""

    status: int
    body: str | bytes
    headers: Mapping[str, str]

    def as_event(self) -> dict[str, Any]:
        """Write what the function returns."""
        return {
            "statusCode": self.status,
            "multiValueHeaders": {name: [value] for name, value in {**self.headers, **ALWAYS}.items()},
            # The gateway decodes what is encoded: to it, every media type is binary.
            "body": base64.b64encode(self.body).decode() if isinstance(self.body, bytes) else self.body,
            "isBase64Encoded": isinstance(self.body, bytes),
        }
