"""What the edge is configured with, all of it from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """Names of the edge's tables and bucket; `idempotency_key_id` names the KMS key that seals recorded secrets.

    `cursor_key_id` names the one that the keys of cursors are derived from, `cursor_key_version` which of them is used.
    `tenant_limit` is what the limits of a tenant's keys may add up to, in requests a minute.
    """

    keys_table: str
    rate_counters_table: str
    idempotency_table: str
    content_bucket: str
    catalog_table: str = ""
    audit_table: str = ""
    questions_table: str = ""
    items_table: str = ""
    machine_arn: str = ""
    idempotency_key_id: str | None = None
    cursor_key_id: str = ""
    cursor_key_version: int = 1
    cors_origins: tuple[str, ...] = ()
    tenant_limit: int = 0

    @classmethod
    def from_environment(cls) -> EdgeSettings:
        """Read the variables that template.yaml sets; a function that serves no requests has only some of them."""
        return cls(
            keys_table=os.environ["KEYS_TABLE"],
            rate_counters_table=os.environ.get("RATE_COUNTERS_TABLE", ""),
            idempotency_table=os.environ.get("IDEMPOTENCY_TABLE", ""),
            content_bucket=os.environ.get("CONTENT_BUCKET", ""),
            catalog_table=os.environ.get("CATALOG_TABLE", ""),
            audit_table=os.environ.get("AUDIT_TABLE", ""),
            questions_table=os.environ.get("QUESTIONS_TABLE", ""),
            items_table=os.environ.get("ITEMS_TABLE", ""),
            machine_arn=os.environ.get("DIFF_AND_APPLY_ARN", ""),
            idempotency_key_id=os.environ.get("IDEMPOTENCY_KEY_ID") or None,
            cursor_key_id=os.environ.get("CURSOR_KEY_ID", ""),
            cursor_key_version=int(os.environ.get("CURSOR_KEY_VERSION", "1")),
            cors_origins=tuple(filter(None, map(str.strip, os.environ.get("CORS_ORIGINS", "").split(",")))),
            tenant_limit=_tenant_limit(
                int(os.environ.get("REQUESTS_PER_SECOND", "0")), int(os.environ.get("TENANT_SHARE_PERCENT", "0"))
            ),
        )


def _tenant_limit(requests_per_second: int, share_percent: int) -> int:
    """Say how much of what the gateway lets through is one tenant's, in requests a minute.

    It is a share, so that no pair of parameters gives one tenant more than there is for all.
    """
    return requests_per_second * 60 * share_percent // 100
