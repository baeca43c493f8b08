"""The published description is held against the handlers in process."""

from __future__ import annotations

from tests.functional.conftest import edge

__all__ = ["edge"]
