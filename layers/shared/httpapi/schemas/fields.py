"""The pieces that request models are made of, and how a model reads a body or a query."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Generic, TypeVar

from knowledge.ids import id_pattern, is_id
from knowledge.items.field_rules import Rule, plain_text
from knowledge.items.problems import Problem, field_path, problem_message, unknown_name
from knowledge.limits import CURSOR_CHARACTERS, DEFAULT_PAGE_ENTRIES, MESSAGE_CHARACTERS, PAGE_ENTRIES, PROBLEMS_SHOWN
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel

from httpapi.errors import ValidationFailedError, invalid_field
from httpapi.paging import CURSOR_PATTERN

ModelT = TypeVar("ModelT", bound=BaseModel)
ReadT = TypeVar("ReadT")
ValueT = TypeVar("ValueT")

_FIELDS_READ = 64
# What a + comes to in a query, where it stands for a space.
_OFFSET_WITH_SPACE = re.compile(r"[0-9] [0-9]{2}:?[0-9]{2}$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMESTAMP_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"


def _digits(value: Any) -> Any:
    # `int` takes spaces, signs and underscores; a query should not.
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("must be a whole number")
    return value


Digits = BeforeValidator(_digits)
# What somebody says about what they ask for.
Message = Annotated[str, plain_text(1, MESSAGE_CHARACTERS)]


def told(**rules: Any) -> WithJsonSchema:
    """Say what JSON Schema can tell of a text, where a check says it to the sender; the contract is held to this."""
    return WithJsonSchema({"type": "string", **rules})


class BodyModel(BaseModel):
    """A body: strict types, camelCase names, and no field that is not known."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, value: Any) -> Any:
        # One problem is worked out for each unknown field, and a body has room for a hundred thousand of them.
        if isinstance(value, dict) and len(value) > _FIELDS_READ:
            raise ValueError("has far too many fields")
        return value


class QueryModel(BaseModel):
    """A query: texts turned into what they stand for, and no parameter that is not known."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)


class NoQuery(QueryModel):
    """The query of an operation that takes none."""


class ListQuery(QueryModel):
    """What every list takes."""

    cursor: Annotated[str, told(minLength=1, maxLength=CURSOR_CHARACTERS, pattern=CURSOR_PATTERN)] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE_ENTRIES), Digits] = DEFAULT_PAGE_ENTRIES


def _read_timestamp(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be a text such as 2027-01-31T12:00:00Z")  # noqa: TRY004 - pydantic asks for ValueError
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None and _OFFSET_WITH_SPACE.search(value):
        raise ValueError("must be a time with its offset; in a query, a + is written as %2B")
    if moment is None or moment.tzinfo is None:
        raise ValueError("must be a time with its offset, such as 2027-01-31T12:00:00Z")
    try:
        # What is not of these years by its offset can't be told again.
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be of the years 1 to 9999 in UTC") from None
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _source_id(value: str) -> str:
    if not is_id("src", value):
        raise ValueError("must be the id of a source")
    return value


def matching(pattern: str, message: str) -> Rule:
    """Make the rule for a text of a pattern, which begins with `^` and ends with `$`."""
    compiled = re.compile(pattern[1:-1], re.ASCII)

    def check(value: str) -> str:
        if compiled.fullmatch(value) is None:
            raise ValueError(message)
        return value

    return Rule(check, {"pattern": pattern})


def tell_no_null(schema: dict[str, Any]) -> None:
    """Tell of a field of a change that may be left out that it takes no null: `refuse_nulls` refuses one."""
    schema.update(next(kind for kind in schema.pop("anyOf") if kind != {"type": "null"}))


def refuse_nulls(body: BaseModel, *names: str) -> None:
    """Refuse a null that means nothing: it stands for what was not sent. Raises ValidationFailedError."""
    for name in names:
        if name in body.model_fields_set and getattr(body, name) is None:
            raise invalid_field(to_camel(name), "must not be null; leave it out to keep it as it is")


def distinct(values: Sequence[ValueT] | None) -> tuple[ValueT, ...] | None:
    """What is named twice counts once, in the order of the first time."""
    return None if values is None else tuple(dict.fromkeys(values))


SourceId = Annotated[str, Rule(_source_id, {"pattern": id_pattern("src")})]
# Read into milliseconds since 1970. Told more narrowly than it is read: ISO 8601 has more forms than RFC 3339, and the
# RFC has small letters and leap seconds, which are refused.
Timestamp = Annotated[int, BeforeValidator(_read_timestamp), told(format="date-time", pattern=_TIMESTAMP_PATTERN)]


class TimesQuery(ListQuery):
    """A list of what happened from one time until another, both included."""

    since: Timestamp | None = None
    until: Timestamp | None = None

    def check_times(self) -> None:
        """Raises ValidationFailedError for times in the wrong order."""
        if self.since is not None and self.until is not None and self.since > self.until:
            raise invalid_field("since", "must not be after until")


class BodyReader(Generic[ReadT]):
    """Reads the parsed object of a body; `model` tells what that may hold, and the contract is compared with it."""

    def __init__(self, model: type[BaseModel], read: Callable[[Any], ReadT]) -> None:
        self.model = model
        self._read = read

    def __call__(self, body: Any) -> ReadT:
        """Read a body. Raises ValidationFailedError or InvalidItemsError with every problem."""
        return self._read(body)


def body_of(model: type[ModelT]) -> BodyReader[ModelT]:
    """Make the `read` of a model's bodies. `read` raises ValidationFailedError with every problem."""
    return BodyReader(model, partial(read_model, model, message="The body failed validation."))


def read_model(model: type[ModelT], values: Mapping[str, Any], *, message: str) -> ModelT:
    """Read an object by its model. Raises ValidationFailedError with every problem, and the message over them."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ValidationFailedError(_details(error, model), message) from None


def read_query(model: type[ModelT], query: Mapping[str, list[str]]) -> ModelT:
    """Read a query. Raises ValidationFailedError with every problem.

    What is not known may be a name that is not spelt right, so it is not ignored. A parameter sent twice is a problem,
    because nobody can say which one counts.
    """
    names = {field.alias or name for name, field in model.model_fields.items()}
    unknown = sorted(query.keys() - names)[:PROBLEMS_SHOWN]
    if unknown:
        details = [
            Problem(name, unknown_name(name, names, "parameter of this operation")).as_detail() for name in unknown
        ]
        raise ValidationFailedError(details, "The query failed validation.")
    for name in names & query.keys():
        if len(query[name]) > 1:
            raise invalid_field(name, "is given more than once")
    return read_model(
        model, {name: query[name][0] for name in names & query.keys()}, message="The query failed validation."
    )


def _details(error: ValidationError, model: type[BaseModel]) -> list[dict[str, Any]]:
    found = error.errors(include_url=False, include_input=False)[:PROBLEMS_SHOWN]
    return [Problem(field_path(problem["loc"]), problem_message(problem, model)).as_detail() for problem in found]
