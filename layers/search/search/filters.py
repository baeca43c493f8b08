"""What a hit can be filtered by, as words of one field of the index. Pure.

Both sides are made here: the words of an item, and those that a filter demands, all of them. A tag is one word; a
language is found by each beginning of its BCP 47 tag; of metadata each value is a word, with the names that lead to it.
The entries of a list have one name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from search.errors import InvalidFilterError
from search.limits import FILTER_TERMS

# The engine takes no word that is longer than 65 530 bytes, and a dictionary is no place for long ones.
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """What hits must have: every tag, the language or one of its regions, every value of the metadata."""

    tags: Sequence[str] = ()
    language: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def terms(self) -> list[str]:
        """Return the words that a hit must have. Raises InvalidFilterError when there are too many or one can't be."""
        terms = [_of_tag(tag) for tag in self.tags]
        if self.language is not None:
            terms.append(_of_language(self.language))
        try:
            terms += _of_metadata((), self.metadata)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidFilterError from error
        terms = list(dict.fromkeys(terms))
        if len(terms) > FILTER_TERMS:
            raise InvalidFilterError
        return terms


def item_terms(tags: Sequence[str], language: str | None, metadata: Mapping[str, Any] | None) -> list[str]:
    """Return the words that an item is found by."""
    terms = [_of_tag(tag) for tag in tags]
    if language:
        parts = language.split("-")
        terms += [_of_language("-".join(parts[: count + 1])) for count in range(len(parts))]
    terms += _of_metadata((), metadata or {})
    return list(dict.fromkeys(terms))


def source_term(source_id: str) -> str:
    """Return the word that the items of a source are found by."""
    return f"s:{source_id}"


def _of_tag(tag: str) -> str:
    return _short(f"t:{tag}")


def _of_language(language: str) -> str:
    return _short(f"l:{language.lower()}")


def _of_metadata(path: tuple[str, ...], value: Any) -> Iterator[str]:
    match value:
        case Mapping():
            for name, each in value.items():
                yield from _of_metadata((*path, str(name)), each)
        case list() | tuple():
            for each in value:
                yield from _of_metadata(path, each)
        case float() if value.is_integer():
            # JSON knows no difference between 1 and 1.0.
            yield from _of_metadata(path, int(value))
        case _:
            yield _short(f"m:{json.dumps([*path, value], allow_nan=False)}")


def _short(term: str) -> str:
    # Lone surrogates are no UTF-8, and can be in no item.
    data = term.encode("utf-8", "replace")
    if len(data) <= _LONGEST:
        return data.decode("utf-8")
    return f"{term[:2]}\0{hashlib.sha256(data).hexdigest()}"
