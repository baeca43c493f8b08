"""Delta as one of the peers: a table in a local folder, used as its documentation advises."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder, WriterProperties, write_deltalake

from benchmarks.peers.columns import KEY, TABLE, Columnar, by_key, quoted


class Delta(Columnar):
    """MERGE by key, with the change data feed on, Zstandard, and target files pruned by the keys that come."""

    _writer = WriterProperties(compression="ZSTD")

    def load(self, prepared: Sequence[pa.Table]) -> None:
        """Write the table in order of the key, so that files can be told apart by it."""
        write_deltalake(
            self.folder,
            pa.concat_tables(prepared),
            configuration={"delta.enableChangeDataFeed": "true"},
            writer_properties=self._writer,
        )

    def open(self) -> None:
        """Read the log."""
        self._table = DeltaTable(self.folder)

    def change(self, prepared: pa.Table) -> None:
        """Merge; a source that is not streamed lends its statistics to the pruning."""
        merge = self._table.merge(
            prepared,
            f"target.{KEY} = source.{KEY}",
            source_alias="source",
            target_alias="target",
            streamed_exec=False,
            writer_properties=self._writer,
        )
        merge.when_matched_update_all().when_not_matched_insert_all().execute()

    def changed(self) -> set[str]:
        """Ask the change data feed."""
        table = DeltaTable(self.folder)
        last = table.version()
        feed = table.load_cdf(starting_version=last, ending_version=last, columns=[KEY])
        return set(pa.table(feed.read_all())[KEY].to_pylist())

    def count(self) -> int:
        """Count by the statistics of the files."""
        return int(DeltaTable(self.folder).count())

    def contents(self, names: Sequence[str]) -> dict[str, str]:
        """Read with a filter."""
        query = QueryBuilder().register(TABLE, DeltaTable(self.folder))
        return by_key(query.execute(f"SELECT {KEY}, content FROM {TABLE} WHERE {KEY} IN ({quoted(names)})").read_all())
