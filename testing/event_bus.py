"""A bus as EventBridge is one: it answers 200 also when it took only a part of a call, which no emulator does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

MOST_ENTRIES = 10
MOST_BYTES = 256 * 1024


@dataclass
class RefusingBus:
    """Keeps what it takes, in order. `refuses` says of a detail whether the bus, which is busy, leaves it out.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
    """

    name: str
    refuses: Callable[[dict[str, Any]], bool] = lambda _: False
    taken: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0

    def put_events(self, **request: Any) -> dict[str, Any]:
        entries: list[dict[str, Any]] = request["Entries"]
        self.calls += 1
        if not 1 <= len(entries) <= MOST_ENTRIES or sum(map(_weight, entries)) > MOST_BYTES:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "PutEvents")
        results: list[dict[str, Any]] = []
        for entry in entries:
            assert entry["EventBusName"] == self.name
            detail = json.loads(entry["Detail"])
            if self.refuses(detail):
                results.append({"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"})
                continue
            self.taken.append(entry | {"Detail": detail})
            results.append({"EventId": f"event-{len(self.taken)}"})
        return {"FailedEntryCount": sum("ErrorCode" in each for each in results), "Entries": results}

    def ids(self) -> list[str]:
        """The ids of the events that were taken, each as often as it was."""
        return [entry["Detail"]["id"] for entry in self.taken]


def _weight(entry: dict[str, Any]) -> int:
    texts = [entry["Source"], entry["DetailType"], entry.get("Detail", ""), *entry.get("Resources", ())]
    return sum(len(text.encode()) for text in texts) + (14 if "Time" in entry else 0)
