"""What every part of the client is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from knowledge_client.bodies import path_segment
from knowledge_client.errors import StillUnderWayError
from knowledge_client.transport import Transport

Thing = TypeVar("Thing", bound=Mapping[str, Any])
_FIRST_LOOK_SECONDS = 0.5
_LONGEST_BETWEEN_SECONDS = 10.0


class Resource:
    """A part of the client; all parts send by the same transport."""

    def __init__(self, transport: Transport) -> None:
        self._api = transport

    def _wait(
        self, look: Callable[[], Thing], under_way: Callable[[Thing], bool], what: str, timeout_seconds: float
    ) -> Thing:
        """Look at something, ever less often, until it has ended; raises StillUnderWayError when it takes longer."""
        deadline = self._api.clock() + timeout_seconds
        pause = _FIRST_LOOK_SECONDS
        while True:
            thing = look()
            if not under_way(thing):
                return thing
            left = deadline - self._api.clock()
            if left <= 0:
                raise StillUnderWayError(f"{what} is still {thing['state']} after {timeout_seconds:.0f} s", thing)
            self._api.sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_BETWEEN_SECONDS)


def path_to(*segments: str) -> str:
    """Join segments to a path, each percent-encoded; raises InvalidArgumentError for one that can't be an id."""
    return "/v1/" + "/".join(path_segment(segment) for segment in segments)
