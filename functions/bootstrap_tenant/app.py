"""Sets up a tenant and its first admin key; an operator invokes it by hand, the local stack when it starts.

The event is `{"name"?: str, "tenantId"?: str}` and the answer `{"tenantId", "key", "secret"}`. Without a `tenantId` a
new tenant is made. With one that exists, nothing of it changes but that it gets one more admin key: this is how an
operator lets a tenant back in that lost all of its own.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from telemetry.process import prepare_process

prepare_process()  # First, since it is for what is imported below.

from httpapi.assembly import EdgeServices
from httpapi.render.keys import render_key
from httpapi.settings import EdgeSettings
from telemetry.tasks import observed


@cache
def services() -> EdgeServices:
    """Put the services together, once a process."""
    return EdgeServices(EdgeSettings.from_environment())


@observed("bootstrap_tenant")
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Make the tenant and its key."""
    from httpapi.schemas.tenants import BootstrapEvent

    wanted = BootstrapEvent.model_validate(event)
    issued = services().keys.bootstrap_tenant(tenant_id=wanted.tenant_id, name=wanted.name)
    key = render_key(issued.key, services().clock())
    return {"tenantId": issued.key.tenant_id, "key": key, "secret": issued.token.text}
