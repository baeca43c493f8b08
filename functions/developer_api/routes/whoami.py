"""/v1/whoami: which tenant and key a request is made with."""

from __future__ import annotations

from httpapi.answers import Answer, ok
from httpapi.call import Call
from httpapi.operations import Routes
from httpapi.render.keys import render_key
from httpapi.render.sessions import render_session
from httpapi.schemas.fields import NoQuery

routes = Routes()


@routes.get("/v1/whoami", None)
def whoami(call: Call[None, NoQuery]) -> Answer:
    """Tell the caller who it is."""
    told = {"tenantId": call.tenant_id, "key": render_key(call.key, call.now)}
    if call.key.session is not None:
        told["session"] = render_session(call.key)
    return ok(told)
