"""The client of the Developer API."""

from __future__ import annotations

__version__ = "0.1.0"
