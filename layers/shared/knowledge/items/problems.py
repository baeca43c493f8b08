"""What is wrong with an input, told so that its sender can mend all of it at once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

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


# A name longer than that is like none of ours; how alike two must be, of 1 for the same.
_NAME_CHARACTERS = 64
_LIKE = 0.75
_MESSAGES = {
    "missing": "is missing",
    "string_unicode": "must be valid Unicode; it holds a lone surrogate",
    "dict_type": "must be a JSON object",
    "model_type": "must be a JSON object",
    "list_type": "must be a list",
}


def unknown_name(name: str, known: Iterable[str], kind: str = "field of this object") -> str:
    """Say that there is nothing of a name, and which of the known names it is like."""
    likely = _likely_name(name[:_NAME_CHARACTERS], list(known))
    return f"is not a {kind}; did you mean {likely}?" if likely else f"is not a {kind}"


def _likely_name(name: str, known: Sequence[str]) -> str | None:
    # Imported here, since most requests are right.
    from difflib import get_close_matches

    spelt = {_plain(each): each for each in known}
    close = get_close_matches(_plain(name), list(spelt), n=1, cutoff=_LIKE)
    return spelt[close[0]] if close else None


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()


def _names_at(model: Any, location: Sequence[int | str]) -> list[str]:
    """The fields of the model that is at a place in another one."""
    names = {(field.alias or name): field.annotation for name, field in model.model_fields.items()}
    if not location:
        return list(names)
    inner = _model_in(names.get(str(location[0])))
    rest = [step for step in location[1:] if isinstance(step, str)]
    return _names_at(inner, rest) if inner is not None else []


def _model_in(annotation: Any) -> Any:
    """The model that an annotation is of or holds, such as the `M` of `Annotated[list[M], ...] | None`."""
    if hasattr(annotation, "model_fields"):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each)) is not None), None)


def problem_message(found: Mapping[str, Any], model: Any = None) -> str:
    """Say in a few words what pydantic found in the input of a model."""
    kind = found["type"]
    if kind == "extra_forbidden":
        *place, name = found["loc"]
        return unknown_name(str(name), [] if model is None else _names_at(model, place))
    if kind == "value_error":
        return str(found["ctx"]["error"])
    if kind == "too_short":
        least = found["ctx"]["min_length"]
        return f"must have at least {least} entries" if least > 1 else "must have at least one entry"
    if kind == "too_long":
        return f"must have at most {found['ctx']['max_length']} entries"
    return _MESSAGES.get(kind) or str(found["msg"]).replace("Input should", "must", 1)
