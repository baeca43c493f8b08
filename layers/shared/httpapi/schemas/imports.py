"""What the operations on imports take."""

from __future__ import annotations

from typing import Annotated

from knowledge.imports.model import ImportFormat, ImportMode, ImportState
from knowledge.limits import IMPORT_LINES
from pydantic import Field

from httpapi.schemas.fields import BodyModel, ListQuery, Message


class CreateImportRequest(BodyModel):
    """An import to come. The format is what the sender has in mind; what counts is what is in the file."""

    mode: Annotated[ImportMode, Field(strict=False)]
    apply: bool = False
    format: Annotated[ImportFormat, Field(strict=False)] = ImportFormat.NDJSON
    max_rejected: Annotated[int, Field(ge=0, le=IMPORT_LINES)] | None = None
    message: Message | None = None


class ImportListQuery(ListQuery):
    """A list of imports, of one state if wished."""

    state: ImportState | None = None
