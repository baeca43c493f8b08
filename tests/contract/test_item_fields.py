"""The fields of an item are declared in `knowledge.items.fields`, and documented in every schema that has them."""

from __future__ import annotations

import pytest
from knowledge.items.fields import DETAILS

from testing import spec

SCHEMAS = ("ItemInput", "Item", "WrittenItem", "GenerationItem", "GenerationChange", "ItemEdition")


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_field_of_an_item_is_documented(schema: str) -> None:
    documented = spec.document()["components"]["schemas"][schema]["properties"]
    assert set(DETAILS.values()) - documented.keys() == set(), f"openapi.yaml: {schema} lacks them"
