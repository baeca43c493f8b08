"""Every request schema of openapi.yaml against the model that its route reads it with, rule by rule, both ways.

What the models make of values is in test_request_values.py.
"""

from __future__ import annotations

import pytest

from testing import spec
from tests.contract.request_schemas import (
    Schema,
    declared_body,
    declared_query,
    differences,
    documented_body,
    documented_parameters,
    routes,
)

with_body = pytest.mark.parametrize(
    "operation", [each for each in spec.operations() if each.request_body()], ids=lambda operation: operation.name
)
every_operation = pytest.mark.parametrize("operation", spec.operations(), ids=lambda operation: operation.name)


def check(documented: Schema, declared: Schema, field: str = "") -> None:
    found = list(differences(documented, declared, field))
    assert not found, "\n".join(found)


@with_body
def test_body_is_documented_as_its_model_reads_it(operation: spec.SpecOperation) -> None:
    check(documented_body(operation), declared_body(routes()[operation.name]))


@every_operation
def test_query_is_documented_as_its_model_reads_it(operation: spec.SpecOperation) -> None:
    check(documented_parameters(operation, "query"), declared_query(routes()[operation.name]))


# Also in a body, where one that can't be is a problem of the field.
MADE_HERE = {"runId"}


def test_id_in_a_path_is_documented_like_the_field_of_its_name() -> None:
    """No model reads a path, whose ids are just not found; but one that a client gives has the rules of its field."""
    fields: Schema = {}
    for route in routes().values():
        fields |= declared_body(route)["properties"] if route.body else {}
    compared = set()
    for operation in spec.operations():
        for name, documented in documented_parameters(operation, "path")["properties"].items():
            if name in fields and name not in MADE_HERE:
                check(documented, fields[name], name)
                compared.add(name)
    assert compared == {"externalItemId"}
