"""/v1/admin/keys: making, listing, reading, changing, rotating and revoking API keys."""

from __future__ import annotations

from httpapi.answers import Answer, created, ok
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.render.keys import render_key
from httpapi.schemas.fields import NoQuery, body_of
from httpapi.schemas.keys import (
    CreateKeyRequest,
    IdentifyKeyRequest,
    KeyListQuery,
    RotateKeyRequest,
    UpdateKeyRequest,
    check_grant,
)

KEY = "/v1/admin/keys/{keyId}"

routes = Routes()


@routes.post("/v1/admin/keys", Scope.KEYS_MANAGE, body=body_of(CreateKeyRequest), unlimited_key=True)
def create_key(call: Call[CreateKeyRequest, NoQuery]) -> Answer:
    """Make a key; its secret is in this answer and nowhere else."""
    spec = call.body.spec(call.now)
    call.services.keys.check_sources(call.tenant_id, spec)
    issued = call.services.keys.create_key(call.tenant_id, spec, call.key_creation(), by=call.actor)
    body = {"key": render_key(issued.key, call.now), "secret": issued.token.text}
    return created(body, call.place(KEY, keyId=issued.key.key_id), secret=issued.token.text)


@routes.get("/v1/admin/keys", Scope.KEYS_MANAGE, query=KeyListQuery)
def list_keys(call: Call[None, KeyListQuery]) -> Answer:
    """List the tenant's keys, oldest first, as far as the key that asks reaches."""
    query, within = call.query, call.key.spec.source_ids
    listing = call.listing(status=query.status, source_id=query.source_id, scope=query.scope, within=within)
    page = call.services.keys.list_keys(
        call.tenant_id,
        limit=query.limit,
        position=call.position(listing),
        keep=lambda key: key.is_within(within) and query.shows(key, call.now),
    )
    return ok(listing.render("keys", page, lambda key: render_key(key, call.now)))


@routes.get(KEY, Scope.KEYS_MANAGE)
def get_key(call: Call[None, NoQuery]) -> Answer:
    """Read one key."""
    key = call.services.keys.get_key(call.tenant_id, call.ids["keyId"], within=call.key.spec.source_ids)
    return ok({"key": render_key(key, call.now)})


@routes.patch(KEY, Scope.KEYS_MANAGE, body=body_of(UpdateKeyRequest), check_body=check_grant)
def update_key(call: Call[UpdateKeyRequest, NoQuery]) -> Answer:
    """Change what is named."""
    key = call.services.keys.update_key(
        call.tenant_id,
        call.ids["keyId"],
        call.body.changes(call.now),
        enabled=call.body.enabled,
        within=call.key.spec.source_ids,
        by=call.actor,
    )
    return ok({"key": render_key(key, call.services.clock())})


@routes.post("/v1/admin/keys/identify", Scope.KEYS_MANAGE, body=body_of(IdentifyKeyRequest))
def identify_key(call: Call[IdentifyKeyRequest, NoQuery]) -> Answer:
    """Say which key a text is that was found somewhere."""
    key = call.services.keys.identify_key(call.tenant_id, call.body.secret, within=call.key.spec.source_ids)
    return ok({"key": render_key(key, call.now)})


@routes.post(
    KEY + "/rotate",
    Scope.KEYS_MANAGE,
    body=body_of(RotateKeyRequest),
    body_required=False,
    unlimited_key=True,
)
def rotate_key(call: Call[RotateKeyRequest, NoQuery]) -> Answer:
    """Replace a key; the new secret is in this answer and nowhere else."""
    overlap_ms = call.body.overlap_seconds * 1000
    rotation = call.services.keys.rotate_key(
        call.tenant_id, call.ids["keyId"], overlap_ms, call.key_creation(), by=call.actor
    )
    secret = rotation.issued.token.text
    body = {
        "key": render_key(rotation.issued.key, call.now),
        "secret": secret,
        # As of now and not of when the request came in: without an overlap it expired in between.
        "previousKey": render_key(rotation.previous, call.services.clock()),
    }
    return created(body, call.place(KEY, keyId=rotation.issued.key.key_id), secret=secret)


@routes.delete(KEY, Scope.KEYS_MANAGE)
def revoke_key(call: Call[None, NoQuery]) -> Answer:
    """Revoke a key at once."""
    key = call.services.keys.revoke_key(
        call.tenant_id, call.ids["keyId"], within=call.key.spec.source_ids, by=call.actor
    )
    return ok({"key": render_key(key, call.now)})
