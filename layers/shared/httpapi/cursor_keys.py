"""The keys of cursors: derived from a KMS key that never leaves KMS, by one call a process."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.storage.clients import translated

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient


class CursorKeys:
    """Derives a key for each version of it. Each is derived when the first cursor needs it, and kept.

    Whoever raises the version has cursors signed anew; those of the version before stay valid until it is raised again.
    """

    def __init__(self, kms: Callable[[], KMSClient], key_id: str, version: int) -> None:
        self._kms = kms
        self._key_id = key_id
        self._version = version

    def current(self) -> bytes:
        """Return the key that cursors are signed with. Raises ServiceUnavailableError."""
        return self._current

    def previous(self) -> bytes | None:
        """Return the key of the version before, None if this is the first. Raises ServiceUnavailableError."""
        return self._previous

    @cached_property
    def _current(self) -> bytes:
        return self._derive(self._version)

    @cached_property
    def _previous(self) -> bytes | None:
        return self._derive(self._version - 1) if self._version > 1 else None

    def _derive(self, version: int) -> bytes:
        with translated():
            made = self._kms().generate_mac(
                KeyId=self._key_id, MacAlgorithm="HMAC_SHA_256", Message=f"cursors {version}".encode()
            )
        return made["Mac"]
