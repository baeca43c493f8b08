"""The client of the Developer API: publish your content into a chatbot knowledge base, search it and ask it.

with KnowledgeClient() as client:  # CHATBOT_API="https://your-host/api" CHATBOT_KEY="sk_live_..."
    source = client.sources.create(name="Help centre")
    client.items.push(source["id"], {"externalItemId": "faq-1", "title": "Refunds", "content": "Within 14 days."})
    run = client.runs.start(source["id"])
    print(list(client.runs.changes(source["id"], run["id"])))
    print(client.runs.apply(source["id"], run["id"], planVersion=run["planVersion"])["generationId"])
"""

from __future__ import annotations

from knowledge_client import models
from knowledge_client.answers import etag_of
from knowledge_client.client import KnowledgeClient
from knowledge_client.content_hashes import content_hash
from knowledge_client.errors import (
    ApiError,
    ConflictError,
    FailedError,
    Fault,
    ForbiddenError,
    InvalidArgumentError,
    InvalidRequestError,
    KnowledgeError,
    NoAnswerError,
    NotFoundError,
    NotModifiedError,
    PreconditionFailedError,
    RateLimitedError,
    ServerError,
    SettingsError,
    StillUnderWayError,
    UnauthorizedError,
    UnexpectedAnswerError,
    UnverifiedWebhookError,
    UploadError,
)
from knowledge_client.listing import Listing
from knowledge_client.retrying import Retries
from knowledge_client.version import VERSION
from knowledge_client.webhook_verification import verify_webhook

__version__ = VERSION

__all__ = [
    "ApiError",
    "ConflictError",
    "FailedError",
    "Fault",
    "ForbiddenError",
    "InvalidArgumentError",
    "InvalidRequestError",
    "KnowledgeClient",
    "KnowledgeError",
    "Listing",
    "NoAnswerError",
    "NotFoundError",
    "NotModifiedError",
    "PreconditionFailedError",
    "RateLimitedError",
    "Retries",
    "ServerError",
    "SettingsError",
    "StillUnderWayError",
    "UnauthorizedError",
    "UnexpectedAnswerError",
    "UnverifiedWebhookError",
    "UploadError",
    "__version__",
    "content_hash",
    "etag_of",
    "models",
    "verify_webhook",
]
