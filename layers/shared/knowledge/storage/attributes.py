"""DynamoDB attribute values for the Catalog's rows. boto3's serializer speaks Decimal and is slow to import. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Attributes = dict[str, Any]


def to_attribute(value: Any) -> Attributes:
    """Wrap a plain value. Raises TypeError for what the Catalog never stores."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": str(value)}
    if isinstance(value, (int, float)):
        return {"N": repr(value)}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, frozenset):
        return {"SS": sorted(value)}
    if isinstance(value, Mapping):
        return {"M": {key: to_attribute(inner) for key, inner in value.items()}}
    if isinstance(value, (list, tuple)):
        return {"L": [to_attribute(inner) for inner in value]}
    message = f"{type(value).__name__} is not stored"
    raise TypeError(message)


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """Unwrap one attribute; whole numbers come back as int."""
    ((kind, value),) = attribute.items()
    if kind == "N":
        return int(value) if value.lstrip("-").isdigit() else float(value)
    if kind == "NULL":
        return None
    if kind == "M":
        return {key: from_attribute(inner) for key, inner in value.items()}
    if kind == "L":
        return [from_attribute(inner) for inner in value]
    if kind == "SS":
        return frozenset(value)
    return value


def to_row(values: Mapping[str, Any]) -> Attributes:
    """Wrap a row; attributes that are None are left out, so conditions can ask whether they exist."""
    return {name: to_attribute(value) for name, value in values.items() if value is not None}


def from_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Unwrap a row."""
    return {name: from_attribute(attribute) for name, attribute in row.items()}
