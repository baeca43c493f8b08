"""Fixtures of the command's tests."""

from tests.clients.command.driver import kb

__all__ = ["kb"]
