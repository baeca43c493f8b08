"""What the published description promises to those who wait; runs last, when most of the wait is over."""

from __future__ import annotations

import time

from tests.contract.tenant import Tenant


def test_request_after_the_indicated_delay_is_let_in(tenant: Tenant, spent_key: tuple[str, float]) -> None:
    """To wait as long as Retry-After says is enough."""
    key, refused_at = spent_key
    time.sleep(max(0, refused_at + 60 - time.time()))
    assert tenant.request("GET", "/v1/whoami", key=key).status == 200
