"""Lance as one of the peers: a table in a local folder, used as its documentation advises."""

from __future__ import annotations

from collections.abc import Sequence

import lancedb
import pyarrow as pa
from lancedb.index import BTree

from benchmarks.peers.columns import KEY, TABLE, Columnar, by_key, quoted


class Lance(Columnar):
    """merge_insert by key, with a BTREE index on the key, and stable row ids, which carry each row's version."""

    def _connection(self) -> lancedb.DBConnection:
        return lancedb.connect(self.folder, storage_options={"new_table_enable_stable_row_ids": "true"})

    def load(self, prepared: Sequence[pa.Table]) -> None:
        """Write the table, and the index."""
        table = self._connection().create_table(TABLE, pa.concat_tables(prepared))
        table.create_index(KEY, config=BTree())

    def open(self) -> None:
        """Read the manifest."""
        self._table = self._connection().open_table(TABLE)

    def change(self, prepared: pa.Table) -> None:
        """Merge."""
        self._table.merge_insert(KEY).when_matched_update_all().when_not_matched_insert_all().execute(prepared)

    def changed(self) -> set[str]:
        """Ask for the rows that the last version wrote; rows that it deleted would take another query."""
        table = self._connection().open_table(TABLE)
        found = table.search().where(f"_row_last_updated_at_version = {table.version}").select([KEY]).to_arrow()
        return set(found[KEY].to_pylist())

    def count(self) -> int:
        """Count by the fragments."""
        return int(self._connection().open_table(TABLE).count_rows())

    def contents(self, names: Sequence[str]) -> dict[str, str]:
        """Read by the index."""
        query = self._connection().open_table(TABLE).search().where(f"{KEY} IN ({quoted(names)})")
        return by_key(query.select([KEY, "content"]).to_arrow())

    def tidy(self) -> None:
        """Compact the fragments and bring the index up to date, which merges put off."""
        self._table.optimize()
