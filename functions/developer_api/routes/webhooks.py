"""/v1/webhooks: endpoints that are told of events, and what was delivered to them."""

from __future__ import annotations

from httpapi.answers import Answer, created, ok, queued
from httpapi.call import Call
from httpapi.keys.scopes import Scope
from httpapi.operations import Routes
from httpapi.render.webhooks import render_delivery, render_webhook
from httpapi.schemas.fields import ListQuery, NoQuery, body_of, distinct
from httpapi.schemas.webhooks import (
    CreateWebhookRequest,
    DeliveryQuery,
    RedeliverFailedRequest,
    RotateSecretRequest,
    UpdateWebhookRequest,
)

WEBHOOKS = "/v1/webhooks"
WEBHOOK = WEBHOOKS + "/{webhookId}"
DELIVERIES = WEBHOOK + "/deliveries"
DELIVERY = DELIVERIES + "/{deliveryId}"
SCOPE = Scope.WEBHOOKS_MANAGE

routes = Routes()


@routes.post(WEBHOOKS, SCOPE, body=body_of(CreateWebhookRequest), unlimited_key=True)
def create_webhook(call: Call[CreateWebhookRequest, NoQuery]) -> Answer:
    """Create an endpoint; its secret is in this answer and nowhere else."""
    made = call.make_ids("whk")
    issued = call.services.webhooks.endpoints.create_endpoint(
        call.tenant_id,
        url=call.body.url,
        description=call.body.description,
        event_types=distinct(call.body.events),
        source_ids=distinct(call.body.source_ids),
        enabled=call.body.enabled,
        endpoint_id=made.id,
        earlier_id=made.earlier,
        environment=call.key.spec.environment,
        by=call.actor,
    )
    body = {"webhook": render_webhook(issued.endpoint, call.now), "secret": issued.secret}
    return created(body, call.place(WEBHOOK, webhookId=issued.endpoint.endpoint_id), secret=issued.secret)


@routes.get(WEBHOOKS, SCOPE, query=ListQuery, unlimited_key=True)
def list_webhooks(call: Call[None, ListQuery]) -> Answer:
    """List the tenant's endpoints, newest first."""
    listing = call.listing()
    page = call.services.webhooks.endpoints.list_endpoints(
        call.tenant_id, call.key.spec.environment, limit=call.query.limit, position=call.position(listing)
    )
    return ok(listing.render("webhooks", page, lambda endpoint: render_webhook(endpoint, call.now)))


@routes.get(WEBHOOK, SCOPE, unlimited_key=True)
def get_webhook(call: Call[None, NoQuery]) -> Answer:
    """Read one endpoint."""
    return ok({"webhook": render_webhook(call.webhook, call.now)})


@routes.patch(WEBHOOK, SCOPE, body=body_of(UpdateWebhookRequest), unlimited_key=True)
def update_webhook(call: Call[UpdateWebhookRequest, NoQuery]) -> Answer:
    """Change what is named."""
    changes = call.body.changes()
    endpoint = call.services.webhooks.endpoints.update_endpoint(
        call.tenant_id, call.webhook_id, **changes, by=call.actor
    )
    return ok({"webhook": render_webhook(endpoint, call.now)})


@routes.delete(WEBHOOK, SCOPE, unlimited_key=True)
def delete_webhook(call: Call[None, NoQuery]) -> Answer:
    """Delete an endpoint and drop what is on its way to it."""
    endpoint = call.services.webhooks.endpoints.delete_endpoint(call.tenant_id, call.webhook_id, by=call.actor)
    return ok({"webhook": render_webhook(endpoint, call.now)})


@routes.post(
    WEBHOOK + "/rotate-secret", SCOPE, body=body_of(RotateSecretRequest), body_required=False, unlimited_key=True
)
def rotate_webhook_secret(call: Call[RotateSecretRequest, NoQuery]) -> Answer:
    """Replace the secret; the new one is in this answer and nowhere else."""
    issued = call.services.webhooks.endpoints.rotate_secret(
        call.tenant_id, call.webhook_id, call.body.overlap_seconds * 1000, call.request_token, by=call.actor
    )
    body = {"webhook": render_webhook(issued.endpoint, call.now), "secret": issued.secret}
    return created(body, call.place(WEBHOOK, webhookId=issued.endpoint.endpoint_id), secret=issued.secret)


@routes.post(WEBHOOK + "/test", SCOPE, unlimited_key=True)
def test_webhook(call: Call[None, NoQuery]) -> Answer:
    """Send a test event."""
    delivery = call.services.webhooks.deliveries.test(call.tenant_id, call.webhook_id, call.make_ids("evt").id)
    return queued({"delivery": render_delivery(delivery)}, call.place(DELIVERY, deliveryId=delivery.delivery_id))


@routes.post(WEBHOOK + "/redeliver", SCOPE, body=body_of(RedeliverFailedRequest), unlimited_key=True)
def redeliver_failed(call: Call[RedeliverFailedRequest, NoQuery]) -> Answer:
    """Deliver again what failed since a time."""
    redelivered, more = call.services.webhooks.deliveries.redeliver_failed(
        call.tenant_id, call.webhook_id, call.body.since
    )
    return queued({"redelivered": redelivered, "more": more})


@routes.get(DELIVERIES, SCOPE, query=DeliveryQuery, unlimited_key=True)
def list_deliveries(call: Call[None, DeliveryQuery]) -> Answer:
    """List the deliveries of an endpoint, newest first."""
    listing = call.listing(state=call.query.state)
    position = call.position(listing)
    page = call.services.webhooks.deliveries.list(
        call.tenant_id, call.webhook_id, call.query.state, limit=call.query.limit, position=position
    )
    return ok(listing.render("deliveries", page, render_delivery))


@routes.get(DELIVERY, SCOPE, unlimited_key=True)
def get_delivery(call: Call[None, NoQuery]) -> Answer:
    """Read one delivery."""
    delivery = call.services.webhooks.deliveries.get(call.tenant_id, call.webhook_id, call.delivery_id)
    return ok({"delivery": render_delivery(delivery)})


@routes.post(DELIVERY + "/redeliver", SCOPE, unlimited_key=True)
def redeliver(call: Call[None, NoQuery]) -> Answer:
    """Deliver one event again."""
    delivery = call.services.webhooks.deliveries.redeliver(call.tenant_id, call.webhook_id, call.delivery_id)
    return queued({"delivery": render_delivery(delivery)})
