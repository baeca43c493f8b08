"""What Delta and Lance have in common here: Arrow tables go in, and nothing runs in other processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.peers.data import Row
from benchmarks.peers.effort import Effort

KEY = "external_item_id"
COLUMNS = pa.schema([(each, pa.string()) for each in Row._fields])
TABLE = "items"


class Columnar:
    """A table in a local folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self, rows: Sequence[Row]) -> pa.Table:
        """Lay rows out in columns."""
        columns = zip(*rows, strict=True)
        return pa.table([pa.array(column, pa.string()) for column in columns], schema=COLUMNS)

    def watch(self, _effort: Effort) -> Callable[[], None]:
        """Nothing happens elsewhere."""
        return lambda: None


def quoted(names: Sequence[str]) -> str:
    """List keys as SQL does."""
    return ", ".join(f"'{name}'" for name in names)


def by_key(found: Any) -> dict[str, str]:
    """Contents by key."""
    table = pa.table(found)
    return dict(zip(table[KEY].to_pylist(), table["content"].to_pylist(), strict=True))
