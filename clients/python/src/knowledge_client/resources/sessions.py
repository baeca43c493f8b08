"""Who is signed in with a key."""

from __future__ import annotations

from typing import Unpack, cast

from knowledge_client import models
from knowledge_client.listing import Listing
from knowledge_client.resources.resource import Resource, path_to


class Sessions(Resource):
    """`client.sessions`; a client whose key is a session's `secret` is signed in.

    One whose key is the `code` of a sign-in link can do nothing but `create` the session.
    """

    def list(self, **query: Unpack[models.ListSessionsQuery]) -> Listing[models.PortalSession]:
        """List the open sessions that the key may see, the oldest first."""
        return Listing(self._api, "/v1/portal/sessions", "sessions", query)

    def create(
        self, *, idempotency_key: str | None = None, **session: Unpack[models.CreateSessionRequest]
    ) -> models.NewSessionResponse:
        """Begin a session of the key; its `secret` is shown here and never again."""
        answer = self._api.write("POST", "/v1/portal/sessions", session, idempotency_key=idempotency_key)
        return cast(models.NewSessionResponse, answer)

    def create_sign_in_link(
        self, *, idempotency_key: str | None = None, **session: Unpack[models.CreateSignInLinkRequest]
    ) -> models.SignInLinkResponse:
        """Make a link that begins a session, once; its `code` is shown here and never again."""
        path = path_to("portal", "sign-in-links")
        answer = self._api.write("POST", path, session, idempotency_key=idempotency_key)
        return cast(models.SignInLinkResponse, answer)

    def get(self, session_id: str) -> models.PortalSession:
        """Read an open session."""
        return cast(models.PortalSession, self._api.get(path_to("portal", "sessions", session_id))["session"])

    def end(self, session_id: str, *, idempotency_key: str | None = None) -> models.PortalSession:
        """End a session at once."""
        answer = self._api.write("DELETE", path_to("portal", "sessions", session_id), idempotency_key=idempotency_key)
        return cast(models.PortalSession, answer["session"])
