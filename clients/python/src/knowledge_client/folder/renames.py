"""Items that go and items that come, and are the same under another path. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from knowledge_client.folder.model import Document, Served
from knowledge_client.folder.spelling import folded, key_of

HashAt = Callable[[Document, str], str | None]
# Of files that are as long, no more are read: a thousand of one size would be a million comparisons.
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Rename:
    """An item that is the same under another path."""

    served: Served
    document: Document


def find_renames(
    gone: Sequence[Served], added: Sequence[Document], hash_at: HashAt | None, *, ignores_case: bool
) -> list[Rename]:
    """Pair what goes with what comes: names that are one but for their spelling, then files that are the same.

    A file is the same if it would be the item that is served, were it still at the old path.
    """
    pool = _Pool(added)
    renames, rest = [], []
    spelled = {key_of(each.external_item_id): each for each in added}
    if ignores_case:
        spelled |= {folded(each.external_item_id): each for each in added}
    for item in gone:
        name = item.external_item_id
        document = spelled.get(key_of(name)) or (spelled.get(folded(name)) if ignores_case else None)
        if document is not None and pool.take(document):
            renames.append(Rename(item, document))
        else:
            rest.append(item)
    for item in rest if hash_at is not None else ():
        for document in pool.like(item):
            if hash_at is not None and hash_at(document, item.external_item_id) == item.content_hash:
                pool.take(document)
                renames.append(Rename(item, document))
                break
    return sorted(renames, key=lambda each: each.served.external_item_id)


class _Pool:
    """The documents that are not yet paired, by size."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._by_size: dict[int, dict[str, Document]] = defaultdict(dict)
        self._by_name: dict[tuple[int, str], dict[str, Document]] = defaultdict(dict)
        for each in documents:
            self._by_size[each.content_bytes][each.external_item_id] = each
            self._by_name[each.content_bytes, _name(each.external_item_id)][each.external_item_id] = each

    def take(self, document: Document) -> bool:
        """Take a document out; False when it is out already."""
        self._by_name[document.content_bytes, _name(document.external_item_id)].pop(document.external_item_id, None)
        return self._by_size[document.content_bytes].pop(document.external_item_id, None) is not None

    def like(self, item: Served) -> list[Document]:
        """Documents that may be an item: of its size, those with its name first."""
        if item.content_bytes is None:
            return []
        name = _name(item.external_item_id)
        named = self._by_name.get((item.content_bytes, name), {})
        found = dict(_first(named, _TRIES))
        found.update(_first(self._by_size.get(item.content_bytes, {}), _TRIES))
        return list(found.values())[:_TRIES]


def _first(documents: dict[str, Document], most: int) -> Iterator[tuple[str, Document]]:
    for number, pair in enumerate(documents.items()):
        if number >= most:
            return
        yield pair


def _name(path: str) -> str:
    return path.rpartition("/")[2]
