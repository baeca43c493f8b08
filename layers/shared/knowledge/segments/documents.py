"""Items as documents of segments: the text of each, as far as there is time for it.

What would break it, and what stands against it:

- A content on which a parser is slow, fails or panics: it is taken without its markup, else its title alone; every item
  has a document.
- Many slow ones in one part of a run: past a time that all share, contents are taken without their markup.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from search.segments.model import SegmentDocument
from search.text.extraction import extract
from search.text.model import Effort, Text

# Of the processor, for all items of one part: a third of the time that its function has.
_PART_SECONDS = 40.0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class DocumentMaker:
    """Makes documents; `clock` tells processor seconds."""

    clock: Callable[[], float] = time.thread_time
    _spent: float = field(default=0.0)

    def make_document(self, item_id: str, content_hash: str, item: Mapping[str, Any]) -> SegmentDocument:
        """Make the document of an item, from its stored form."""
        return SegmentDocument(
            item_id,
            content_hash,
            self._text(item),
            item.get("language"),
            tuple(item.get("tags", ())),
            item.get("metadata", {}),
        )

    def _text(self, item: Mapping[str, Any]) -> Text:
        if item["contentType"] == "text/plain":
            # Nothing can be slow about it, and asking for the time takes longer.
            return self._read(item, Effort.PARSED)
        begun = self.clock()
        first = Effort.PARSED if self._spent < _PART_SECONDS else Effort.UNPARSED
        text = self._read(item, first)
        self._spent += self.clock() - begun
        return text

    def _read(self, item: Mapping[str, Any], first: Effort) -> Text:
        for effort in (first, Effort.UNPARSED, Effort.TITLE):
            try:
                return extract(item["title"], item["content"], item["contentType"], effort)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException:  # A parser in Rust panics with what is no `Exception`.
                _log.warning("text_not_read", exc_info=True, extra={"effort": effort.name})
        return Text("", "", effort=Effort.NOTHING)
