"""What the list of changes takes."""

from __future__ import annotations

from typing import Annotated

from knowledge.audit import AuditEntry, AuditKind

from httpapi.keys.tokens import KEY_ID_PATTERN
from httpapi.schemas.fields import TimesQuery, matching

# What the gateway names an exchange by is its own affair, so this only keeps nonsense out.
_REQUEST_ID_PATTERN = "^[0-9A-Za-z-]{1,64}$"


class AuditQuery(TimesQuery):
    """Which changes to list: of one key or session, of one kind, of one request, between two times, both included."""

    key_id: Annotated[str, matching(KEY_ID_PATTERN, "must be the id of a key")] | None = None
    kind: AuditKind | None = None
    request_id: Annotated[str, matching(_REQUEST_ID_PATTERN, "must be the X-Request-Id of an answer")] | None = None

    def keeps(self, entry: AuditEntry) -> bool:
        """Tell whether the filters let a change through."""
        author = entry.actor.author
        return (
            self.key_id in (None, author.key_id, author.session_id)
            and self.kind in (None, entry.kind)
            and self.request_id in (None, entry.actor.request_id)
        )
