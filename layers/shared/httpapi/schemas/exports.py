"""What the operations on exports take."""

from __future__ import annotations

from httpapi.schemas.fields import BodyModel, Message


class CreateExportRequest(BodyModel):
    """What is said of an export."""

    message: Message | None = None
