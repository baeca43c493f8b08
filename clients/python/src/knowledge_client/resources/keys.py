"""API keys, and who changed what."""

from __future__ import annotations

from typing import Unpack, cast

from knowledge_client import models
from knowledge_client.listing import Listing
from knowledge_client.resources.resource import Resource, path_to


class Keys(Resource):
    """`client.keys`, for a key that manages keys."""

    def list(self, **query: Unpack[models.ListKeysQuery]) -> Listing[models.Key]:
        """List the tenant's keys, the newest first."""
        return Listing(self._api, "/v1/admin/keys", "keys", query)

    def create(
        self, *, idempotency_key: str | None = None, **key: Unpack[models.CreateKeyRequest]
    ) -> models.NewKeyResponse:
        """Make a key; its `secret` is shown here and never again."""
        answer = self._api.write("POST", "/v1/admin/keys", key, idempotency_key=idempotency_key)
        return cast(models.NewKeyResponse, answer)

    def get(self, key_id: str) -> models.Key:
        """Read a key."""
        return cast(models.Key, self._api.get(path_to("admin", "keys", key_id))["key"])

    def update(
        self, key_id: str, *, idempotency_key: str | None = None, **changes: Unpack[models.UpdateKeyRequest]
    ) -> models.Key:
        """Change a key; what is not named stays."""
        answer = self._api.write("PATCH", path_to("admin", "keys", key_id), changes, idempotency_key=idempotency_key)
        return cast(models.Key, answer["key"])

    def revoke(self, key_id: str, *, idempotency_key: str | None = None) -> models.Key:
        """End a key, for good."""
        answer = self._api.write("DELETE", path_to("admin", "keys", key_id), idempotency_key=idempotency_key)
        return cast(models.Key, answer["key"])

    def rotate(
        self, key_id: str, *, idempotency_key: str | None = None, **more: Unpack[models.RotateKeyRequest]
    ) -> models.RotatedKeyResponse:
        """Make the successor of a key; the old one works for `overlapSeconds` more."""
        path = path_to("admin", "keys", key_id, "rotate")
        answer = self._api.write("POST", path, more, idempotency_key=idempotency_key)
        return cast(models.RotatedKeyResponse, answer)

    def identify(self, *, idempotency_key: str | None = None, **found: Unpack[models.IdentifyKeyRequest]) -> models.Key:
        """Find whose text was found somewhere."""
        answer = self._api.write("POST", "/v1/admin/keys/identify", found, idempotency_key=idempotency_key)
        return cast(models.Key, answer["key"])

    def audit(self, **query: Unpack[models.ListAuditQuery]) -> Listing[models.AuditEntry]:
        """List who changed what, the newest first."""
        return Listing(self._api, "/v1/admin/audit", "entries", query)
