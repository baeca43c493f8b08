"""The tenant of the stack and its keys: made once, kept with the data, written to where the caller wants them."""

from __future__ import annotations

import json
import os
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from local.failures import StartupError

_TENANT_NAME = "Local tenant"
# Functions start for the first time here: what they say decides, and not how long a busy machine takes for it.
_ANSWER_SECONDS = 300
_TRIES = 10
_BUSY = {409, 504}


@dataclass(frozen=True)
class Credentials:
    """A tenant and two of its keys: one that may manage keys, one with the default scopes."""

    tenant_id: str
    admin_key: str
    api_key: str


def write_private(path: Path, document: dict[str, Any]) -> None:
    """Write JSON to a file that only its owner can read; it appears whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
    part.replace(path)


def write_credentials(path: Path, base_url: str, credentials: Credentials, access_key: str) -> None:
    """Write the file that `--credentials` names; `access_key` is the id of the emulators' access key."""
    document = {
        "baseUrl": base_url,
        "tenantId": credentials.tenant_id,
        "adminKey": credentials.admin_key,
        "apiKey": credentials.api_key,
        "accessKeyId": access_key,
    }
    write_private(path, document)


def withdraw_credentials(path: Path, base_url: str) -> None:
    """Remove that file when its stack ends, unless a later stack has written it anew."""
    try:
        mine = json.loads(path.read_text("utf-8"))["baseUrl"] == base_url
    except (OSError, ValueError, KeyError, TypeError):
        return
    if mine:
        path.unlink(missing_ok=True)


def kept_or_new(kept: Path, origin: str, base_url: str, access_key: str) -> Credentials:
    """Return the credentials kept in a file, or make a tenant with two keys and keep those.

    `origin` is where the Invoke API is, which `access_key` opens, `base_url` the stage of the API.
    """
    if kept.exists():
        return Credentials(**json.loads(kept.read_text("utf-8")))
    with httpx.Client(timeout=_ANSWER_SECONDS, trust_env=False) as client:
        tenant = _invoke_bootstrap(client, origin, access_key)
        api_key = _create_key(client, base_url, tenant["secret"])
    credentials = Credentials(tenant_id=tenant["tenantId"], admin_key=tenant["secret"], api_key=api_key)
    write_private(kept, asdict(credentials))
    return credentials


def _invoke_bootstrap(client: httpx.Client, origin: str, access_key: str) -> dict[str, Any]:
    url = f"{origin}/2015-03-31/functions/local-BootstrapTenantFunction/invocations"
    answer = client.post(url, json={"name": _TENANT_NAME}, headers={"Authorization": f"Bearer {access_key}"})
    if answer.status_code != 200 or "X-Amz-Function-Error" in answer.headers:
        raise StartupError(f"the tenant could not be created: {answer.text[:500]}")
    tenant: dict[str, Any] = answer.json()
    return tenant


def _create_key(client: httpx.Client, base_url: str, admin_key: str) -> str:
    # The gateway gives up on a function that is still starting; the key that it makes after all is the retry's answer.
    headers = {"Authorization": f"Bearer {admin_key}", "Idempotency-Key": str(uuid.uuid4())}
    for _ in range(_TRIES):
        answer = client.post(f"{base_url}/v1/admin/keys", json={"name": "Local key"}, headers=headers)
        if answer.status_code not in _BUSY:
            break
        time.sleep(int(answer.headers.get("Retry-After", "1")))
    if answer.status_code != 201:
        raise StartupError(f"the API key could not be created: HTTP {answer.status_code} {answer.text[:500]}")
    return str(answer.json()["secret"])
