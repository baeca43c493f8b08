"""What goes back to a client, before and after it is written as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from httpapi import strict_json


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers.

    `secret` is a text inside the body that must never be stored in clear. `final` is False while the work goes on
    (202): such an answer is not kept for replays. `kept` is what is kept in place of the body, if not all of it may be.
    A body of None is none at all. `place` is the path of what was made, `revision` that of what was read or written.
    """

    body: Mapping[str, Any] | Sequence[Any] | None
    status: int = 200
    secret: str | None = field(default=None, repr=False)
    final: bool = True
    kept: Mapping[str, Any] | None = field(default=None, repr=False)
    place: str | None = None
    revision: str | None = None


def ok(body: Mapping[str, Any], *, kept: Mapping[str, Any] | None = None, revision: str | None = None) -> Answer:
    """Answer 200."""
    return Answer(body, kept=kept, revision=revision)


def created(
    body: Mapping[str, Any],
    place: str,
    *,
    secret: str | None = None,
    kept: Mapping[str, Any] | None = None,
    revision: str | None = None,
) -> Answer:
    """Answer 201, and where it is."""
    return Answer(body, 201, secret, kept=kept, place=place, revision=revision)


def accepted(body: Mapping[str, Any], place: str | None = None) -> Answer:
    """Answer 202: the work goes on, and a retry looks at it again."""
    return Answer(body, 202, final=False, place=place)


def queued(body: Mapping[str, Any], place: str | None = None) -> Answer:
    """Answer 202: what was asked for is on its way, and a retry asks for nothing more."""
    return Answer(body, 202, place=place)


@dataclass(frozen=True)
class WrittenAnswer:
    """An answer as text, which is what a replay repeats byte for byte; `kept` is what is kept of it, if not all."""

    status: int
    text: str
    secret: str | None = field(default=None, repr=False)
    final: bool = True
    replayed: bool = False
    kept: str | None = field(default=None, repr=False)
    place: str | None = None
    revision: str | None = None

    @cached_property
    def encoded(self) -> bytes:
        """The text in UTF-8: what is weighed, tagged and compressed, made once since it may have megabytes."""
        return self.text.encode()

    @classmethod
    def of(cls, answer: Answer) -> WrittenAnswer:
        """Write an answer."""
        kept = None if answer.kept is None else strict_json.write(answer.kept)
        text = "" if answer.body is None else strict_json.write(answer.body)
        return cls(
            answer.status,
            text,
            answer.secret,
            answer.final,
            kept=kept,
            place=answer.place,
            revision=answer.revision,
        )


@dataclass(frozen=True, slots=True)
class RequestMark:
    """What tells one mutating request from another: whose it is, the client's key, and a hash of all that it asks.

    `line_id` is the rotation line's, or the portal session's: another key of the tenant with the same Idempotency-Key
    makes another request.
    """

    tenant_id: str
    line_id: str
    key: str
    fingerprint: str
