"""Items and removals as clients send them: every bound of the contract, checked before anything is written.

The edge and the imports use the same rules. Bytes are counted in UTF-8, characters as Unicode code points.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel

from knowledge.items.field_rules import (
    EXTERNAL_ITEM_ID_BYTES,
    EXTERNAL_ITEM_ID_PATTERN,
    LANGUAGE_CHARACTERS,
    LANGUAGE_PATTERN,
    URL_BYTES,
    URL_PATTERN,
    check_external_item_id,
    check_language,
    check_metadata,
    check_text,
    check_url,
)
from knowledge.items.model import ItemDraft, Removal
from knowledge.items.problems import FAULTS_SHOWN, Fault, InvalidItemsError, fault_message, field_path

CONTENT_BYTES = 1_048_576
TITLE_CHARACTERS = 500
TAGS = 50
TAG_CHARACTERS = 64
BATCH_ENTRIES = 5_000
SOURCE_VERSION_LIMIT = 2**63 - 1
# Entries are checked in steps, so that a batch that is wrong everywhere is given up once enough faults are known.
_STEP = 100
_FIELDS_READ = 64
_LISTS = ("items", "removals")


def _text(value: str, minimum: int, maximum: int) -> str:
    check_text(value)
    if not minimum <= len(value) <= maximum:
        raise ValueError(f"must have {minimum} to {maximum} characters")
    return value


def _content(value: str) -> str:
    if not 1 <= len(check_text(value)) <= CONTENT_BYTES:
        raise ValueError(f"must have 1 to {CONTENT_BYTES} bytes of UTF-8")
    return value


def _told(**rules: Any) -> WithJsonSchema:
    # What JSON Schema can tell of a text whose check says more: it counts characters, where a check counts bytes.
    return WithJsonSchema({"type": "string", **rules})


ExternalItemId = Annotated[
    str,
    AfterValidator(check_external_item_id),
    _told(minLength=1, maxLength=EXTERNAL_ITEM_ID_BYTES, pattern=EXTERNAL_ITEM_ID_PATTERN),
]
SourceVersion = Annotated[int, Field(ge=0, le=SOURCE_VERSION_LIMIT)]
Title = Annotated[
    str,
    AfterValidator(lambda value: _text(value, 1, TITLE_CHARACTERS)),
    _told(minLength=1, maxLength=TITLE_CHARACTERS),
]
Tag = Annotated[
    str,
    AfterValidator(lambda value: _text(value, 1, TAG_CHARACTERS)),
    _told(minLength=1, maxLength=TAG_CHARACTERS),
]
Content = Annotated[str, AfterValidator(_content), _told(minLength=1, maxLength=CONTENT_BYTES)]
Url = Annotated[str, AfterValidator(check_url), _told(format="uri", maxLength=URL_BYTES, pattern=URL_PATTERN)]
Language = Annotated[
    str, AfterValidator(check_language), _told(maxLength=LANGUAGE_CHARACTERS, pattern=LANGUAGE_PATTERN)
]


class _Input(BaseModel):
    # Strict types and no unknown fields, so that a typo or a number in quotes is found and not guessed at.
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, value: Any) -> Any:
        # One fault is worked out for each unknown field, and a body has room for a million of them.
        if isinstance(value, dict) and len(value) > _FIELDS_READ:
            raise ValueError("has far too many fields")
        return value


class ItemInput(_Input):
    """One item; the fields that may be absent may also be null."""

    external_item_id: ExternalItemId
    title: Title
    content: Content
    content_type: Literal["text/plain", "text/markdown", "text/html"] = "text/plain"
    url: Url | None = None
    language: Language | None = None
    tags: Annotated[list[Tag], Field(max_length=TAGS)] | None = None
    metadata: Annotated[dict[str, Any], AfterValidator(check_metadata)] | None = None
    source_version: SourceVersion | None = None

    def draft(self) -> ItemDraft:
        """Return the item as the lifecycle takes it."""
        return ItemDraft(
            external_item_id=self.external_item_id,
            title=self.title,
            content=self.content,
            content_type=self.content_type,
            url=self.url,
            language=self.language,
            tags=tuple(self.tags or ()),
            metadata=self.metadata,
            source_version=self.source_version,
        )


class RemovalInput(_Input):
    """A wish to remove one item."""

    external_item_id: ExternalItemId
    source_version: SourceVersion | None = None

    def removal(self) -> Removal:
        """Return the removal as the lifecycle takes it."""
        return Removal(self.external_item_id, self.source_version)


_ITEM = TypeAdapter(ItemInput)
_LIST_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    "items": TypeAdapter(list[ItemInput]),
    "removals": TypeAdapter(list[RemovalInput]),
}


def read_item(body: Mapping[str, Any]) -> ItemDraft:
    """Read one item. Raises InvalidItemsError."""
    try:
        return _ITEM.validate_python(body).draft()
    except ValidationError as error:
        raise InvalidItemsError(
            [Fault(field_path(found["loc"]), fault_message(found)) for found in _found(error)]
        ) from None


def read_batch(body: Mapping[str, Any]) -> tuple[list[ItemDraft], list[Removal]]:
    """Read `{items?, removals?}`.

    The batch is taken whole or not at all. An id named twice, in either list, is a fault at both places.

    Raises InvalidItemsError.
    """
    return _read_lists(body, _LISTS, [])


def read_items(body: Mapping[str, Any], *, flags: Collection[str] = ()) -> list[ItemDraft]:
    """Read `{items}` with the named optional flags beside it, whole or not at all. Raises InvalidItemsError."""
    faults = [] if "items" in body else [Fault("items", "is missing")]
    faults += [Fault(flag, "must be true or false") for flag in flags if not isinstance(body.get(flag, False), bool)]
    items, _ = _read_lists({name: value for name, value in body.items() if name not in flags}, ("items",), faults)
    return items


def _read_lists(
    body: Mapping[str, Any], names: Sequence[str], faults: list[Fault]
) -> tuple[list[ItemDraft], list[Removal]]:
    faults += [Fault(name, "is not a field of this object") for name in list(body)[:FAULTS_SHOWN] if name not in names]
    lists: dict[str, list[Any]] = {}
    for name in names:
        entries = body.get(name)
        if isinstance(entries, list):
            lists[name] = entries
        elif entries is not None:
            faults.append(Fault(name, "must be a list"))
    count = sum(map(len, lists.values()))
    if count > BATCH_ENTRIES:
        faults.append(Fault("items", f"a request takes {BATCH_ENTRIES} {' and '.join(names)}; this one has {count}"))
        raise InvalidItemsError(faults)
    repeated = _repeated_ids(lists)
    read: dict[str, list[Any]] = {}
    for name, entries in lists.items():
        read[name], found = _read_list(name, entries)
        found += [fault for fault in repeated if fault.path.startswith(name)]
        faults += sorted(found, key=lambda fault: fault.index or 0)
    if faults:
        raise InvalidItemsError(faults)
    return [item.draft() for item in read.get("items", ())], [entry.removal() for entry in read.get("removals", ())]


def _read_list(name: str, entries: list[Any]) -> tuple[list[Any], list[Fault]]:
    read: list[Any] = []
    faults: list[Fault] = []
    for start in range(0, len(entries), _STEP):
        try:
            read += _LIST_ADAPTERS[name].validate_python(entries[start : start + _STEP])
        except ValidationError as error:
            for found in _found(error):
                index = start + int(found["loc"][0])
                path = field_path((name, index, *found["loc"][1:]))
                faults.append(Fault(path, fault_message(found), index, _id_of(entries[index])))
        if len(faults) > FAULTS_SHOWN:
            break
    return read, faults


def _repeated_ids(lists: Mapping[str, list[Any]]) -> list[Fault]:
    places: dict[str, list[tuple[str, int]]] = {}
    for name, entries in lists.items():
        for index, entry in enumerate(entries):
            external_item_id = _id_of(entry)
            if external_item_id is not None:
                places.setdefault(external_item_id, []).append((name, index))
    if len(places) == sum(map(len, places.values())):
        return []
    faults = (
        Fault(f"{name}[{index}].externalItemId", f"is also at {_others(found, (name, index))}", index, repeated)
        for repeated, found in places.items()
        if len(found) > 1
        for name, index in found
    )
    return list(islice(faults, FAULTS_SHOWN + 1))


def _others(places: list[tuple[str, int]], own: tuple[str, int]) -> str:
    return ", ".join([f"{name}[{index}]" for name, index in places[:6] if (name, index) != own][:5])


def _id_of(entry: Any) -> str | None:
    external_item_id = entry.get("externalItemId") if isinstance(entry, dict) else None
    return external_item_id if isinstance(external_item_id, str) else None


def _found(error: ValidationError) -> list[Any]:
    return list(error.errors(include_url=False, include_input=False))
