"""What the edge is configured with, all of it from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """Names of the edge's tables and bucket; `idempotency_key_id` names the KMS key that seals recorded secrets."""

    keys_table: str
    rate_counters_table: str
    idempotency_table: str
    content_bucket: str
    catalog_table: str = ""
    idempotency_key_id: str | None = None
    cors_origins: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls) -> EdgeSettings:
        """Read the variables that template.yaml sets; a function that serves no requests has only some of them."""
        return cls(
            keys_table=os.environ["KEYS_TABLE"],
            rate_counters_table=os.environ.get("RATE_COUNTERS_TABLE", ""),
            idempotency_table=os.environ.get("IDEMPOTENCY_TABLE", ""),
            content_bucket=os.environ.get("CONTENT_BUCKET", ""),
            catalog_table=os.environ.get("CATALOG_TABLE", ""),
            idempotency_key_id=os.environ.get("IDEMPOTENCY_KEY_ID") or None,
            cors_origins=tuple(filter(None, map(str.strip, os.environ.get("CORS_ORIGINS", "").split(",")))),
        )
