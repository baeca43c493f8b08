"""Why the local stack could not start: one line for the console and one exit code for scripts, each."""

from __future__ import annotations


class LocalStackError(Exception):
    """The root of every expected failure; `str(error)` is the line that is shown."""

    exit_code = 1


class PortTakenError(LocalStackError):
    """Raised when another process listens on the port that was asked for."""

    exit_code = 3


class MissingToolError(LocalStackError):
    """Raised when a program or package that the stack stands on is not installed."""

    exit_code = 4


class TemplateError(LocalStackError):
    """Raised when template.yaml, or a file that it names, can't be loaded, translated or resolved."""

    exit_code = 5


class DataDirectoryError(LocalStackError):
    """Raised when the data directory is used by another stack, or does not hold what this one wrote."""

    exit_code = 6


class StartupError(LocalStackError):
    """Raised when an emulator or a function did not come up."""

    exit_code = 7
