"""What the operations on erasures take."""

from __future__ import annotations

from typing import Annotated

from knowledge.items.field_rules import EXTERNAL_ITEM_ID_PATTERN, Rule, check_external_item_id
from knowledge.limits import ERASURE_ITEMS, EXTERNAL_ITEM_ID_BYTES
from pydantic import Field

from httpapi.schemas.fields import BodyModel, Message, distinct

_ItemId = Annotated[
    str,
    Rule(
        check_external_item_id,
        {"minLength": 1, "maxLength": EXTERNAL_ITEM_ID_BYTES, "pattern": EXTERNAL_ITEM_ID_PATTERN},
    ),
]


class CreateErasureRequest(BodyModel):
    """The items that are to be taken back, and what is said of it."""

    external_item_ids: Annotated[list[_ItemId], Field(min_length=1, max_length=ERASURE_ITEMS)]
    message: Message | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """The items; one that is named twice counts once."""
        return distinct(self.external_item_ids) or ()
