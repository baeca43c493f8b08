"""Creates KMS keys in moto under ids and with material that stay the same from one start to the next."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from moto.kms.models import kms_backends

from local.template.load import ACCOUNT_ID, REGION

_MATERIAL_BYTES = 32


def install_keys(specs: Mapping[str, str], folder: Path | None) -> None:
    """Create keys of these specs by their ids; their material is read from `folder`, or made and kept there first."""
    backend = kms_backends[ACCOUNT_ID][REGION]
    for key_id, spec in specs.items():
        usage = "GENERATE_VERIFY_MAC" if spec.startswith("HMAC_") else "ENCRYPT_DECRYPT"
        key = backend.create_key(None, usage, spec, "local", None)
        del backend.keys[key.id]
        key.arn = key.arn.replace(key.id, key_id)
        key.id = key_id
        if folder:
            key.key_material = _kept_material(folder / key_id)
        backend.keys[key_id] = key


def _kept_material(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(_MATERIAL_BYTES))
        part.replace(path)
    return path.read_bytes()
