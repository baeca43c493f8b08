"""Which of a tenant's two worlds a thing belongs to."""

from __future__ import annotations

from enum import StrEnum


class Environment(StrEnum):
    """What a key is for. A source or a webhook is in the environment of the key that made it, and only its keys see it.

    Keys themselves and the audit are the tenant's: whoever manages keys makes and sees keys of both.
    """

    LIVE = "live"
    TEST = "test"
