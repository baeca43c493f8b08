"""Every way webhooks refuse; `httpapi.error_table` says with which status and code."""

from __future__ import annotations

from knowledge.errors import ConflictError, KnowledgeError, NotFoundError
from knowledge.limits import DELIVERY_KEPT_MS
from knowledge.words import duration_words


class WebhookNotFoundError(NotFoundError):
    """Raised when the tenant has no webhook endpoint of that id."""

    message = "Webhook not found."


class DeliveryNotFoundError(NotFoundError):
    """Raised when the endpoint has no delivery of that id, or its 30 days are over."""

    message = f"Delivery not found. Deliveries are kept for {duration_words(DELIVERY_KEPT_MS)}."


class WebhookLimitError(ConflictError):
    """Raised when a tenant has as many endpoints as it may."""

    code = "webhook_limit"
    message = "A tenant has as many webhooks as it may. Delete one first."


class WebhookDisabledError(ConflictError):
    """Raised when something is to be delivered again to an endpoint that is disabled."""

    code = "webhook_disabled"
    message = "The webhook is disabled. Enable it first (PATCH with enabled: true), then send the request again."


class WebhookChangedError(ConflictError):
    """Raised when the secret of an endpoint is rotated by two requests at once."""

    code = "webhook_changed"
    message = "The webhook was changed by another request at the same time. Read it, then retry."


class TargetRefusedError(KnowledgeError):
    """Raised when a URL, or what its name resolves to, may not be called; `reason` says why, to the tenant."""

    code = "validation_error"
    message = "This URL cannot be called."

    @property
    def reason(self) -> str:
        """One plain sentence."""
        return str(self)
