"""Lists of any length, read page by page as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Generic, TypeVar, cast

from knowledge_client.answers import Json
from knowledge_client.errors import ApiError
from knowledge_client.transport import Transport

Entry = TypeVar("Entry", bound=Mapping[str, Any])
# The most that one page takes.
PAGE_ENTRIES = 200
# What storage answers to a link that has expired.
_LINK_EXPIRED = 403


class Listing(Generic[Entry]):
    """A list of the API. Each time that it is gone through, it is read anew."""

    def __init__(
        self,
        transport: Transport,
        path: str,
        entries: str,
        query: Mapping[str, Any] | None = None,
        *,
        with_content: bool = False,
        with_items: bool = False,
    ) -> None:
        """Name the list; `entries` is its field in an answer. `with_content` also reads what lies behind links.

        So does `with_items`, where a list of changes can bring the items whole.
        """
        include = "items" if with_items else "content" if with_content else None
        self._transport = transport
        self._path = path
        self._entries = entries
        given = {name: value for name, value in (query or {}).items() if value is not None}
        self._query = {"limit": PAGE_ENTRIES, **given, **({"include": include} if include else {})}
        self._with_content = include is not None

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries one by one; only one page of them is held."""
        for page, read_again in self._answers():
            for entry in page[self._entries]:
                yield self._whole(entry, read_again)

    def pages(self) -> Iterator[list[Entry]]:
        """Yield the entries page by page, for whoever notes how far it came. A page may be empty."""
        for page, read_again in self._answers():
            yield [self._whole(entry, read_again) for entry in page[self._entries]]

    def answers(self) -> Iterator[Json]:
        """Yield the pages as the API answers them, with what they say beside their entries."""
        for page, _ in self._answers():
            yield page

    def _answers(self) -> Iterator[tuple[Json, Callable[[], Json]]]:
        cursor: str | None = None
        while True:
            query = {**self._query, "cursor": cursor}
            page = self._transport.get(self._path, query)
            yield page, partial(self._transport.get, self._path, query)
            cursor = page["nextCursor"]
            if cursor is None:
                return

    def _whole(self, entry: Json, read_again: Callable[[], Json]) -> Entry:
        if not self._with_content or "contentUrl" not in entry:
            return cast(Entry, entry)
        try:
            content = self._content(entry)
        except ApiError as error:
            if error.status != _LINK_EXPIRED:
                raise
            # Whoever takes the entries slowly outlives a link: the same page has new ones.
            same = [each for each in read_again()[self._entries] if each["externalItemId"] == entry["externalItemId"]]
            if not same:
                raise
            entry = same[0]
            content = self._content(entry)
        return cast(Entry, {name: value for name, value in entry.items() if name != "contentUrl"} | content)

    def _content(self, entry: Json) -> Json:
        if "contentUrl" not in entry:
            return {"content": entry["content"]} if "content" in entry else {}
        held = self._transport.fetch(entry["contentUrl"], f"GET the content of {entry['externalItemId']}")
        return {"content": held["content"]}
