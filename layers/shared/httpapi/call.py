"""What a route function is given: who asks, for what, and the services to do it with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from knowledge.actors import Actor
from knowledge.errors import (
    ErasureNotFoundError,
    ExportNotFoundError,
    GenerationNotFoundError,
    ImportNotFoundError,
    RunNotFoundError,
    SnapshotNotFoundError,
    SourceNotFoundError,
)
from knowledge.ids import MadeIds, derived_id, is_id, new_id
from knowledge.items.field_rules import check_external_item_id
from knowledge.limits import RETRY_KNOWN_MS, SNAPSHOT_PARTS
from knowledge.revisions import Expected
from webhooks.errors import DeliveryNotFoundError, WebhookNotFoundError

from httpapi.errors import invalid_field
from httpapi.keys import tokens
from httpapi.keys.issuing import Creation
from httpapi.keys.model import Key
from httpapi.paging import Listing
from httpapi.requests import HttpRequest, path_of
from httpapi.schemas.fields import ListQuery

if TYPE_CHECKING:
    from knowledge.sources.model import Source
    from webhooks.endpoints.model import Endpoint

    from httpapi.assembly import EdgeServices

BodyT = TypeVar("BodyT")
QueryT = TypeVar("QueryT")

CURRENT = "current"


@dataclass(frozen=True, slots=True)
class OpenCall:
    """One request of somebody unknown, which brings nothing."""

    services: EdgeServices


@dataclass(slots=True)
class Call(Generic[BodyT, QueryT]):
    """One request that has passed every check. `body` and `query` are what the operation's readers made of them."""

    operation: str
    key: Key
    request: HttpRequest
    ids: Mapping[str, str]
    body: BodyT
    query: QueryT
    services: EdgeServices
    now: int
    idempotency_key: str | None = None
    fingerprint: str | None = None
    loading: Future[Source] | None = None
    expected: Expected | None = None

    @property
    def tenant_id(self) -> str:
        """The tenant that asks."""
        return self.key.tenant_id

    @property
    def actor(self) -> Actor:
        """Who asks, for what is written down of a change."""
        return Actor(
            self.key.author,
            self.key.line_id,
            self.request.request_id,
            self.request.address,
            self.request.user_agent,
        )

    @property
    def source(self) -> Source:
        """The source of the path, as it was when the request came in. Raises SourceNotFoundError.

        This is the one way to it: one that is not of the key's environment is not there.
        """
        if self.loading is None:
            raise SourceNotFoundError
        source = self.loading.result()
        if source.environment is not self.key.spec.environment:
            raise SourceNotFoundError
        return source

    @property
    def run_id(self) -> str:
        """The run of the path. Raises RunNotFoundError for what cannot be one."""
        if not is_id("run", self.ids["runId"]):
            raise RunNotFoundError
        return self.ids["runId"]

    @property
    def import_id(self) -> str:
        """The import of the path. Raises ImportNotFoundError for what cannot be one."""
        if not is_id("imp", self.ids["importId"]):
            raise ImportNotFoundError
        return self.ids["importId"]

    @property
    def export_id(self) -> str:
        """The export of the path. Raises ExportNotFoundError for what cannot be one."""
        if not is_id("exp", self.ids["exportId"]):
            raise ExportNotFoundError
        return self.ids["exportId"]

    @property
    def erasure_id(self) -> str:
        """The erasure of the path. Raises ErasureNotFoundError for what cannot be one."""
        if not is_id("era", self.ids["erasureId"]):
            raise ErasureNotFoundError
        return self.ids["erasureId"]

    @property
    def snapshot_id(self) -> str:
        """The snapshot of the path. Raises SnapshotNotFoundError for what cannot be one."""
        if not is_id("snp", self.ids["snapshotId"]):
            raise SnapshotNotFoundError
        return self.ids["snapshotId"]

    @property
    def webhook(self) -> Endpoint:
        """The webhook of the path. Raises WebhookNotFoundError, also for one that is not of the key's environment."""
        if not is_id("whk", self.ids["webhookId"]):
            raise WebhookNotFoundError
        endpoint = self.services.webhooks.endpoints.get_endpoint(self.tenant_id, self.ids["webhookId"])
        if endpoint.environment is not self.key.spec.environment:
            raise WebhookNotFoundError
        return endpoint

    @property
    def webhook_id(self) -> str:
        """The id of the webhook of the path, which is there. Raises WebhookNotFoundError."""
        return self.webhook.endpoint_id

    @property
    def delivery_id(self) -> str:
        """The delivery of the path. Raises DeliveryNotFoundError for what cannot be one."""
        if not is_id("dlv", self.ids["deliveryId"]):
            raise DeliveryNotFoundError
        return self.ids["deliveryId"]

    @property
    def request_token(self) -> str | None:
        """What this request and its retries have in common, and no other request; None when it has no key for them."""
        if self.idempotency_key is None:
            return None
        return hashlib.sha256(f"{self.key.retries_id}\0{self.idempotency_key}\0{self.fingerprint}".encode()).hexdigest()

    @property
    def part_number(self) -> int:
        """The number of a part in the path: 1 to 10 000. Raises ValidationFailedError."""
        text = self.ids["partNumber"]
        if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= SNAPSHOT_PARTS):
            raise invalid_field("partNumber", f"must be a whole number from 1 to {SNAPSHOT_PARTS}")
        return int(text)

    @property
    def generation_id(self) -> str:
        """The generation of the path, or `current`. Raises GenerationNotFoundError for what cannot be one."""
        return known_generation(self.ids["generationId"])

    @property
    def external_item_id(self) -> str:
        """The item of the path, which `check_ids` has looked at."""
        return self.ids["externalItemId"]

    def make_ids(self, prefix: str) -> MadeIds:
        """Make the id of what this request creates: a retry with the same Idempotency-Key makes the same one.

        So does one by a key that has replaced this one. No key of another rotation line can: none finds what another
        one's request made, or takes its id before it.
        """
        if self.idempotency_key is None:
            return MadeIds(new_id(prefix), None)
        today = self.now // RETRY_KNOWN_MS
        of_day = partial(derived_id, prefix, self.key.retries_id, self.idempotency_key)
        return MadeIds(of_day(today), of_day(today - 1))

    def place(self, template: str, **ids: str) -> str:
        """The path of what this request makes, by the template of what reads it; ids of its own path need no naming."""
        return path_of(template, {**self.ids, **ids})

    def key_creation(self) -> Creation | None:
        """Name the key this request creates, if a retry has to find it again."""
        token = self.request_token
        if token is None or self.idempotency_key is None:
            return None
        return Creation(tokens.derived_key_id(self.key.retries_id, self.idempotency_key), token)

    def listing(self, **filters: Any) -> Listing:
        """Name the list this request pages through, with the filters that shape it."""
        return Listing(self.tenant_id, self.operation, self.ids, filters, self.services.cursor_keys)

    def position(self, listing: Listing) -> Any:
        """Read the position that the request's cursor stands for. Raises ValidationFailedError."""
        cursor = self.query.cursor if isinstance(self.query, ListQuery) else None
        return listing.position(cursor)


def check_ids(ids: Mapping[str, str]) -> None:
    """Check the ids of a path that the client chose itself. Raises ValidationFailedError."""
    if "externalItemId" in ids:
        try:
            check_external_item_id(ids["externalItemId"])
        except ValueError as error:
            raise invalid_field("externalItemId", str(error)) from None


def known_generation(generation_id: str) -> str:
    """Let an id that may be a generation's through, or `current`. Raises GenerationNotFoundError for any other."""
    if generation_id != CURRENT and not is_id("gen", generation_id):
        raise GenerationNotFoundError
    return generation_id
