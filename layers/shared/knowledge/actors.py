"""Who asks for a change: a key and its name, and where its request came from. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Author:
    """Whose work a thing is, as rows keep it and answers show it: a key's id, and its name at the time.

    Who is signed in with a key has a `session_id`, and the name is the session's.
    """

    key_id: str
    name: str
    session_id: str | None = None

    def to_value(self) -> dict[str, str]:
        """Write it as rows and answers have it, under `createdBy`."""
        value = {"keyId": self.key_id, "name": self.name}
        return value if self.session_id is None else {**value, "sessionId": self.session_id}

    @classmethod
    def from_value(cls, value: Mapping[str, Any] | None) -> Author | None:
        """Read it back; None for what the system made by itself, or what was made before authors were kept."""
        return None if value is None else cls(value["keyId"], value["name"], value.get("sessionId"))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, and by which request: what is written down of it.

    `line_id` is the id of the first key of the rotation line, the same for a key and all that have replaced it.
    `address` is the client's IP address as the gateway saw it, `user_agent` what the client says it is.
    """

    author: Author
    line_id: str
    request_id: str
    address: str | None = None
    user_agent: str | None = None

    @classmethod
    def from_value(cls, value: Mapping[str, Any] | None) -> Actor | None:
        """Read one back from the plain value that `asdict` made of it, for the state of a machine."""
        return None if value is None else cls(**{**value, "author": Author(**value["author"])})


def author_of(by: Actor | None) -> Author | None:
    """Whose work it is that somebody asks for; None for what the system does by itself."""
    return None if by is None else by.author


def author_value(author: Author | None) -> dict[str, str] | None:
    """Write an author as rows and answers have it, under `createdBy`; see `Author.from_value`."""
    return None if author is None else author.to_value()
