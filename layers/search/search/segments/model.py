"""What a segment says of itself, and the documents that it was built of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from search.text.model import Text


@dataclass(frozen=True, slots=True)
class SegmentDocument:
    """An item as it was indexed, with all that building it anew takes; `content_hash` is hex.

    `language` is what the item says, not the analysis that was chosen: that may depend on the source.
    """

    item_id: str
    content_hash: str
    text: Text
    language: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Settings(NamedTuple):
    """Whose items a segment holds, and what its analysis depends on. All segments of a source have the same."""

    source_id: str
    default_language: str | None = None


class SegmentRef(NamedTuple):
    """How a list names a segment: by the SHA-256 (hex) of its header, which has the digests of all else.

    `size` is that of the object in bytes, `head` that of its beginning, which is all that a search reads.
    """

    digest: str
    size: int
    head: int
    documents: int
    tier: int
    analyses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a segment. Lengths are bytes, digests are hex.

    `files` are the engine's, by the ends of their names, in their order; `engine` is its name and version, and
    `analysis` the version of the rules by which words are told. `analyses` counts the documents of each.
    """

    engine: str
    analysis: int
    settings: Settings
    segment_id: str
    documents: int
    tier: int
    degraded: int
    analyses: dict[str, int]
    files: dict[str, int]
    index_digest: str
    added: int
    killed: int
    ids_digest: str
    text_length: int
    text_digest: str
