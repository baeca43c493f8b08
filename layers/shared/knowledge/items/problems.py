"""What is wrong with an input, told so that its sender can mend all of it at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.errors import KnowledgeError
from knowledge.limits import PROBLEMS_SHOWN


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where it is, and what should be there instead.

    `index` counts within the list the path starts with; it is None for an item sent alone.
    """

    path: str
    message: str
    index: int | None = None
    external_item_id: str | None = None

    def as_detail(self) -> dict[str, Any]:
        """Write the problem as the API shows it."""
        detail: dict[str, Any] = {"path": self.path, "message": self.message}
        if self.index is not None:
            detail = {"index": self.index, "externalItemId": self.external_item_id, **detail}
        return detail


class InvalidItemsError(KnowledgeError):
    """Raised when items or removals break a rule; `problems` holds every problem, up to 100 of them."""

    code = "validation_error"

    def __init__(self, problems: Sequence[Problem], message: str | None = None) -> None:
        self.problems = list(problems[:PROBLEMS_SHOWN])
        count = f"more than {PROBLEMS_SHOWN}" if len(problems) > PROBLEMS_SHOWN else str(len(problems))
        faults = "fault" if len(problems) == 1 else "faults"
        super().__init__(message or f"The body failed validation: {count} {faults}.")

    @classmethod
    def reported(cls, message: str | None) -> InvalidItemsError:
        """See `KnowledgeError.reported`: the problems are not told, only how many they are."""
        return cls((), message)


def field_path(location: Sequence[int | str]) -> str:
    """Write a place in a body as `items[3].tags[0]`."""
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


_MESSAGES = {
    "extra_forbidden": "is not a field of this object",
    "missing": "is missing",
    "string_unicode": "must be valid Unicode; it holds a lone surrogate",
    "dict_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "list_type": "must be a list",
}


def problem_message(found: Mapping[str, Any]) -> str:
    """Say in a few words what pydantic found."""
    kind = found["type"]
    if kind == "value_error":
        return str(found["ctx"]["error"])
    if kind == "too_short":
        least = found["ctx"]["min_length"]
        return f"must have at least {least} entries" if least > 1 else "must have at least one entry"
    if kind == "too_long":
        return f"must have at most {found['ctx']['max_length']} entries"
    return _MESSAGES.get(kind) or str(found["msg"]).replace("Input should", "must", 1)
