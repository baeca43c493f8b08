"""Items and removals as clients send them: every bound of the contract, checked before anything is written. Pure.

The edge and the imports use the same rules. Bytes are counted in UTF-8, characters as Unicode code points.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model, model_validator

from knowledge.items.fields import DETAILS, Content, ExternalItemId, ItemDetails, Title, json_name, sent_values
from knowledge.items.model import ItemDraft, Removal
from knowledge.items.problems import InvalidItemsError, Problem, field_path, problem_message, unknown_name
from knowledge.limits import BATCH_ENTRIES, PROBLEMS_SHOWN, SOURCE_VERSION_LIMIT

# Entries are checked in steps, so that a batch that is wrong everywhere is given up once enough problems are known.
_STEP = 100
_FIELDS_READ = 64
_LISTS = ("items", "removals")
SourceVersion = Annotated[int, Field(ge=0, le=SOURCE_VERSION_LIMIT)]


class _Input(BaseModel):
    # Strict types and no unknown fields, so that a typo or a number in quotes is found and not guessed at.
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=json_name)

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, value: Any) -> Any:
        # One problem is worked out for each unknown field, and a body has room for a million of them.
        if isinstance(value, dict) and len(value) > _FIELDS_READ:
            raise ValueError("has far too many fields")
        return value


class _ItemInput(_Input):
    external_item_id: ExternalItemId
    title: Title
    content: Content

    def draft(self) -> ItemDraft:
        """Return the item as the lifecycle takes it."""
        names = (*DETAILS, "source_version")
        given = sent_values({name: getattr(self, name) for name in names})
        return ItemDraft(self.external_item_id, self.title, self.content, **given)


def _details_as_sent() -> dict[str, Any]:
    """The type and default that each detail has in a request: what may be empty may also be null there."""
    hints = get_type_hints(ItemDetails, include_extras=True)
    defaults = {each.name: each.default for each in fields(ItemDetails)}
    sent: dict[str, Any] = {
        name: (hints[name], default) if default else (hints[name] | None, None) for name, default in defaults.items()
    }
    return sent | {"source_version": (SourceVersion | None, None)}


if TYPE_CHECKING:
    ItemInput = _ItemInput
else:
    ItemInput = create_model(
        "ItemInput",
        __base__=_ItemInput,
        __doc__="One item; the fields that may be absent may also be null.",
        **_details_as_sent(),
    )


class RemovalInput(_Input):
    """A command to remove one item."""

    external_item_id: ExternalItemId
    source_version: SourceVersion | None = None

    def removal(self) -> Removal:
        """Return the removal as the lifecycle takes it."""
        return Removal(self.external_item_id, self.source_version)


_ENTRIES: dict[str, type[BaseModel]] = {"items": ItemInput, "removals": RemovalInput}
_LIST_ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(list[kind]) for name, kind in _ENTRIES.items()}  # type: ignore[valid-type]


def read_item(body: Mapping[str, Any]) -> ItemDraft:
    """Read one item. Raises InvalidItemsError."""
    try:
        return ItemInput.model_validate(body).draft()
    except ValidationError as error:
        raise InvalidItemsError(
            [Problem(field_path(found["loc"]), problem_message(found, ItemInput)) for found in _found(error)]
        ) from None


def read_batch(body: Mapping[str, Any]) -> tuple[list[ItemDraft], list[Removal]]:
    """Read `{items?, removals?}`.

    The batch is taken whole or not at all. An id named twice, in either list, is a problem at both places.

    Raises InvalidItemsError.
    """
    return _read_lists(body, _LISTS, [])


def read_items(body: Mapping[str, Any], *, flags: Collection[str] = ()) -> list[ItemDraft]:
    """Read `{items}` with the named optional flags beside it, whole or not at all. Raises InvalidItemsError."""
    problems = [] if "items" in body else [Problem("items", "is missing")]
    problems += [
        Problem(flag, "must be true or false") for flag in flags if not isinstance(body.get(flag, False), bool)
    ]
    items, _ = _read_lists({name: value for name, value in body.items() if name not in flags}, ("items",), problems)
    return items


def _read_lists(
    body: Mapping[str, Any], names: Sequence[str], problems: list[Problem]
) -> tuple[list[ItemDraft], list[Removal]]:
    problems += [Problem(name, unknown_name(name, names)) for name in list(body)[:PROBLEMS_SHOWN] if name not in names]
    lists: dict[str, list[Any]] = {}
    for name in names:
        entries = body.get(name)
        if isinstance(entries, list):
            lists[name] = entries
        elif entries is not None:
            problems.append(Problem(name, "must be a list"))
    count = sum(map(len, lists.values()))
    if count > BATCH_ENTRIES:
        problems.append(
            Problem("items", f"a request takes {BATCH_ENTRIES} {' and '.join(names)}; this one has {count}")
        )
        raise InvalidItemsError(problems)
    repeated = _repeated_ids(lists)
    read: dict[str, list[Any]] = {}
    for name, entries in lists.items():
        read[name], found = _read_list(name, entries)
        found += [problem for problem in repeated if problem.path.startswith(name)]
        problems += sorted(found, key=lambda problem: problem.index or 0)
    if problems:
        raise InvalidItemsError(problems)
    return [item.draft() for item in read.get("items", ())], [entry.removal() for entry in read.get("removals", ())]


def _read_list(name: str, entries: list[Any]) -> tuple[list[Any], list[Problem]]:
    read: list[Any] = []
    problems: list[Problem] = []
    for start in range(0, len(entries), _STEP):
        try:
            read += _LIST_ADAPTERS[name].validate_python(entries[start : start + _STEP])
        except ValidationError as error:
            for found in _found(error):
                index = start + int(found["loc"][0])
                place = found["loc"][1:]
                message = problem_message({**found, "loc": place}, _ENTRIES[name])
                problems.append(Problem(field_path((name, index, *place)), message, index, _id_of(entries[index])))
        if len(problems) > PROBLEMS_SHOWN:
            break
    return read, problems


def _repeated_ids(lists: Mapping[str, list[Any]]) -> list[Problem]:
    places: dict[str, list[tuple[str, int]]] = {}
    for name, entries in lists.items():
        for index, entry in enumerate(entries):
            external_item_id = _id_of(entry)
            if external_item_id is not None:
                places.setdefault(external_item_id, []).append((name, index))
    if len(places) == sum(map(len, places.values())):
        return []
    problems = (
        Problem(f"{name}[{index}].externalItemId", f"is also at {_others(found, (name, index))}", index, repeated)
        for repeated, found in places.items()
        if len(found) > 1
        for name, index in found
    )
    return list(islice(problems, PROBLEMS_SHOWN + 1))


def _others(places: list[tuple[str, int]], own: tuple[str, int]) -> str:
    return ", ".join([f"{name}[{index}]" for name, index in places[:6] if (name, index) != own][:5])


def _id_of(entry: Any) -> str | None:
    external_item_id = entry.get("externalItemId") if isinstance(entry, dict) else None
    return external_item_id if isinstance(external_item_id, str) else None


def _found(error: ValidationError) -> list[Any]:
    return list(error.errors(include_url=False, include_input=False))
