"""Webhooks and their deliveries. `verify_webhook` is what a receiver needs."""

from __future__ import annotations

from typing import Unpack, cast

from knowledge_client import models
from knowledge_client.listing import Listing
from knowledge_client.resources.resource import Resource, path_to


class Webhooks(Resource):
    """`client.webhooks`."""

    def list(self, **query: Unpack[models.ListWebhooksQuery]) -> Listing[models.Webhook]:
        """List the webhooks."""
        return Listing(self._api, "/v1/webhooks", "webhooks", query)

    def create(
        self, *, idempotency_key: str | None = None, **webhook: Unpack[models.CreateWebhookRequest]
    ) -> models.WebhookSecretResponse:
        """Make a webhook; its `secret` is shown here and never again."""
        answer = self._api.write("POST", "/v1/webhooks", webhook, idempotency_key=idempotency_key)
        return cast(models.WebhookSecretResponse, answer)

    def get(self, webhook_id: str) -> models.Webhook:
        """Read a webhook."""
        return cast(models.Webhook, self._api.get(path_to("webhooks", webhook_id))["webhook"])

    def update(
        self, webhook_id: str, *, idempotency_key: str | None = None, **changes: Unpack[models.UpdateWebhookRequest]
    ) -> models.Webhook:
        """Change a webhook; what is not named stays."""
        answer = self._api.write("PATCH", path_to("webhooks", webhook_id), changes, idempotency_key=idempotency_key)
        return cast(models.Webhook, answer["webhook"])

    def delete(self, webhook_id: str, *, idempotency_key: str | None = None) -> models.Webhook:
        """Delete a webhook."""
        answer = self._api.write("DELETE", path_to("webhooks", webhook_id), idempotency_key=idempotency_key)
        return cast(models.Webhook, answer["webhook"])

    def rotate_secret(
        self, webhook_id: str, *, idempotency_key: str | None = None, **more: Unpack[models.RotateSecretRequest]
    ) -> models.WebhookSecretResponse:
        """Make a new secret; both sign for `overlapSeconds`."""
        path = path_to("webhooks", webhook_id, "rotate-secret")
        answer = self._api.write("POST", path, more, idempotency_key=idempotency_key)
        return cast(models.WebhookSecretResponse, answer)

    def test(self, webhook_id: str, *, idempotency_key: str | None = None) -> models.Delivery:
        """Have a `webhook.test` sent."""
        path = path_to("webhooks", webhook_id, "test")
        return cast(models.Delivery, self._api.write("POST", path, idempotency_key=idempotency_key)["delivery"])

    def deliveries(self, webhook_id: str, **query: Unpack[models.ListDeliveriesQuery]) -> Listing[models.Delivery]:
        """List what was sent, or is to be, the newest first."""
        return Listing(self._api, path_to("webhooks", webhook_id, "deliveries"), "deliveries", query)

    def delivery(self, webhook_id: str, delivery_id: str) -> models.Delivery:
        """Read a delivery with its attempts."""
        path = path_to("webhooks", webhook_id, "deliveries", delivery_id)
        return cast(models.Delivery, self._api.get(path)["delivery"])

    def redeliver(self, webhook_id: str, delivery_id: str, *, idempotency_key: str | None = None) -> models.Delivery:
        """Send a delivery again, whatever became of it."""
        path = path_to("webhooks", webhook_id, "deliveries", delivery_id, "redeliver")
        return cast(models.Delivery, self._api.write("POST", path, idempotency_key=idempotency_key)["delivery"])

    def redeliver_failed(
        self, webhook_id: str, *, idempotency_key: str | None = None, **more: Unpack[models.RedeliverFailedRequest]
    ) -> models.RedeliveredResponse:
        """Send again what failed since a time, at most 200; `more` tells whether to ask again."""
        path = path_to("webhooks", webhook_id, "redeliver")
        answer = self._api.write("POST", path, more, idempotency_key=idempotency_key)
        return cast(models.RedeliveredResponse, answer)
