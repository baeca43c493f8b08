"""What is known of erasures beyond a restore of the tables: objects that nothing collects, and no restore takes back.

    erasures/<tenant>/<source>/<erasure>/ids-<attempt>.json.gz      {format, ids}
    erasures/<tenant>/<source>/<erasure>/opened-<epoch>.json.gz     {format, epoch, openedAt, ids: {key, digest}}
    erasures/<tenant>/<source>/<erasure>/hashes-<attempt>.json.gz   {format, hashes: [[id, content hash]]}
    erasures/<tenant>/<source>/<erasure>/swap-<attempt>.json.gz     {format, generationId, before, after, rootHash,
                                                                    erased}

Each is written before what it tells of is done, so it may tell of more than was done and never of less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from knowledge.erasures.model import Erasure
from knowledge.generations.model import Generation
from knowledge.index.manifest import BuiltIndex
from knowledge.model import ObjectRef
from knowledge.storage.format import FORMAT, pack_json, unpack_json
from knowledge.storage.objects import ObjectStore

LEDGER = "erasures"


@dataclass(frozen=True, slots=True)
class ErasureLedger:
    """The pieces of the ledger."""

    objects: ObjectStore

    def put_ids(
        self, tenant_id: str, source_id: str, erasure_id: str, attempt_id: str, ids: Sequence[str]
    ) -> ObjectRef:
        """Write which items an erasure is about; done before there is one."""
        key = f"{LEDGER}/{tenant_id}/{source_id}/{erasure_id}/ids-{attempt_id}.json.gz"
        return self.objects.put_once(key, pack_json({"format": FORMAT, "ids": list(ids)}))

    def read_ids(self, erasure: Erasure) -> list[str]:
        """The items of an erasure. Raises ObjectGoneError, UnknownFormatError."""
        ids: list[str] = unpack_json(self.objects.get(erasure.ids))["ids"]
        return ids

    def note_opened(self, erasure: Erasure) -> None:
        """Write that an erasure was opened."""
        value = {"epoch": erasure.epoch, "openedAt": erasure.opened_at, "ids": asdict(erasure.ids)}
        self._put(erasure, f"opened-{erasure.epoch}", value)

    def note_hashes(self, erasure: Erasure, attempt_id: str, hashes: Iterable[tuple[str, str]]) -> None:
        """Write which contents of its items are erased; nothing for none."""
        found = sorted(hashes)
        if found:
            self._put(erasure, f"hashes-{attempt_id}", {"hashes": found})

    def note_swap(
        self, erasure: Erasure, attempt_id: str, generation: Generation, built: BuiltIndex, erased: int
    ) -> None:
        """Write which manifest is to stand for which."""
        value = {
            "generationId": generation.generation_id,
            "before": asdict(generation.manifest),
            "after": asdict(built.manifest),
            "rootHash": built.root_hash,
            "erased": generation.erased + erased,
        }
        self._put(erasure, f"swap-{attempt_id}", value)

    def _put(self, erasure: Erasure, name: str, value: dict[str, object]) -> None:
        key = f"{LEDGER}/{erasure.tenant_id}/{erasure.source_id}/{erasure.erasure_id}/{name}.json.gz"
        self.objects.put_once(key, pack_json({"format": FORMAT, **value}))
