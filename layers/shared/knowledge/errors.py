"""Every way the knowledge lifecycle refuses or fails.

The lifecycle knows nothing of HTTP: `httpapi.errors` holds the one table from these classes to a status and a code.
A state machine reports a failed task by the name of its class, so `error_named` finds a class again by that name.
"""

from __future__ import annotations


class KnowledgeError(Exception):
    """The root of every domain error; `str(error)` is fit to be shown to a tenant."""

    message = "The request could not be carried out."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)


class NotFoundError(KnowledgeError):
    """Raised when a named thing does not exist, or belongs to somebody else; the two look the same."""

    message = "Not found."


class SourceNotFoundError(NotFoundError):
    """Raised when the tenant has no developer_api source of that id."""

    message = "Source not found."


class ItemNotFoundError(NotFoundError):
    """Raised when the staging set has no such item to read, remove or restore."""

    message = "Item not found."


class RunNotFoundError(NotFoundError):
    """Raised when the source has no run of that id."""

    message = "Run not found."


class GenerationNotFoundError(NotFoundError):
    """Raised when the source has no generation of that id, or none at all yet."""

    message = "Generation not found."


class GenerationRetiredError(GenerationNotFoundError):
    """Raised when what a retired generation served is asked for; its objects may be gone."""

    message = (
        "This generation is not kept any more: a source keeps its last 10 generations, and older ones for 30 days "
        "after they were superseded."
    )


class ConflictError(KnowledgeError):
    """The root of every refusal that depends on the present state."""


class SourceInactiveError(ConflictError):
    """Raised when a write, run or apply meets an archived source."""

    message = "The source is archived. Restore it first, then send the request again."


class SnapshotNotFoundError(NotFoundError):
    """Raised when the source has no snapshot of that id."""

    message = "Snapshot not found."


class SnapshotOpenError(ConflictError):
    """Raised when a snapshot is opened while another one of the source is under way."""

    message = "Another snapshot of this source is open. Complete or abort it first."


class SnapshotClosedError(ConflictError):
    """Raised when a snapshot takes no more parts and can't be aborted: it is completing, completed or gone."""

    message = "The snapshot is no longer open. Open a new one."


class ImportNotFoundError(NotFoundError):
    """Raised when the source has no import of that id."""

    message = "Import not found."


class ImportFailedError(KnowledgeError):
    """Raised when an import can't go on: its file is gone, changed or damaged, or it lost its turn."""

    message = "The import could not be carried on. What it staged stays; start a new import with the same file."


class EmptySnapshotError(KnowledgeError):
    """Raised when a snapshot without items is to be completed and nobody said that this is meant."""

    message = "The snapshot names no items, so it would remove everything. Send allowEmpty: true if that is meant."


class StaleVersionError(ConflictError):
    """Raised when a write carries an older `sourceVersion` than the staged item."""

    message = "A newer sourceVersion of this item is already staged. Read the item before you push it again."


class NotApplyEligibleError(ConflictError):
    """Raised when a run that read an incomplete staging set is applied."""

    message = "The run's discovery was incomplete, so it cannot be applied. Start a new run."


class RemovalGuardError(ConflictError):
    """Raised when a run drops more items than the source's removal guard allows."""

    message = "The run removes more items than the source's removalGuard allows."


class TransientApplyError(ConflictError):
    """The root of the refusals that a retry of the same apply resolves."""


class ApplyInProgressError(TransientApplyError):
    """Raised when another apply of this source holds the lease."""

    message = "Another apply of this source is in progress. Retry the apply shortly."


class StaleBaseError(TransientApplyError):
    """Raised when another generation was published since the run was planned."""

    message = "Another generation was published since this run was planned. The run was planned again: retry the apply."


class StalePlanError(TransientApplyError):
    """Raised when a plan can't be honoured any more: objects, settings or format are not what it was made with."""

    message = "The plan of this run is out of date. The run was planned again: retry the apply."


class PlanVersionError(StalePlanError):
    """Raised when an apply names another plan version than the run has; planning again would not help."""

    message = "The run has another plan version now. Review its changes, then apply that version."


class LeaseLostError(TransientApplyError):
    """Raised when the lease of an apply expired and was taken over before it published."""

    message = "The apply took too long and lost its lease before it published. Retry the apply."


class ApplyConflictError(TransientApplyError):
    """Raised when the publishing write is refused because of any other concurrent change."""

    message = "The source was changed while the generation was being published. Retry the apply."


class BuildFailedError(KnowledgeError):
    """Raised when building a generation fails; the previous one keeps serving and the run is kept."""

    message = "The generation could not be built. The previous generation keeps serving; retry the apply."


class RunFailedError(KnowledgeError):
    """Raised when planning a run fails for good; the staging set is untouched."""

    message = "The run could not be planned. Nothing was changed; start a new run."


class StagingConflictError(KnowledgeError):
    """Raised when the rows of a write keep being changed by others; a retry finishes the work."""

    message = "The items are being changed by other requests. Retry the request shortly."


class ServiceUnavailableError(KnowledgeError):
    """Raised when a service under the lifecycle throttles or cannot be reached; a retry finishes the work."""

    message = "The service is busy. Retry the request shortly."


class InvalidPositionError(KnowledgeError):
    """Raised when a position in a list is not one that this list gave out."""

    message = "The cursor is not one that this list returned."


def error_named(name: str) -> type[KnowledgeError] | None:
    """Find a domain error by the name of its class, as a state machine's execution reports it."""
    pending: list[type[KnowledgeError]] = [KnowledgeError]
    while pending:
        candidate = pending.pop()
        if candidate.__name__ == name:
            return candidate
        pending.extend(candidate.__subclasses__())
    return None
