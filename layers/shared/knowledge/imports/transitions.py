"""How the rows of an import and of its source move together; the transactions are those of `store` and `end_store`.

An import, and what its source's row says of it meanwhile. The bars are transactions of both rows, or of its ticket:

    created              file came      turn begins         staged                          ended
    |-- awaiting_upload --|-- queued ---|-- staging --------|-- planning, applying ---------|
                          |-- ticket -----------------------------------------------------|
                                        |-- importId -----------------------------------  |
                                        |-- openSnapshotId -|
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.imports.model import Import
from knowledge.imports.rows import import_sk
from knowledge.sources.rows import source_sk
from knowledge.storage.catalog import Action, Catalog
from knowledge.storage.transactions import RefusedTransactionError

_IN_STATE = "#state = :own"
UNMOVED = f"{_IN_STATE} AND attempt = :attempt AND checkpoint = :checkpoint"


class ImportMovedError(Exception):
    """Raised when an import is not where a step started from: another execution, or another step, was there first."""


@dataclass(frozen=True, slots=True)
class ImportTransitions:
    """The actions that move an import."""

    catalog: Catalog

    def own_step(self, job: Import, expression: str, values: Mapping[str, Any]) -> Action:
        """A change of the import's row, if it is still where `job` says and still this execution's."""
        values = {**values, **unmoved(job)}
        return self.catalog.updating(job.source_id, import_sk(job.import_id), expression, UNMOVED, values)

    def others_step(self, job: Import, expression: str, values: Mapping[str, Any]) -> Action:
        """A change by who does not work on the import: it may have come further, if it is still in its state."""
        values = {**values, ":own": job.state}
        return self.catalog.updating(job.source_id, import_sk(job.import_id), expression, _IN_STATE, values)

    def source_step(self, job: Import, expression: str, condition: str, values: Mapping[str, Any]) -> Action:
        """A change of the source's row; `:id` stands for the import."""
        values = {**values, ":id": job.import_id}
        return self.catalog.updating(job.tenant_id, source_sk(job.source_id), expression, condition, values)

    def transact(self, *actions: Action) -> None:
        """Carry out all actions. Raises ImportMovedError when a condition does not hold."""
        try:
            self.catalog.transact(actions)
        except RefusedTransactionError as error:
            raise ImportMovedError from error


def unmoved(job: Import) -> dict[str, Any]:
    """The values of the condition that an import is still where `job` says, and this execution's."""
    return {":own": job.state, ":attempt": job.attempt, ":checkpoint": job.checkpoint}
