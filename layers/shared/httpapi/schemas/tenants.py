"""What sets a tenant up."""

from __future__ import annotations

from typing import Annotated

from knowledge.items.field_rules import name_text
from knowledge.limits import TENANT_NAME_CHARACTERS
from pydantic import Field

from httpapi.schemas.fields import BodyModel


class BootstrapEvent(BodyModel):
    """What the operator sends; the id ends up in object keys, so it is kept plain."""

    name: Annotated[str, name_text(TENANT_NAME_CHARACTERS)] = "tenant"
    tenant_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")] | None = None
