"""The lifecycle's sources on Dynoxide, for what a staging set is asked to bear at its bounds."""

from __future__ import annotations

from tests.functional.lifecycle.conftest import lean_lifecycle, lifecycle, lifecycle_resources

__all__ = ["lean_lifecycle", "lifecycle", "lifecycle_resources"]
