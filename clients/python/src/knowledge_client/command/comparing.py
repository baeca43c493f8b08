"""The folder beside what is served: what the API says is there, what the files say is wanted. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from knowledge_client import models
from knowledge_client.command.session import Session
from knowledge_client.folder import Folder, FolderReader, Plan, Served, make_plan

# The most that a page takes without contents.
PAGE_ITEMS = 1_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """A folder and a source as they were at one time; `source` is None while there is none.

    `wanted` is what is to be served, hashes by ids: the documents, and what is kept because nobody knows better.
    """

    source: models.Source | None
    served: dict[str, Served]
    reader: FolderReader
    folder: Folder
    plan: Plan
    wanted: dict[str, str] = field(default_factory=dict)

    @property
    def generation_id(self) -> str | None:
        """The generation that `served` is of, None when nothing was published yet."""
        return None if self.source is None else self.source["generationId"]


def compare(session: Session) -> Comparison:
    """Read what is served and the folder; raises FolderError, StoppedError, ApiError."""
    config = session.config
    source = session.find_source()
    served = {each.external_item_id: each for each in _served(session, source)}
    if session.time.is_off:
        session.out.note(
            (f"This machine's clock is off by {session.time.words()}: dates are read by the API's.", "yellow")
        )
    reader = FolderReader.of(config.root, config.folder, session.time.now())
    with session.out.progress(f"Reading {config.root}") as advance:
        folder = reader.read(advance)
    plan = make_plan(folder, served.values(), share=config.removals_share, hash_at=reader.hash_at)
    wanted = {each.external_item_id: each.content_hash for each in folder.documents}
    wanted |= {each.served.external_item_id: each.served.content_hash for each in plan.keep}
    return Comparison(source, served, reader, folder, plan, wanted)


def _served(session: Session, source: models.Source | None) -> list[Served]:
    # Only a source that says itself that it serves nothing is believed: whatever else may answer 404, and then all of
    # the folder would seem to be new, and nothing to be gone.
    if source is None or source["generationId"] is None:
        return []
    # By its id: whatever is published meanwhile, all pages are of one generation.
    items = session.client.generations.items(source["id"], source["generationId"], limit=PAGE_ITEMS)
    return [Served.from_answer(each) for each in items]
