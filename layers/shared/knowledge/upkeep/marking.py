"""Finding what the generations of a source name: manifests, groups and leaves at once, packs by reading every leaf.

A large source has more leaves than a call has time for, so the walk over them is noted as it goes, and the next look
goes on behind the note. What would break it, and what stands against it:

- A call dies behind leaves and before their note: they are read again. Leaves never change, so they name the same.
- A generation is published while the walk goes on: it is walked as well before the walk ends, in the look that lists
  what there is to delete; by then its leaves are few that no other has.
- A generation is retired meanwhile: what it named stays until the next walk.
- Two looks side by side: each note stands for itself, and the last one is gone on with.
- The note is gone: it lies in the source's index, where what nothing names goes as a walk ends. The walk begins anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from knowledge.generations.model import Generation
from knowledge.index.store import index_folder
from knowledge.index.trie import LeafRef
from knowledge.sources.model import Source
from knowledge.storage.format import FORMAT, UnknownFormatError, pack_json, unpack_json
from knowledge.storage.objects import ObjectGoneError
from knowledge.upkeep.store import Look
from knowledge.upkeep.stores import UpkeepStores

_LEAVES_AT_A_TIME = 64
# About 50 seconds. A call that begins a look has 4 minutes at least, and asks for its time at each note.
_LEAVES_A_NOTE = 20_000
HasTime = Callable[[], bool]


@dataclass(slots=True)
class PackUse:
    """How much of a pack a generation serves: bytes and items."""

    live_bytes: int = 0
    items: int = 0


@dataclass(frozen=True, slots=True)
class Marks:
    """How far a walk has come: the generations done, those at hand, and the key of the last leaf that was read of them.

    `named` are the packs that were found, `packs` those of the generation that was current as the walk began.
    """

    walked: tuple[str, ...] = ()
    walking: tuple[str, ...] = ()
    current: str = ""
    behind: str = ""
    named: set[str] = field(default_factory=set)
    packs: dict[str, PackUse] = field(default_factory=dict)


@dataclass(slots=True)
class Indexes:
    """What generations name but for packs: the keys of all objects, and the leaves of each generation by key."""

    keys: set[str] = field(default_factory=set)
    leaves: dict[str, dict[str, LeafRef]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Marker:
    """Walks over the indexes of a source's generations."""

    stores: UpkeepStores

    def read_indexes(self, kept: Sequence[Generation]) -> Indexes:
        """Read manifests and groups, each once."""
        found = Indexes()
        known: dict[str, list[LeafRef]] = {}
        for generation in kept:
            tree = self.stores.index.read_manifest(generation.manifest).tree
            unread = [node for node in tree.nodes.values() if node.key not in known]
            groups = self.stores.fanout.map(self.stores.index.read_group, unread)
            known |= {node.key: group for node, group in zip(unread, groups, strict=True)}
            grouped = (leaf for node in tree.nodes.values() for leaf in known[node.key])
            leaves = {leaf.key: leaf for leaf in (*tree.leaves.values(), *grouped)}
            found.leaves[generation.generation_id] = leaves
            found.keys |= {generation.manifest.key, *leaves, *(node.key for node in tree.nodes.values())}
        return found

    def walk(
        self, source: Source, kept: Sequence[Generation], indexes: Indexes, look: Look, has_time: HasTime
    ) -> tuple[Marks, bool]:
        """Read the leaves of the generations that are kept, from the look's note on; tell whether that was all."""
        marks = self._recall(look)
        while True:
            new = tuple(each.generation_id for each in kept if each.generation_id not in marks.walked)
            if not marks.walking:
                if not new:
                    return marks, True
                marks = replace(marks, walking=new, current=marks.current or new[0])
            marks, done = self._read(source, indexes, marks, look, has_time)
            if not done:
                return marks, False
            marks = replace(marks, walked=(*marks.walked, *marks.walking), walking=(), behind="")

    def _read(
        self, source: Source, indexes: Indexes, marks: Marks, look: Look, has_time: HasTime
    ) -> tuple[Marks, bool]:
        """Read what is left of the leaves at hand."""
        walked = {key for each in marks.walked for key in indexes.leaves.get(each, ())}
        at_hand = {key: leaf for each in marks.walking for key, leaf in indexes.leaves.get(each, {}).items()}
        todo = sorted(key for key in at_hand if key > marks.behind and key not in walked)
        current = indexes.leaves.get(marks.current, {})
        since = 0
        for start in range(0, len(todo), _LEAVES_AT_A_TIME):
            if since >= _LEAVES_A_NOTE:
                self._note(source, marks, look)
                since = 0
                if not has_time():
                    return marks, False
            batch = todo[start : start + _LEAVES_AT_A_TIME]
            for key, entries in zip(batch, self.stores.index.read_leaves([at_hand[key] for key in batch]), strict=True):
                for entry in entries.values():
                    marks.named.add(entry.pack)
                    if key in current:
                        use = marks.packs.setdefault(entry.pack, PackUse())
                        use.live_bytes += entry.length
                        use.items += 1
            marks, since = replace(marks, behind=batch[-1]), since + len(batch)
        return marks, True

    def _note(self, source: Source, marks: Marks, look: Look) -> None:
        value = {**asdict(marks), "format": FORMAT, "named": sorted(marks.named)}
        data = pack_json(value)
        name = f"marks-{hashlib.sha256(data).hexdigest()[:16]}.json.gz"
        ref = self.stores.objects.put_once(f"{index_folder(source.tenant_id, source.source_id, 'walk')}/{name}", data)
        self.stores.upkeep.note_look(source.source_id, replace(look, seen=None, marks=ref))

    def _recall(self, look: Look) -> Marks:
        if look.marks is None:
            return Marks()
        try:
            value = unpack_json(self.stores.objects.get(look.marks))
        except (ObjectGoneError, UnknownFormatError):
            return Marks()
        packs: Mapping[str, dict[str, int]] = value["packs"]
        return Marks(
            walked=tuple(value["walked"]),
            walking=tuple(value["walking"]),
            current=value["current"],
            behind=value["behind"],
            named=set(value["named"]),
            packs={key: PackUse(**use) for key, use in packs.items()},
        )
