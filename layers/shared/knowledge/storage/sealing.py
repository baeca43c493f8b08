"""Secrets that must be read again, sealed with a KMS key; a seal opens only in the context it was made in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.storage.clients import translated

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens short texts, of up to 4 KB. `kms` makes the client when the first secret comes up."""

    kms: Callable[[], KMSClient]
    key_id: str

    def seal_text(self, text: str, context: Mapping[str, str]) -> bytes:
        """Seal a text; `context` names whose it is."""
        with translated():
            sealed = self.kms().encrypt(KeyId=self.key_id, Plaintext=text.encode(), EncryptionContext=dict(context))
        return sealed["CiphertextBlob"]

    def unseal_text(self, sealed: bytes, context: Mapping[str, str]) -> str:
        """Open what was sealed in the same context."""
        with translated():
            opened = self.kms().decrypt(CiphertextBlob=sealed, EncryptionContext=dict(context))
        return opened["Plaintext"].decode()
