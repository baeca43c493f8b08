"""What an operation of the API is: a declaration that the adapter in `httpapi.api` carries out.

A route function takes a `Call` and returns an `Answer`; everything before and after it is told here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from knowledge.limits import BODY_BYTES

from httpapi.answers import Answer
from httpapi.cors import BROWSER_PATHS
from httpapi.errors import InsufficientScopeError
from httpapi.keys.model import Key
from httpapi.keys.scopes import Scope
from httpapi.schemas.fields import BodyReader, NoQuery, QueryModel

_PARAMETER = re.compile(r"({\w+})")
# Also needed where runs and generations show what is in items: changes have their titles.
SHOWS_ITEMS = (Scope.ITEMS_READ,)

Handler = Callable[[Any], Answer]


def check_scope(key: Key, scope: Scope) -> None:
    """Raises InsufficientScopeError unless the key has the scope."""
    if scope not in key.spec.scopes:
        raise InsufficientScopeError(
            f"The API key lacks the scope {scope} that this request needs. Use a key that has it."
        )


def _allow_any(_key: Key, _body: Any) -> None:
    """Let any body through."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, with what it asks of a request.

    `scope` None lets every valid key through, and whoever has `or_scope` does without it; `further_scopes` are needed
    beside it. `body` None takes no body;
    otherwise it reads the parsed object, and `body_required` False reads `{}` in place of a missing one. One that
    `reads_text` has a way of its own to refuse what is no JSON: `body` is given what reads the body's text. A key that
    is limited to sources is refused by `unlimited_key`. `check_body` raises InsufficientScopeError when what the body
    asks for needs more than the key has; it is called before an answer can be replayed, as every check of access is.
    `loads_source` reads the source of the path while the rate limit is being counted; `finds_deleting` says that it
    may be one that is being deleted. One that is `open` takes no key,
    and nothing of a tenant: its route function is given an `OpenCall`, and no cache may keep what it answers.
    One that `changes_nothing` is a question that no path has room for; what is the `same_when_repeated` sets what it is
    given, whatever stood there. Neither takes an Idempotency-Key. One that `minds_origin` answers no page of an
    origin that is not configured: browsers send its requests without asking, where it is reached as another host.
    One that is `tagged` answers with an entity tag, and 304 to a client that has it. One that `takes_if_match` changes
    what is as a tag says, or nothing; one that `takes_if_absent` writes what is not there yet. The call has what a
    request wants to find as `expected`.
    One that `takes_link` may be asked with a sign-in link, which is good for nothing else.
    `complete_replay` is given the call and what was kept of its answer, and makes it whole again.
    """

    method: str
    path: str
    name: str
    handler: Handler
    scope: Scope | None
    body: BodyReader[Any] | None = None
    body_required: bool = True
    body_limit_bytes: int = BODY_BYTES
    reads_text: bool = False
    query: type[QueryModel] = NoQuery
    or_scope: Scope | None = None
    further_scopes: tuple[Scope, ...] = ()
    unlimited_key: bool = False
    check_body: Callable[[Key, Any], None] = _allow_any
    loads_source: bool = False
    finds_deleting: bool = False
    open: bool = False
    changes_nothing: bool = False
    minds_origin: bool = False
    same_when_repeated: bool = False
    tagged: bool = False
    takes_if_match: bool = False
    takes_if_absent: bool = False
    takes_link: bool = False
    complete_replay: Callable[[Any, dict[str, Any]], dict[str, Any]] | None = None

    @property
    def mutating(self) -> bool:
        """True for an operation that takes an Idempotency-Key."""
        return self.method != "GET" and not self.changes_nothing and not self.same_when_repeated

    @property
    def pattern(self) -> re.Pattern[str]:
        """The pattern of its paths, with a group for each id."""
        return path_pattern(self.path)


class Routes:
    """Collects the operations of one resource; each method is a decorator for a route function."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def get(self, path: str, scope: Scope | None, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a GET."""
        return self._declare("GET", path, scope, options)

    def post(self, path: str, scope: Scope | None, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a POST."""
        return self._declare("POST", path, scope, options)

    def put(self, path: str, scope: Scope | None, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a PUT."""
        return self._declare("PUT", path, scope, options)

    def patch(self, path: str, scope: Scope | None, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a PATCH."""
        return self._declare("PATCH", path, scope, options)

    def delete(self, path: str, scope: Scope | None, **options: Any) -> Callable[[Handler], Handler]:
        """Declare a DELETE."""
        return self._declare("DELETE", path, scope, options)

    def _declare(
        self, method: str, path: str, scope: Scope | None, options: dict[str, Any]
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.operations.append(Operation(method, path, handler.__name__, handler, scope, **options))
            return handler

        return register


@cache
def path_pattern(template: str, *, whole: bool = True) -> re.Pattern[str]:
    """Make the pattern of paths with the shape of a template such as `/v1/sources/{sourceId}`, or of all under it."""
    parts = _PARAMETER.split(template)
    shape = "".join(f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part) for part in parts)
    return re.compile(shape + ("/*" if whole else "(?=/|$)"))


def match_path(template: str, path: str) -> bool:
    """Say whether a path has the shape of a template."""
    return path_pattern(template).fullmatch(path) is not None


def is_for_pages(path: str) -> bool:
    """Say whether keys for web pages may ask for a path."""
    return any(match_path(template, path) for template in BROWSER_PATHS)
