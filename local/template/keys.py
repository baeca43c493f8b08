"""The KMS keys of a template, as far as an emulator makes them."""

from __future__ import annotations

from local.template.load import Template
from local.template.resolve import Resolver


def key_specs(template: Template, resolver: Resolver) -> dict[str, str]:
    """Return the spec of each key by its id."""
    keys = template.of_type("AWS::KMS::Key")
    return {resolver.name(logical_id): key.get("KeySpec", "SYMMETRIC_DEFAULT") for logical_id, key in keys}
